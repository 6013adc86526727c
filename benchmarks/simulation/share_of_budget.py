"""What a target's part of a wave's harm budget does: B / n, B / sqrt(n), with 28 regions in one wave.

    nice .venv/bin/python benchmarks/simulation/share_of_budget.py --bad 100 --good 10

prints both; docs/decisions/budget-of-a-target.md quotes them. A ramp gives each target B / sqrt(n), so B / n is what a
budget that is sqrt(n) times smaller gives.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace

from schedules import BUDGET, REGIONS, ramp, regions, simulated

from shoreward.domain import Ramp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bad", type=int, default=100)
    parser.add_argument("--good", type=int, default=10)
    asked = parser.parse_args()
    for name, budget in (("B / sqrt(n)", BUDGET), ("B / n", BUDGET / math.sqrt(REGIONS))):
        pipeline = ramp(regions(REGIONS))
        waves = tuple(replace(wave, ramp=Ramp(budget=budget)) for wave in pipeline.waves)
        print(json.dumps(simulated(name, replace(pipeline, waves=waves), asked.bad, asked.good, 0)), flush=True)


if __name__ == "__main__":
    main()
