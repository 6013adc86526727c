"""A release whose waves are derived follows the traffic that the targets' own metrics tell, not what the file says."""

from __future__ import annotations

import time

from shoreward.core import Release
from shoreward.domain import Outcome

from .support.application import FUNCTIONS
from .support.customers import Customers
from .support.ground import Ground, ground

HOUR = 3_600
AUTO = """\
waves: {one-box: 50%, harm-budget: 100000, detect: 30%}
targets:
  - {target: north/eu-north-1, traffic: 40}
  - {target: south/us-west-2, traffic: 400}
"""


def test_the_first_wave_is_where_metrics_tell_of_the_fewest_requests() -> None:
    with ground(waves=(("north/eu-north-1",), ("south/us-west-2",))) as harbor:
        # Given a file that leaves waves to Shoreward, and a first release, before which no stack has metrics
        leaves_waves_to_shoreward(harbor)
        first = harbor.carry(harbor.application.greets("ahoy"))
        assert first.outcome is Outcome.SUCCEEDED, first.rollback
        assert waves_of(first) == [("eu-north-1", 40), ("us-west-2", 400)]

        # When two days of metrics tell otherwise
        for target, rate in zip(harbor.targets, (400, 50), strict=True):
            served(harbor, target.account, target.region, rate)
        with Customers(harbor.cloud.endpoint, harbor.targets):
            second = harbor.carry(harbor.application.greets("hello"))

        # Then the next release goes first where the fewest are by its metrics, and all the way
        assert second.outcome is Outcome.SUCCEEDED, second.rollback
        assert waves_of(second) == [("us-west-2", 50), ("eu-north-1", 400)]


def leaves_waves_to_shoreward(harbor: Ground) -> None:
    file = harbor.application.root / "shoreward.yaml"
    before, rest = file.read_text().replace("  steps: [50%]\n", "").split("waves:\n")
    file.write_text(f"{before}{AUTO}judge:{rest.split('judge:')[1]}")


def waves_of(release: Release) -> list[tuple[str, float]]:
    return [(target.region, target.traffic) for wave in release.opened.pipeline.waves for target in wave.targets]


def served(harbor: Ground, account: str, region: str, rate: float) -> None:
    """So many requests a second on the two days before today, all of them by one function."""
    midnight = time.time() // (24 * HOUR) * 24 * HOUR
    points = [
        {
            "MetricName": "Invocations",
            "Dimensions": [{"Name": "FunctionName", "Value": FUNCTIONS["Greet"]}],
            "Timestamp": midnight - hours * HOUR,
            "Value": rate * HOUR,
        }
        for hours in range(1, 49)
    ]
    harbor.client("cloudwatch", account, region).put_metric_data(Namespace="AWS/Lambda", MetricData=points)
