"""What people said and did: the journal's own words, of releases and of more than one, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from shoreward.app.access.accounts import Audited
from shoreward.app.ports import Kinds, Recorded
from shoreward.app.words.story import places
from shoreward.core import Event
from shoreward.core import control as c
from shoreward.core import events as e
from shoreward.core.control import Order
from shoreward.domain import Pipeline
from shoreward.web.views.record_shapes import Word

SAID: Kinds = (
    e.ReleaseOpened,
    e.HoldPlaced,
    e.HoldLifted,
    e.TargetRetried,
    e.TargetSkipped,
    e.GateOpened,
    e.RollbackBegan,
)
"""What people may have said of a release."""

ITSELF = "shoreward"
"""Who holds and rolls back without being asked to."""


def said(release: str, recorded: Sequence[Recorded]) -> tuple[Word, ...]:
    """What people said of a release, oldest first; from its events of the kinds in `SAID`."""
    application = release.rpartition("-")[0]
    names: dict[str, str] = {}
    found: list[Word] = []
    for each in recorded:
        if isinstance(each.event, e.ReleaseOpened):
            names = _names(each.event.pipeline)
        spoken = _word(each.event, names)
        if spoken and spoken[0] != ITSELF:
            by, what, why = spoken
            found.append(
                Word(
                    at=each.event.at,
                    by=by,
                    what=what,
                    why=why,
                    application=application,
                    release=release,
                    via="",
                    refused="",
                )
            )
    return tuple(found)


def _names(pipeline: Pipeline) -> dict[str, str]:
    return dict(places(pipeline))


def _word(event: Event, names: dict[str, str]) -> tuple[str, str, str] | None:
    """Who, what and why; None for what nobody said."""

    def part(wave: str, target: str) -> str:
        return f"wave {wave}" if wave else names.get(target, target) or "it"

    match event:
        case e.ReleaseOpened(back_to=back) if back:
            return event.by, f"brought back {event.commit[:10]}", f"as {back} had it"
        case e.ReleaseOpened(despite=despite) if despite:
            return event.by, f"released {event.commit[:10]} despite its quarantine", despite
        case e.ReleaseOpened():
            return event.by, f"released {event.commit[:10]}", event.subject
        case e.HoldPlaced():
            return event.by, f"held {part(event.wave, event.target)}", event.why
        case e.HoldLifted():
            return event.by, f"let {part(event.wave, event.target)} move again", event.why
        case e.TargetRetried():
            return event.by, f"tried {part('', event.target)} again", event.why
        case e.TargetSkipped():
            return event.by, f"left {part('', event.target)} out", event.why
        case e.GateOpened():
            return event.by, f"opened gate {event.gate} of wave {event.wave}", event.why
        case e.RollbackBegan(cause="person"):
            return event.by, "sent it back", event.reason
        case _:
            return None


def ordered(orders: Iterable[Order]) -> Iterator[Word]:
    """What people said of more than one release."""
    for order in orders:
        what, application, release = _ordered(order)
        yield Word(
            at=order.at,
            by=order.by,
            what=what,
            why=order.why,
            application=application,
            release=release,
            via="",
            refused="",
        )


def _ordered(order: Order) -> tuple[str, str, str]:
    """What, of which pipeline, of which release."""
    match order:
        case c.StopPlaced():
            return "stopped the pipeline" if order.application else "stopped everything", order.application, ""
        case c.StopLifted():
            moves = "let the pipeline move again" if order.application else "let everything move again"
            return moves, order.application, ""
        case c.FreezePlaced():
            return f"placed the freeze {order.name}", order.application, ""
        case c.FreezeLifted():
            return f"lifted the freeze {order.name}", "", ""
        case c.VariableSet():
            return f"set {order.name} to {order.value}", "", ""
        case c.CulpritNamed():
            return f"named {order.commit[:10]} as what did the harm", order.release.rpartition("-")[0], order.release
        case c.QuarantineLifted():
            fix = f"named {order.commit[:10]} as the fix" if order.commit else "lifted the quarantine"
            return fix, order.release.rpartition("-")[0], order.release
        case c.CommitPassedOver():
            return f"passed {order.commit[:10]} over", order.application, ""


def asked(entries: Iterable[Audited]) -> tuple[Word, ...]:
    """What came to this server, let in or not, newest first."""
    return tuple(
        Word(
            at=each.at,
            by=each.who or "somebody unknown",
            what=each.what.replace("_", " "),
            why=each.why,
            application=each.application,
            release=each.release,
            via=" from ".join(filter(None, (each.via, each.origin))),
            refused=each.code or (str(each.status) if each.status >= 400 else "" if each.allowed else "refused"),
        )
        for each in entries
    )
