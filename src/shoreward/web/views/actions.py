"""What people may do with a release or a pipeline: every command with its words, or why it cannot be done now.

The page shows them as buttons; whether somebody may use them is the policy's to say, and every door of the server asks
it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from shoreward.app.words.story import places
from shoreward.core import Blocker, Phase, Release
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Outcome
from shoreward.web.views.shapes import Action, Field

API = "/api/v1"

_EXPOSED = (Phase.BAKING, Phase.MOVED, Phase.FINISHED)


def first_of(state: Release) -> tuple[Action, ...]:
    """The two that are always at hand: in place, and back."""
    if state.ended:
        return (_roll_back(state),) if state.outcome is Outcome.SUCCEEDED else ()
    if state.rollback:
        return ()
    return (resume(state.id) if state.hold else hold(state.id), _abort(state))


def all_of(state: Release, header: Header, blocked: Sequence[Blocker]) -> tuple[Action, ...]:
    """All others, those that cannot be done with the reason."""
    over = _over(state)
    return (
        *_parts(state, over),
        _gate(state, blocked, over),
        retry(state, over),
        skip(state, over),
        *(() if not header.harmed else quarantine(header)),
    )


def hold(id: str) -> Action:
    """All of a release."""
    words = "Nothing of it moves forward. It is still watched, and still goes back when it harms."
    return on_release(id, "hold", "Hold", f"Hold {id}", words)


def resume(id: str) -> Action:
    """All of a release."""
    words = "It goes on from where it is, as soon as its evidence permits."
    return on_release(id, "resume", "Resume", f"Let {id} move again", words, tone="act")


def on_release(
    id: str,
    verb: str,
    label: str,
    title: str,
    words: str,
    *,
    tone: str = "plain",
    body: Mapping[str, str] | None = None,
    fields: tuple[Field, ...] = (),
    admin: bool = False,
    unless: str = "",
) -> Action:
    """A command about a release, by its id and the API's word for it."""
    return Action(
        label=label,
        title=title,
        words=words,
        path=f"{API}/releases/{quote(id, safe='')}/{verb}",
        body=tuple((body or {}).items()),
        tone=tone,
        fields=fields,
        admin=admin,
        unless=unless,
    )


def _abort(state: Release) -> Action:
    words = "All customers are served by the old revision again, everywhere and at once."
    return on_release(state.id, "abort", "Abort", f"Send {state.id} back", words, tone="danger")


def _roll_back(state: Release) -> Action:
    words = "All customers are served by what was before, everywhere and at once. No analysis runs on the way."
    known = any(each.snapshot and each.snapshot.exists for each in state.deployments.values())
    unless = "" if known else "It was the first on its targets; there is nothing to go back to."
    return on_release(state.id, "rollback", "Roll back", f"Take {state.id} back", words, tone="danger", unless=unless)


def _over(state: Release) -> str:
    if state.ended:
        return "The release has ended."
    return "The release goes back already." if state.rollback else ""


def _parts(state: Release, over: str) -> Iterable[Action]:
    names = places(state.pipeline)
    held = {scope for scope in state.holds if scope}
    waves = tuple(
        (wave.name, wave.name)
        for index, wave in enumerate(state.pipeline.waves)
        if index >= state.baked and wave.name not in held
    )
    targets = tuple((key, name) for key, name in names.items() if key not in held and not state.deployments[key].done)
    words = "Nothing of that part moves forward; everything else does, and what harms still goes back."
    yield on_release(
        state.id,
        "hold",
        "Hold a wave",
        f"Hold a wave of {state.id}",
        words,
        fields=(Field(name="wave", label="Which wave?", kind="choice", choices=waves),),
        unless=over or ("" if waves else "All of its waves have baked."),
    )
    yield on_release(
        state.id,
        "hold",
        "Hold a target",
        f"Hold a target of {state.id}",
        words,
        fields=(Field(name="target", label="Which target?", kind="choice", choices=targets),),
        unless=over or ("" if targets else "All of its targets are done."),
    )
    for lifted in state.holds.values():
        if not over and (lifted.wave or lifted.target):
            yield resume_part(state, lifted)


def resume_part(state: Release, held: e.HoldPlaced) -> Action:
    """A wave, or a target, that is held."""
    what = f"wave {held.wave}" if held.wave else places(state.pipeline).get(held.target, held.target)
    body = {"wave": held.wave} if held.wave else {"target": held.target}
    words = "It goes on from where it is, as soon as its evidence permits."
    return on_release(state.id, "resume", f"Resume {what}", f"Let {what} move again", words, tone="act", body=body)


def _gate(state: Release, blocked: Sequence[Blocker], over: str) -> Action:
    closed = tuple(dict.fromkeys((each.gate, each.gate) for each in blocked if each.gate))
    words = "It is open for this wave from now on, whatever keeps it closed."
    return on_release(
        state.id,
        "override",
        "Override a gate",
        f"Override a gate of {state.id}",
        words,
        fields=(Field(name="gate", label="Which gate?", kind="choice", choices=closed),),
        admin=True,
        unless=over or ("" if closed else "No gate is closed before it."),
    )


