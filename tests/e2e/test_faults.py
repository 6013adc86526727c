"""With a fifth of all calls to AWS failing, releases end as they do in fair weather."""

from __future__ import annotations

from shoreward.app.people import levers
from shoreward.bootstrap import wish
from shoreward.domain import Outcome

from .support.application import SHORT_WAVES
from .support.customers import Customers
from .support.ground import Ground, ground
from .support.weather import FOUL


def test_releases_end_the_same_when_a_fifth_of_all_calls_fails() -> None:
    with ground(waves=SHORT_WAVES) as harbor:
        application, faults = harbor.application, harbor.cloud.faults

        # Given a release that went out in fair weather
        harbor.carry(application.greets("ahoy"))
        first = code_served(harbor)

        with Customers(harbor.cloud.endpoint, harbor.targets):
            # When the weather turns, a good change still goes all the way
            faults.set(FOUL, seed=1)
            good = harbor.carry(application.greets("hello"))
            faults.clear()
            assert good.outcome is Outcome.SUCCEEDED, good.rollback
            assert sound(harbor)
            second = code_served(harbor)
            assert set(second.values()).isdisjoint(first.values())

            # And a harmful one goes back everywhere
            faults.set(FOUL, seed=2)
            harmful = harbor.carry(application.harms("oho"))
            faults.clear()
            assert harmful.outcome is Outcome.ROLLED_BACK
            assert harbor.audit(harmful).findings(answers_lost=True) == []
            assert sound(harbor)
            assert code_served(harbor) == second

            # And a person takes the good one back
            faults.set(FOUL, seed=3)
            levers.roll_back(harbor.project.journal, good.id, wish("I want the old greeting"))
            aborted = harbor.carry(release=good.id)
            faults.clear()
            assert aborted.outcome is Outcome.ABORTED
            assert sound(harbor)
            assert code_served(harbor) == first


def code_served(harbor: Ground) -> dict[str, str]:
    """The code that customers of each target meet."""
    return {key: standing.functions[0][1] for key, standing in harbor.reality().items()}


def sound(harbor: Ground) -> bool:
    """Every stack agrees with its template, and no traffic is split."""
    standings = harbor.reality().values()
    return all(
        standing.drift == "IN_SYNC"
        and standing.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
        and not any(weights for _, _, weights, _ in standing.functions)
        for standing in standings
    )
