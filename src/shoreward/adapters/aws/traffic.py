"""TrafficRouter on Lambda aliases: all of an application's functions move together, or none does."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.serving import AliasState, alias_state, point
from shoreward.domain import Retryable, StagedFunction, Target, Terminal

_ALIKE = 0.005
"""Percent of traffic within which two weights are the same."""

_LOOKS = 12
"""Times an alias is looked at again when it changed, or seemed to, between look and move."""


class Traffic:
    """Moves traffic between a function's versions (`app.ports.TrafficRouter`)."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def shift(self, target: Target, functions: Sequence[StagedFunction], percent: float, expected: float) -> None:
        """Send `percent` of the traffic to the candidates (100: the alias itself moves to them).

        Nothing moves unless every alias is at `expected` or at `percent` already; when one then fails for good, those
        that had moved go back to `expected`. Raises `Terminal` (ALIAS_MOVED) for an alias that is anywhere else.
        """
        shifting = [function for function in functions if function.shifts]
        seen = self._aws.together(lambda function: self._look(target, function, percent, expected), shifting)
        due = [(one, now) for one, now in zip(shifting, seen, strict=True) if not self._at(one, now, percent)]
        moved: list[StagedFunction] = []

        def move(one: tuple[StagedFunction, AliasState]) -> None:
            self._move(target, one[0], one[1], percent, expected)
            moved.append(one[0])

        try:
            self._aws.together(move, due)
        except Terminal:
            self._aws.together(lambda function: self._set(target, function, expected), moved)
            raise

    def restore(self, target: Target, functions: Sequence[StagedFunction]) -> None:
        """All traffic back to the baselines, at once, whatever the aliases say now.

        One call per function, without a look first: seconds count, and an alias that is there already does not mind.
        """
        self._aws.together(
            lambda function: self._set(target, function, 0.0), [function for function in functions if function.shifts]
        )

    def _look(self, target: Target, function: StagedFunction, percent: float, expected: float) -> AliasState:
        now = alias_state(self._aws, target, function.name, function.alias)
        if now is not None and (self._at(function, now, percent) or self._at(function, now, expected)):
            return now
        raise Terminal(
            "ALIAS_MOVED",
            f"The alias {function.alias} of {function.name} is {f'at {now}' if now is not None else 'gone'}; expected "
            f"{expected:g} % at version {function.candidate} and the rest at {function.baseline}.",
            where=target.key,
            next="Somebody else moved it; the release must not go on over that.",
        )

    def _at(self, function: StagedFunction, now: AliasState, percent: float) -> bool:
        at = now.percent(function.baseline or "", function.candidate)
        return at is not None and abs(at - percent) < _ALIKE

    def _move(self, target: Target, function: StagedFunction, now: AliasState, percent: float, expected: float) -> None:
        """Move one alias, provided that it is still where it was seen; look again when it is not.

        A lost answer looks the same as somebody else's move, and so does a look that was older than the last move.
        """
        pause = 0.02
        for _ in range(_LOOKS):
            try:
                self._set(target, function, percent, revision_id=now.revision_id)
            except Terminal as error:
                if code_of(error) != "PreconditionFailedException":
                    raise
            else:
                return
            self._aws.timing.sleep(pause)
            pause = min(pause * 2, 1.0)
            now = self._look(target, function, percent, expected)
            if self._at(function, now, percent):
                return
        raise Retryable(
            "ALIAS_BUSY", f"The alias {function.alias} of {function.name} keeps changing.", where=target.key
        )

    def _set(self, target: Target, function: StagedFunction, percent: float, revision_id: str | None = None) -> None:
        assert function.baseline is not None
        whole = percent >= 100.0
        point(
            self._aws,
            target,
            function.name,
            function.alias,
            function.candidate if whole else function.baseline,
            weights={} if whole or percent <= 0.0 else {function.candidate: round(percent / 100.0, 6)},
            revision_id=revision_id,
        )