def retry(state: Release, over: str = "") -> Action:
    """What failed on a target; `over` says why nothing of the release can be done any more."""
    names = places(state.pipeline)
    failed = tuple(
        dict.fromkeys(
            (failure.event.target, names[failure.event.target])
            for failure in state.failures.values()
            if failure.event.target in names
        )
    )
    return on_release(
        state.id,
        "retry",
        "Try again",
        f"Try a target of {state.id} again",
        "What failed there is tried again at once, with all its attempts anew.",
        fields=(Field(name="target", label="Which target?", kind="choice", choices=failed),),
        unless=over or ("" if failed else "Nothing has failed on any of its targets."),
    )


def skip(state: Release, over: str = "") -> Action:
    """A target that nobody is served by yet."""
    names = places(state.pipeline)
    free = tuple(
        (key, names[key]) for key, each in state.deployments.items() if each.phase not in _EXPOSED and not each.skipped
    )
    return on_release(
        state.id,
        "skip",
        "Leave a target out",
        f"Leave a target out of {state.id}",
        "The wave goes on without it, and it keeps what it has; what was begun there is taken back.",
        fields=(Field(name="target", label="Which target?", kind="choice", choices=free),),
        unless=over or ("" if free else "Customers are served by it on every target that is left."),
    )


def quarantine(header: Header) -> tuple[Action, ...]:
    """Of a release that harmed."""
    return (
        on_release(
            header.id,
            "quarantine/culprit",
            "Name the culprit",
            f"Name what did the harm in {header.id}",
            "That commit alone is held, and all others of the batch may go; a revert of it is the fix.",
            fields=(Field(name="commit", label="Which commit did it?"),),
        ),
        on_release(
            header.id,
            "quarantine/fix",
            "Name the fix",
            f"Name what mends {header.id}",
            "What it brought may go again in every commit that contains the fix, and in no other.",
            fields=(Field(name="commit", label="Which commit mends it?"),),
        ),
        on_release(
            header.id,
            "quarantine/lift",
            "Lift its quarantine",
            f"Let go what {header.id} brought",
            "The very same may go again, without any fix. It counts as a false rollback.",
            tone="danger",
            admin=True,
        ),
    )


def lift_stop(application: str) -> Action:
    """A pipeline, or everything."""
    what = application or "everything"
    goes = "Its releases go on" if application else "Releases of every pipeline go on"
    return Action(
        label="Let it move" if application else "Let everything move",
        title=f"Let {what} move again",
        words=f"{goes} from where they are.",
        path=f"{API}/stop/lift",
        body=(("application", application),),
        tone="act",
    )


def stop(application: str) -> Action:
    """A pipeline."""
    return Action(
        label="Stop this pipeline",
        title=f"Stop {application}",
        words="Nothing of this pipeline moves forward until somebody lifts this. Watching goes on, and what harms "
        "still goes back.",
        path=f"{API}/stop",
        body=(("application", application),),
    )


def freeze(application: str) -> Action:
    """A pipeline, for some time."""
    return Action(
        label="Freeze",
        title=f"Freeze {application or 'everything'}",
        words="Nothing enters a wave or a target between two times. What has begun goes on, and what harms goes back.",
        path=f"{API}/freezes",
        body=(("application", application),),
        fields=(
            Field(name="name", label="What is it called?"),
            Field(name="start", label="From when?", kind="moment"),
            Field(name="end", label="Until when?", kind="moment"),
        ),
    )


def lift_freeze(name: str) -> Action:
    """One that holds, or will."""
    return Action(
        label=f"End freeze {name}",
        title=f"End the freeze {name}",
        words="Waves and targets may be entered again.",
        path=f"{API}/freezes/{quote(name, safe='')}/lift",
        tone="act",
    )


def end_sessions(who: str) -> Action:
    """Everything that somebody is signed in with."""
    return Action(
        label="Sign out",
        title=f"Sign {who} out",
        words="All of their browsers have to sign in again. Tokens that they made stay.",
        path=f"{API}/sessions/end",
        body=(("who", who),),
        tone="danger",
        admin=True,
    )


def begin(application: str, *, unless: str = "") -> Action:
    """A release."""
    return Action(
        label="Release",
        title=f"Release a commit of {application}" if application else "Release a commit",
        words="It is checked, then carried wave by wave, and comes back by itself when it harms.",
        path=f"{API}/releases",
        tone="act",
        fields=(
            Field(name="rev", label="Which commit? A branch, a tag or a commit."),
            Field(name="despite", label="If it is in quarantine: why may it go all the same?", optional=True),
        ),
        reason=False,
        unless=unless,
    )
