"""People's levers on a release: hold it, let it go on, send it back, try a target again, leave one out, bring back.

Every pull becomes an event in the journal, with who and why; whoever carries releases finds it there. Pulling for what
is so already changes nothing. What is about more than one release is in `orders`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from shoreward.app.ports import Journal
from shoreward.app.releases import Wish, counts, load, say, say_together
from shoreward.core import Deployment, Event, Phase, Release
from shoreward.core import events as e
from shoreward.core.state import scope_of
from shoreward.domain import Outcome, Refused


def hold(journal: Journal, release: str, wish: Wish, *, wave: str = "", target: str = "") -> Release:
    """Let nothing move forward, of the release or of a part of it; watching, and going back, go on.

    Args:
        wave: by name.
        target: by key, `account/region`, or region where that is enough.

    Raises:
        Refused: RELEASE_ENDED, WAVE_UNKNOWN, TARGET_UNKNOWN.
    """

    def place(state: Release) -> Event | None:
        part = _part(state, wave, target)
        held = state.holds.get(scope_of(*part)) if any(part) else state.hold
        return None if held else e.HoldPlaced(at=wish.at, by=wish.by, why=wish.why, wave=part[0], target=part[1])

    return say(journal, release, place)


def resume(journal: Journal, release: str, wish: Wish, *, wave: str = "", target: str = "") -> Release:
    """Lift a hold, of the release or of a part of it; see `hold`."""

    def lift(state: Release) -> Event | None:
        part = _part(state, wave, target)
        held = state.holds.get(scope_of(*part)) if any(part) else state.hold
        return e.HoldLifted(at=wish.at, by=wish.by, why=wish.why, wave=part[0], target=part[1]) if held else None

    return say(journal, release, lift)


def _part(state: Release, wave: str, target: str) -> tuple[str, str]:
    """The wave's name and the target's key, one of them or neither."""
    _under_way(state)
    if target:
        return "", find_target(state, target).target.key
    names = [each.name for each in state.pipeline.waves]
    if wave and wave not in names:
        raise Refused(
            "WAVE_UNKNOWN", f"Release {state.id} has no wave {wave}.", next=f"Its waves are {', '.join(names)}."
        )
    return wave, ""


def find_target(state: Release, name: str) -> Deployment:
    """The deployment on a target, by its key, `account/region`, or region; raises `Refused` (TARGET_UNKNOWN)."""
    known = state.deployments.values()
    found = [each for each in known if name in (each.target.key, str(each.target), each.target.region)]
    if len(found) == 1:
        return found[0]
    what = "is not one target" if found else "is no target"
    told = ", ".join(each.target.key for each in found or known)
    raise Refused("TARGET_UNKNOWN", f"{name} {what} of release {state.id}.", next=f"Name one of {told}.")


def retry(journal: Journal, release: str, target: str, wish: Wish) -> Release:
    """Try what failed on a target again at once, with all its attempts anew; nothing failed is nothing to do."""

    def again(state: Release) -> Event | None:
        _under_way(state)
        key = find_target(state, target).target.key
        failed = any(failure.event.target == key for failure in state.failures.values())
        return e.TargetRetried(at=wish.at, target=key, by=wish.by, why=wish.why) if failed else None

    return say(journal, release, again)


def skip(journal: Journal, release: str, target: str, wish: Wish) -> Release:
    """Leave a target out of a release; what was begun there is taken back.

    Raises:
        Refused: TARGET_EXPOSED when customers are served by the release there: that takes a rollback.
    """

    def leave_out(state: Release) -> Event | None:
        _under_way(state)
        deployment = find_target(state, target)
        if deployment.phase in (Phase.BAKING, Phase.MOVED, Phase.FINISHED):
            raise Refused(
                "TARGET_EXPOSED",
                f"Customers of {deployment.target} are served by {state.id}, so it cannot be left out any more.",
                next=f"Hold it (shoreward hold --target {deployment.target}), or send the release back "
                f"(shoreward abort).",
            )
        left_out = e.TargetSkipped(at=wish.at, target=deployment.target.key, by=wish.by, why=wish.why)
        return None if deployment.skipped else left_out

    return say(journal, release, leave_out)


def abort(journal: Journal, release: str, wish: Wish) -> Release:
    """Send a release that is under way back, and all of its group, at once and without analysis."""

    return say_together(journal, release, partial(sent_back, wish=wish))


def sent_back(states: Sequence[Release], wish: Wish) -> Mapping[str, Event]:
    """What `abort` says of a release that is under way, the first one, and of its fellows."""
    _under_way(states[0])
    for fellow in states[1:]:
        if fellow.binds:
            _under_way(fellow)  # and so it is over for all of them
    return {} if states[0].rollback else _return(states, wish)


def roll_back(journal: Journal, release: str, wish: Wish) -> Release:
    """Take a release back, and all of its group, whether it is under way or has succeeded.

    Raises:
        Refused: NOT_NEWEST when a later release touched the same targets, NOTHING_BEFORE when there is nothing to go
            back to, ALREADY_BACK when it did not stay, BENEATH_WENT_BACK when it would bring what was sent back.
    """

    def take_back(states: Sequence[Release]) -> Mapping[str, Event]:
        outcome = states[0].outcome
        if outcome not in (None, Outcome.SUCCEEDED):
            raise Refused("ALREADY_BACK", f"Release {release} ended as {outcome}; there is nothing of it to take back.")
        for state in states:
            if state.outcome is Outcome.SUCCEEDED:
                _may_be_taken_back(journal, state)
        return {} if states[0].rollback else _return(states, wish)

    return say_together(journal, release, take_back)


def _may_be_taken_back(journal: Journal, state: Release) -> None:
    """Whether a release that succeeded may; raises `Refused`."""
    _newest(journal, state)
    _nothing_went_back_beneath(journal, state)
    if not any(each.snapshot and each.snapshot.exists for each in state.deployments.values()):
        raise Refused(
            "NOTHING_BEFORE",
            f"Release {state.id} was the first on its targets; there is nothing to go back to.",
            next="Release another commit, or delete the stacks yourself.",
        )


def _newest(journal: Journal, state: Release) -> None:
    number = journal.header(state.id).number
    headers = journal.releases(state.pipeline.application)
    later = [each.id for each in headers if each.number > number and counts(each)]
    if later:
        raise Refused(
            "NOT_NEWEST",
            f"Release {later[0]} came after {state.id}.",
            next=f"Take back {later[-1]} first, or bring back what was before: `shoreward rollback --to COMMIT`.",
        )


def _nothing_went_back_beneath(journal: Journal, state: Release) -> None:
    """What it was put upon may have been sent back since, and must not come again."""
    for header in journal.releases(state.pipeline.application):
        if header.back_at <= state.opened.at or header.id == state.id:
            continue
        if any(each.overtaken == state.id for each in load(journal, header.id).deployments.values()):
            raise Refused(
                "BENEATH_WENT_BACK",
                f"Release {header.id}, which {state.id} was put upon, was sent back meanwhile; taking {state.id} back "
                "would bring that again.",
                next="Bring back what was before: `shoreward rollback --to COMMIT`.",
            )


def _return(states: Sequence[Release], wish: Wish) -> Mapping[str, Event]:
    """A person's word to all of them that do not go back already."""
    began = e.RollbackBegan(at=wish.at, cause="person", reason=wish.why, by=wish.by)
    return {state.id: began for state in states if state.outcome in (None, Outcome.SUCCEEDED) and not state.rollback}


def _under_way(state: Release) -> None:
    if state.ended:
        raise Refused(
            "RELEASE_ENDED",
            f"Release {state.id} has ended ({state.outcome}).",
            next="`shoreward rollback` takes back a release that has succeeded.",
        )
