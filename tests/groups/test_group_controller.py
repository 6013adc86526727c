"""A controller carries a group; one that takes over in the middle of its end ends it as it was begun."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.support import Scene, pipeline
from shoreward.app.merging.groups import together
from shoreward.core import events as e
from shoreward.domain import Member, Outcome, Pipeline
from shoreward.testing.builders import an_opening
from shoreward.testing.memory import MemoryJournal

MEMBERS = (Member(application="orders"), Member(application="payments", after=("orders",)))


def of(name: str) -> Pipeline:
    base = pipeline((("eu-north-1",),), alarms=["errors"])
    [wave] = base.waves
    targets = tuple(replace(target, stack=name) for target in wave.targets)
    return replace(base, application=name, waves=(replace(wave, targets=targets),))


class Shop(Scene):
    """Orders and payments, and what has nothing to do with them."""

    def __init__(self) -> None:
        super().__init__(MemoryJournal(), of("web"), of("orders"), of("payments"))
        now = self.cloud.clock.now()
        openings = [an_opening("together", each, at=now) for each in self.pipelines[1:]]
        self.group = self.journal.open_all(together("shop", openings, MEMBERS))

    def times(self, kind: type[e.Event]) -> list[float]:
        return [self.events(kind, release)[0].at for release in self.group]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_providers_come_first_and_all_end_together(shop: Shop):
    shop.controller().run()
    assert [shop.state(each).outcome for each in (shop.release, *shop.group)] == [Outcome.SUCCEEDED] * 3
    baked, entered, ended = (shop.times(kind) for kind in (e.WaveBaked, e.TargetEntered, e.ReleaseEnded))
    assert baked[0] <= entered[1]
    assert max(baked) <= min(ended)


def test_when_a_consumer_harms_its_provider_goes_back_after_it(shop: Shop):
    shop.cloud.errors = lambda commit, target, at: 0.3 if (commit, target.stack) == ("together", "payments") else 0.0
    shop.controller().run()
    assert [shop.state(each).rollback.cause for each in shop.group] == ["group", "judged"]
    assert [shop.state(each).outcome for each in shop.group] == [Outcome.ROLLED_BACK] * 2
    provider, consumer = shop.times(e.StackRestored)
    assert consumer <= provider
    assert shop.state(shop.release).outcome is Outcome.SUCCEEDED, "the others go on"


def test_whoever_takes_over_ends_the_rest_as_the_first_one_has_ended(shop: Shop):
    """Given a controller that died when one of two had ended, when an alarm fires before the next one looks."""
    shop.controller().run()
    journal = MemoryJournal()
    openings = [shop.events(e.ReleaseOpened, release)[0] for release in shop.group]
    assert journal.open_all(openings) == shop.group
    for release, left in zip(shop.group, (0, 1), strict=True):
        events = shop.events(release=release)
        journal.append(release, 1, events[1 : len(events) - left])
    shop.journal = journal
    for target in shop.cloud.targets:
        shop.cloud.firing_alarms[target] = ("errors",)
    shop.controller().run()
    assert [shop.state(each).outcome for each in shop.group] == [Outcome.SUCCEEDED] * 2
