"""Charts: what they show can be read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shoreward.web.pictures.charts import spread_chart
from shoreward.web.views.shapes import Metric, Point


def latency(limits: Sequence[float]) -> Metric:
    slower = tuple(Point(than=than, share=0.5 / (place + 1)) for place, than in enumerate(limits))
    return Metric(
        function="TidesFunction",
        subject="TidesFunction",
        metric="latency",
        kind="rate",
        strength="",
        controls="",
        verdict="pass",
        harmful=None,
        safe=None,
        margin=None,
        critical=True,
        looks=(),
        canary_slower=slower,
        baseline_slower=slower,
    )


def below(limits: Sequence[float]) -> list[str]:
    return re.findall(r">([0-9.]+ m?s)</text>", str(spread_chart(latency(limits))))


def test_limits_stand_below_the_scale_where_there_is_room():
    assert below([10.0, 100.0, 1_000.0]) == ["10 ms", "100 ms", "1 s"]
    assert below([29.6, 50.1, 64.5, 900.0]) == ["29.6 ms", "50.1 ms", "900 ms"], "64.5 ms would stand over 50.1 ms"
