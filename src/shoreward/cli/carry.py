"""Carrying and following releases from the command line."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from shoreward.app.ports import Recorded
from shoreward.app.releases import load
from shoreward.app.words.story import summary
from shoreward.bootstrap import Project
from shoreward.bootstrap.telling import telling
from shoreward.cli import logs
from shoreward.cli.interrupts import interruptible
from shoreward.cli.live import JsonLines, LiveView
from shoreward.cli.output import console, print_json, warn
from shoreward.cli.sites import Here, Site
from shoreward.cli.tracing import traced
from shoreward.controller import Controller, Observer
from shoreward.core import Release, evolve, opened
from shoreward.core.events import ReleaseOpened
from shoreward.domain import Outcome, Refused, UserError

EXIT = {
    Outcome.SUCCEEDED: 0,
    Outcome.FAILED: 1,
    Outcome.ROLLED_BACK: 1,
    Outcome.ABORTED: 1,
    Outcome.ERRORED: 3,
    Outcome.SUPERSEDED: 0,
    Outcome.DISPLACED: 1,
}

# Standard output is the command's answer; what is logged on the way goes beside it.
logs.configure()


def carry(here: Here, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Carry open releases to their end, or follow the process that does; returns the exit code.

    Args:
        wished: the outcome that a person asked for, which is then no failure.
    """
    with _told(here.project), _interruptible(f"{release} stays where it is, and nobody watches it"):
        if json:
            _carry(here, release, lambda state, recorded: None)
        else:
            with LiveView(here.waits) as view:
                _carry(here, release, while_read(view.observe))
    return _finish(here, release, json=json, wished=wished)


def attend(site: Site, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Follow a release that a server carries to its end; returns the exit code."""
    if json:
        _follow(site, release, lambda state, recorded: None, lambda: False)
    else:
        follow(site, release, json=False)
    return _finish(site, release, json=json, wished=wished)


def _told(project: Project) -> AbstractContextManager[object]:
    """Tells who is to be told meanwhile; a mistake in who that is keeps nothing from being taken back."""
    try:
        return telling(project.journal.path, project.notifications(), conditions=project.conditions())
    except UserError as error:
        warn(f"Nobody is told of this: {error}")
        return nullcontext()


def _carry(here: Here, release: str, observe: Observer) -> None:
    """Whoever carries the journal's releases may die meanwhile; then it is for us to carry them."""
    observe, project = _once(observe), here.project
    while True:
        try:
            with traced(project.journal, observe) as watched:
                Controller(project.journal, project.world(), observe=watched).run()
        except Refused as refused:
            if refused.code != "CONTROLLER_RUNNING":
                raise
        else:
            return
        if _follow(here, release, observe, lambda: _nobody_carries(project)).ended:
            return


def _nobody_carries(project: Project) -> bool:
    try:
        with project.journal.lease():
            return True
    except Refused:
        return False


def _finish(site: Site, release: str, *, json: bool, wished: Outcome | None = None) -> int:
    """Say how a release ended."""
    state = load(site.journal, release)
    try:
        if json:
            print_json(summary(state, site.journal.events(release)))
        else:
            _say_end(state)
    except BrokenPipeError:
        pass
    if state.outcome is None:
        return 0
    return 0 if state.outcome is wished else EXIT[state.outcome]


def _say_end(state: Release) -> None:
    if state.outcome in (Outcome.FAILED, Outcome.ROLLED_BACK, Outcome.ERRORED):
        console.print(f"`shoreward why {state.id}` shows every decision with its evidence.")


def carry_all(project: Project, *, forever: bool, json: bool) -> None:
    """Carry whatever is open."""
    with telling(project.journal.path, project.notifications(), conditions=project.conditions()), interruptible_run():
        if json:
            _carry_all(project, JsonLines().observe, forever)
            return
        with LiveView(Here(project).waits) as view:
            _carry_all(project, view.observe, forever)


def _carry_all(project: Project, observe: Observer, forever: bool) -> None:
    with traced(project.journal, while_read(observe)) as watched:
        Controller(project.journal, project.world(), observe=watched).run(forever=forever)


def interruptible_run() -> AbstractContextManager[None]:
    """An interruption of whoever carries all that is open."""
    return _interruptible("what is open stays where it is, and nobody watches it")


def _interruptible(what_stays: str) -> AbstractContextManager[None]:
    """An interruption lets what has begun end, so that the journal knows of it; builds and checks are stopped."""
    return interruptible(f"{what_stays}. `shoreward run` goes on with it. Waiting for what has begun to end")


def while_read(observe: Observer) -> Observer:
    """The observer until nobody reads any more what it prints; the release goes on all the same."""
    read = True

    def tell(state: Release, recorded: Recorded) -> None:
        nonlocal read
        if read:
            try:
                observe(state, recorded)
            except BrokenPipeError:
                read = False

    return tell


def _once(observe: Observer) -> Observer:
    """The observer, told of each event once, by whomever."""
    told: dict[str, int] = {}

    def tell(state: Release, recorded: Recorded) -> None:
        if recorded.seq > told.get(state.id, 0):
            told[state.id] = recorded.seq
            observe(state, recorded)

    return tell


def follow(site: Site, release: str, *, json: bool) -> Release:
    """Show a release until it has ended, without carrying it; returns how it ended."""
    if json:
        return _follow(site, release, JsonLines().observe, lambda: False)
    with LiveView(site.waits) as view:
        return _follow(site, release, view.observe, lambda: False)


def _follow(site: Site, release: str, observe: Observer, stop: Callable[[], bool]) -> Release:
    """Tell of a release's events, from its first one on, until it has ended or somebody says stop."""
    first, *_ = site.journal.events(release)
    assert isinstance(first.event, ReleaseOpened)
    state, seq = opened(release, first.event), 0
    for _ in site.news(release):
        for each in site.journal.events(release, seq):
            seq = each.seq
            state = evolve(state, each.event)
            observe(state, each)
        if state.ended or stop():
            break
    return state
