"""The audit: what the cloud's own log of calls says of a release, compared with what the journal says of it.

A call that arrives after a rollback may have been begun before it. So what counts is the controllers' diary, which says
when each effect began; and what arrived late must have been undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shoreward.cloud import Call
from shoreward.core import Event, Release, replay
from shoreward.core import events as e
from shoreward.domain import Verdict

from .application import FUNCTIONS
from .diary import Entry

_LOGICAL = {name: logical for logical, name in FUNCTIONS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An UpdateAlias that took effect; `done` is when it was answered, UNIX seconds."""

    at: float
    done: float
    place: str
    function: str
    version: str
    weights: tuple[tuple[str, float], ...]

    def serves(self, version: str) -> bool:
        """Whether some customers meet a version after it."""
        return self.version == version or any(each == version and share > 0 for each, share in self.weights)


def moves(calls: Iterable[Call]) -> tuple[Move, ...]:
    """Every move of an alias that took effect, in order."""
    return tuple(_move(call) for call in calls if call.operation == "UpdateAlias" and _took_hold(call))


def _move(call: Call) -> Move:
    routing: dict[str, Any] = call.parameters.get("RoutingConfig") or {}
    weights: dict[str, float] = routing.get("AdditionalVersionWeights") or {}
    return Move(
        at=call.at,
        done=call.at + call.ms / 1000,
        place=f"{call.account}/{call.region}",
        function=call.parameters["FunctionName"],
        version=call.parameters["FunctionVersion"],
        weights=tuple(sorted(weights.items())),
    )


def _took_hold(call: Call) -> bool:
    """An answer that was made up after the call took effect says nothing about it."""
    return call.effective and (call.status < 300 or call.fault in ("throttle", "error"))


def _moves_traffic(effect: str, place: str) -> bool:
    """Whether an effect has the lane of a place's traffic, and moves aliases."""
    return effect.startswith((f"shift/{place}/", f"restore-traffic/{place}/"))


@dataclass(frozen=True, slots=True)
class Audit:
    """A release's events, the calls that were made while it was carried, and what its controllers began."""

    release: str
    events: Sequence[Event]
    calls: Sequence[Call]
    diary: Sequence[Entry]

    @property
    def state(self) -> Release:
        return replay(self.release, self.events)

    def findings(self, *, answers_lost: bool = False) -> list[str]:
        """Everything that must not be, in words.

        Args:
            answers_lost: whether answers were made to vanish; then what was asked again may be seen again.
        """
        found = [*self._begun_after_rollback(), *self._late_and_not_undone(), *self._recorded_twice()]
        if not answers_lost:
            found += [*self._executed_twice(), *self._uploaded_twice(), *self._moved_twice()]
        return found

    def seconds_to_zero(self) -> dict[str, float]:
        """From the verdict (a person's word, where there is none) until the first moment without canary traffic.

        For each target that was exposed then; infinite where traffic never went back.
        """
        index = next(i for i, event in enumerate(self.events) if isinstance(event, e.RollbackBegan))
        before, began = replay(self.release, self.events[:index]), self.events[index]
        failed = [
            event
            for event in self.events[:index]
            if isinstance(event, e.TargetJudged) and event.judgement.verdict is Verdict.FAIL
        ]
        verdict = failed[-1].at if failed else began.at
        return {
            key: max((self._back(key, one, verdict) for one in deployment.staged.shifting), default=0.0) - verdict
            for key, deployment in before.deployments.items()
            if deployment.percent > 0 and deployment.staged is not None
        }

    def _back(self, key: str, function: Any, after: float) -> float:
        return min(
            (
                move.done
                for move in self._moves(after)
                if key.startswith(move.place) and move.function == function.name and not move.serves(function.candidate)
            ),
            default=float("inf"),
        )

    def _moves(self, after: float) -> tuple[Move, ...]:
        return tuple(move for move in moves(self.calls) if move.at >= after)

    def _candidate(self, move: Move) -> str | None:
        for key, deployment in self.state.deployments.items():
            if key.startswith(move.place) and deployment.staged is not None:
                for function in deployment.staged.functions:
                    if function.logical_id == _LOGICAL[move.function] and function.shifts:
                        return function.candidate
        return None

    def _forward(self, move: Move) -> bool:
        candidate = self._candidate(move)
        return candidate is not None and move.serves(candidate)

    @property
    def _settled(self) -> float:
        """From when on nothing forward may begin: a rollback was about to be written down, or is a person's word."""
        assert self.state.rollback is not None
        return max((entry.at for entry in self.diary if not entry.effect), default=self.state.rollback.at)

    def late(self) -> tuple[Move, ...]:
        """Moves forward that arrived after the rollback."""
        began = self.state.rollback
        return tuple(move for move in self._moves(began.at) if self._forward(move)) if began else ()

    def _begun_after_rollback(self) -> Iterable[str]:
        if self.state.rollback is not None:
            for entry in self.diary:
                if entry.forward and entry.at > self._settled:
                    yield f"{entry.effect} was begun {entry.at - self._settled:.3f} s after the rollback"

    def _late_and_not_undone(self) -> Iterable[str]:
        for move in self.late():
            said = f"{move.place}: {move.function} moved forward {move.at - self._settled:.3f} s after the rollback"
            begun = [one for one in self.diary if one.at <= move.at and _moves_traffic(one.effect, move.place)]
            if not begun or not begun[-1].forward:
                yield f"{said}, by no shift that was under way"
            elif not any(self._undoes(other, move) for other in moves(self.calls)):
                yield f"{said}, and was never taken back"

    def _undoes(self, other: Move, move: Move) -> bool:
        same = (other.place, other.function) == (move.place, move.function)
        return same and other.at > move.at and not self._forward(other)

    def _executed_twice(self) -> Iterable[str]:
        executed = Counter(
            call.parameters["ChangeSetName"].split("/")[1]
            for call in self.calls
            if call.operation == "ExecuteChangeSet" and _took_hold(call)
        )
        return [f"change set {name} was executed {times} times" for name, times in executed.items() if times > 1]

    def _uploaded_twice(self) -> Iterable[str]:
        put = Counter(
            (call.parameters["Bucket"], call.parameters["Key"])
            for call in self.calls
            if call.operation == "PutObject" and _took_hold(call)
        )
        return [f"{key} was put into {bucket} {times} times" for (bucket, key), times in put.items() if times > 1]

    def _moved_twice(self) -> Iterable[str]:
        """The same move forward twice in a row; the way back is blind, and may be repeated."""
        last: dict[tuple[str, str], Move] = {}
        for move in moves(self.calls):
            before = last.get((move.place, move.function))
            same = before is not None and (before.version, before.weights) == (move.version, move.weights)
            if same and self._forward(move):
                yield f"{move.place}: {move.function} was moved to {move.version} {dict(move.weights)} twice"
            last[move.place, move.function] = move

    def _recorded_twice(self) -> Iterable[str]:
        facts: Counter[str] = Counter()
        for event in self.events:
            match event:
                case e.TrafficShifted():
                    facts[f"shift {event.step} of {event.target}"] += 1
                case e.TargetInspected() | e.TargetStaged() | e.TargetProbed() | e.TargetFinished():
                    facts[f"{type(event).__name__} of {event.target}"] += 1
                case e.WaveEntered() | e.WaveBaked():
                    facts[f"{type(event).__name__} {event.wave}"] += 1
                case e.RevisionBuilt() | e.RollbackBegan():
                    facts[type(event).__name__] += 1
                case _:
                    pass
        return [f"{fact} was recorded {times} times" for fact, times in facts.items() if times > 1]
