"""Certification with a region that is dark already when a release comes to it.

    PYTHONPATH=tests python -m e2e.dark_run

Six targets in three waves; every call to a region of the last one is reset. The release must end as errored by itself,
name the region, and leave every target as it was. Prints what was seen. Takes about three minutes: an effect is tried
eight times, ever more patiently, before a release gives up. A region that goes dark under a canary is in
`test_unreachable.py`.
"""

from __future__ import annotations

import sys

from shoreward.cloud import FaultRule
from shoreward.core import events as e
from shoreward.domain import Outcome

from .support.customers import Customers
from .support.ground import Ground, ground

DARK = "us-west-2"


def main() -> int:
    """Run, print, and answer with an exit code: 0 when everything was as it should be."""
    with ground(patience=1.0) as harbor:
        harbor.carry(harbor.application.greets("ahoy"))
        before = _served(harbor)
        with Customers(harbor.cloud.endpoint, harbor.targets) as customers:
            harbor.cloud.faults.set([FaultRule(kind="reset", region=DARK)])
            release = harbor.carry(harbor.application.greets("hello"), limit=600.0)
            harbor.cloud.faults.clear()
        failed = [event for event in harbor.events(release) if isinstance(event, e.EffectFailed)]
        print(f"{release.outcome} after {release.ended_at - release.opened.at:.1f} s, {len(failed)} effects failed")
        print(f"because: {release.rollback.reason if release.rollback else ''}")
        print(f"customers: {dict(customers.served)}")
        named = release.rollback is not None and DARK in release.rollback.reason
        unequal = {target for target, served in _served(harbor).items() if served != before[target]}
        print(f"the region is {'' if named else 'not '}named; targets that are not as they were: {unequal or 'none'}")
    return int(release.outcome is not Outcome.ERRORED or not named or bool(unequal))


def _served(harbor: Ground) -> dict[str, tuple[object, ...]]:
    """What customers of each target meet, and whether the stack agrees with it."""
    return {
        key: (standing.drift, standing.template, *(one[:3] for one in standing.functions))
        for key, standing in harbor.reality().items()
    }


if __name__ == "__main__":
    sys.exit(main())
