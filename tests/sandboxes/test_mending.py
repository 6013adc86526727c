"""Faults in a sandbox: whoever injects them and dies, the next one who works with it takes them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from shoreward.app.sandboxes import Injected
from shoreward.app.sandboxes.mending import suffering
from shoreward.app.sandboxes.ports import Proof
from shoreward.app.sandboxes.reaping import Fate
from shoreward.domain import Retryable

from .pretend import Died, Pretence

FAULTS = (Injected(kind="throttle", id="hello"), Injected(kind="alter", id="prices", before="live=3"))


@dataclass
class Suffering:
    """A team that injects faults into its sandbox."""

    team: Pretence = field(default_factory=Pretence)

    def __post_init__(self) -> None:
        self.target = self.team.up().lease.target

    def inject(self) -> None:
        for one in FAULTS:
            self.team.cloud.before("before inject")
            self.team.cloud.broken.add((self.target.key, one))

    def suffer(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        with suffering(self.team.ledger, self.team.cloud, self.target.key, FAULTS, self.inject):
            meanwhile()

    @property
    def broken(self) -> set[Injected]:
        return {one for _, one in self.team.cloud.broken}

    @property
    def noted(self) -> tuple[Injected, ...]:
        lease = self.team.ledger.get(self.target.key)
        assert lease is not None
        return lease.faults

    def killed(self, number: int) -> bool:
        """Whether the process was killed at a step of a trial: nothing that it would have done later was done."""
        steps: list[str] = []

        def before(step: str) -> None:
            steps.append(step)
            if len(steps) >= number:
                raise Died

        self.team.cloud.before = before
        self.team.ledger.before = before  # type: ignore[method-assign]
        try:
            self.suffer()
        except Died:
            return True
        finally:
            self.team.reborn()
        return False


STEPS = 12
"""Steps of a trial, at each of which a process may be killed."""


def test_faults_are_there_for_a_time_and_in_the_lease_all_the_while():
    run = Suffering()
    seen: list[tuple[set[Injected], tuple[Injected, ...]]] = []
    run.suffer(lambda: seen.append((run.broken, run.noted)))
    assert seen == [(set(FAULTS), FAULTS)]
    assert (run.broken, run.noted) == (set(), ())


def test_what_fails_meanwhile_leaves_no_fault():
    run = Suffering()

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run.suffer(fail)
    assert (run.broken, run.noted) == (set(), ())


def test_a_fault_that_cannot_be_taken_back_stays_in_the_lease_until_it_is():
    run = Suffering()
    assert run.killed(5)
    assert run.broken == set(FAULTS)
    run.team.cloud.clinging = {FAULTS[0]}
    with pytest.raises(Retryable, match="Nobody answers"):
        run.team.up()
    assert (run.broken, run.noted) == ({FAULTS[0]}, FAULTS[:1])
    run.team.cloud.clinging.clear()
    run.team.up()
    assert (run.broken, run.noted) == (set(), ())


def test_the_steps_are_all_that_there_are():
    assert Suffering().killed(STEPS)
    assert not Suffering().killed(STEPS + 1)


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_what_a_killed_process_left_is_mended_before_anybody_works_with_it(number: int):
    run = Suffering()
    assert run.killed(number)
    # Whatever is broken is known
    assert run.broken <= set(run.noted)
    run.team.up()
    assert (run.broken, run.noted) == (set(), ())


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_reaping_mends_what_stays(number: int):
    run = Suffering()
    assert run.killed(number)
    left = bool(run.noted)
    [fate] = run.team.fates()
    assert (fate.doomed, fate.broken) == (False, left)
    assert fate.why == f"its lease has not ended{', but faults are left in it' if left else ''}"
    reaped = run.team.reap()
    assert all(isinstance(one, Fate) and not one.doomed for one in reaped.values())
    assert len(reaped) == int(left)
    assert (run.broken, run.noted) == (set(), ())


def test_what_a_process_works_with_is_not_mended_by_others():
    run = Suffering()
    assert run.killed(5)
    with run.team.ledger.hold(run.target.key):
        [fate] = run.team.fates()
        assert not fate.broken
        assert run.team.reap() == {}
    assert run.broken == set(FAULTS)


@pytest.mark.parametrize("number", range(1, STEPS + 1))
def test_a_sandbox_that_goes_takes_its_faults_along(number: int):
    run = Suffering()
    assert run.killed(number)
    proof = run.team.sandboxes.down(run.team.known()[0], run.team.progress)
    assert isinstance(proof, Proof)
    assert proof.clean
    assert (run.broken, run.noted) == (set(), ())


def test_a_fault_that_cannot_be_taken_back_does_not_keep_a_sandbox():
    run = Suffering()
    assert run.killed(5)
    run.team.cloud.clinging = set(FAULTS)
    proof = run.team.sandboxes.down(run.team.known()[0], run.team.progress)
    assert proof.clean
    assert run.noted == ()
    assert "a fault is removed with the sandbox: Nobody answers." in run.team.said
