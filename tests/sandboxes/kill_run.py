"""Certification under kill -9: sandboxes side by side whose makers, removers and reapers are killed again and again.

    PYTHONPATH=tests python -m sandboxes.kill_run [SEED] [SANDBOXES] [KILLS]

Twenty sandboxes live in parallel in one account of an embedded cloud. Each is brought up, used, taken down and reaped
by processes that are killed (-9) at random: at any moment, or within milliseconds after they asked the cloud for
something. Then `reap --yes` is killed a few times as well, and at last runs undisturbed. Everything that the account's
services list must then be what they listed before, and every lease must have ended. Prints where the kills hit, and
what was not equal. Takes some minutes.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount, account_of

from .lives import Shore, live
from .shop import Shop
from .support import REGION, credentials, inventory

MORE = """\
  Shells: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Letters: {Type: AWS::SQS::Queue}
"""
ACCOUNT = "388888888888"


def main(seed: int = 1, sandboxes: int = 20, kills: int = 120) -> int:
    """Run, print, and answer with an exit code: 0 when nothing was left."""
    folder = Path(tempfile.mkdtemp(prefix="shoreward-kill-run-"))
    try:
        with EmbeddedCloud() as cloud:
            shore = founded(cloud, folder, account_of(cloud, ACCOUNT))
            before = inventory(shore.shop.account, REGION)
            findings = storm(shore, random.Random(seed), sandboxes=sandboxes, kills=kills)
            findings += differences(before, inventory(shore.shop.account, REGION))
            tell(shore, findings)
            return int(bool(findings))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def founded(cloud: EmbeddedCloud, folder: Path, account: CloudAccount) -> Shore:
    """The application, whose artifacts are in the account already: they are no sandbox's own."""
    shop = Shop.founded(folder / "shop", account)
    shop.edit("template.yaml", "Outputs:\n", f"{MORE}Outputs:\n")
    shop.edit("shoreward.yaml", "    parameters: {Stage: test}\n", "    parameters: {Stage: test}\n    lease: 1s\n")
    shop.commit()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SHOREWARD_"))}
    environment = {**kept, **credentials(account), "SHOREWARD_OWNER": "kim"}
    shore = Shore(cloud, shop, environment, folder / "log")
    assert shore.run("up") == 0, shore.said()
    assert shore.run("down") == 0, shore.said()
    return shore


def storm(shore: Shore, chance: random.Random, *, sandboxes: int, kills: int) -> list[str]:
    """All lives at once, then the reaping; returns what was not as it should be."""
    strikes = [kills // sandboxes + (number < kills % sandboxes) for number in range(sandboxes)]
    seeds = [random.Random(chance.random()) for _ in range(sandboxes)]
    began = time.monotonic()
    with ThreadPoolExecutor(sandboxes) as pool:
        jobs = [
            pool.submit(live, shore, f"b{number:02}", seeds[number], strikes=strikes[number])
            for number in range(sandboxes)
        ]
    for job in jobs:
        job.result()
    print(
        f"{sandboxes} sandboxes lived through {len(shore.kills)} kills in {time.monotonic() - began:.0f} s", flush=True
    )
    print(f"the ledger then: {dict(Counter(str(one.state) for one in shore.leases()))}", flush=True)
    time.sleep(1.5)  # the youngest lease
    for _ in range(max(2, kills // 20)):
        shore.struck(chance, "", "reap", "--yes")
    code = shore.run("reap", "--yes")
    findings = [] if code == 0 else [f"reap ended with {code}: {shore.said()}"]
    findings += [f"a traceback: {shore.said()}"] if "Traceback" in shore.said() else []
    return findings + [f"{lease.name} is {lease.state}" for lease in shore.unfinished()]


def differences(before: dict[str, Counter[str]], after: dict[str, Counter[str]]) -> list[str]:
    """What services list now and did not before, or the other way round."""
    empty: Counter[str] = Counter()
    found: list[str] = []
    for kind in sorted({*before, *after}):
        first, second = before.get(kind, empty), after.get(kind, empty)
        found += [f"left in {kind}: {name}" for name in (second - first).elements()]
        found += [f"gone from {kind}: {name}" for name in (first - second).elements()]
    return found


def tell(shore: Shore, findings: list[str]) -> None:
    """What happened, for people."""
    table: dict[Any, int] = Counter((kill.act, kill.state) for kill in shore.kills)
    print("killed while (what the ledger said then)")
    for (act, state), amount in sorted(table.items()):
        print(f"  {act:5} {state:8} {amount:4}")
    lived = sorted(kill.lived for kill in shore.kills)
    print(f"processes lived {lived[0]:.2f} to {lived[-1]:.2f} s, median {lived[len(lived) // 2]:.2f} s")
    print(f"others ended (command and exit code): {dict(sorted(shore.ended.items()))}")
    print(f"{len(findings)} findings", *findings, sep="\n  ")


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
