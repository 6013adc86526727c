"""TrafficRouter on Lambda aliases: all of an application's functions move together, or none does."""

from __future__ import annotations

from collections.abc import Sequence

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.adapters.aws.serving import AliasState, alias_state, alias_that, point
from shoreward.domain import Difference, OperationError, StagedFunction, Target, Terminal

_ALIKE = 0.005
"""Percent of traffic within which two weights are the same."""

_GLANCE = 1.0
"""Seconds that a look may take which traffic waits for on its way back."""


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
            function, now = one
            moved.append(function)  # for all we know, also when no answer comes
            try:
                self._move(target, function, now, percent)
            except Terminal:
                moved.remove(function)
                raise

        try:
            self._aws.together(move, due)
        except Terminal:
            self._aws.together(lambda function: self._set(target, function, expected), moved)
            raise

    def restore(self, target: Target, functions: Sequence[StagedFunction]) -> tuple[Difference, ...]:
        """All traffic back to the baselines, at once, whatever the aliases say now.

        Returns where they were, of those that somebody else had moved: one short look for each, so that nobody's word
        is lost. When it is not answered at once traffic goes back without, for seconds count.
        """
        found = self._aws.together(
            lambda function: self._take_back(target, function), [function for function in functions if function.shifts]
        )
        return tuple(one for one in found if one is not None)

    def _take_back(self, target: Target, function: StagedFunction) -> Difference | None:
        try:
            seen = alias_state(self._aws.within(0.0), target, function.name, function.alias, patience=_GLANCE)
        except OperationError:
            seen = None
        self._set(target, function, 0.0)
        if seen is None or seen.percent(function.baseline or "", function.candidate) is not None:
            return None
        if seen.on_its_way(function.candidate) and set(seen.weights) == {function.baseline}:
            return None
        return Difference(
            resource=function.logical_id,
            path=f"alias {function.alias}",
            expected=f"version {function.baseline} and {function.candidate}",
            actual=str(seen),
        )

    def _look(self, target: Target, function: StagedFunction, percent: float, expected: float) -> AliasState:
        now, right = alias_that(
            self._aws,
            target,
            function.name,
            function.alias,
            lambda one: self._at(function, one, percent) or self._at(function, one, expected),
        )
        if now is None or not right:
            raise _moved(
                target,
                function,
                now,
                f"{expected:g} % at version {function.candidate} and the rest at {function.baseline}",
            )
        return now

    def _at(self, function: StagedFunction, now: AliasState, percent: float) -> bool:
        at = now.percent(function.baseline or "", function.candidate)
        if at is None and percent >= 100.0 and now.on_its_way(function.candidate):
            return set(now.weights) == {function.baseline}
        return at is not None and abs(at - percent) < _ALIKE

    def _move(self, target: Target, function: StagedFunction, seen: AliasState, percent: float) -> None:
        """Move one alias, provided that nobody did since it was seen.

        When somebody did, it was either this very call, whose answer was lost, or somebody else, over whom no release
        goes: a rollback, perhaps, that this controller has not heard of.
        """
        try:
            self._set(target, function, percent, revision_id=seen.revision_id)
        except Terminal as error:
            if code_of(error) == "InvalidParameterValueException" and "must be associated with" in message_of(error):
                raise _indivisible(target, function, message_of(error)) from error
            if code_of(error) != "PreconditionFailedException":
                raise
            now, right = alias_that(
                self._aws, target, function.name, function.alias, lambda one: self._at(function, one, percent)
            )
            if not right:
                raise _moved(target, function, now, f"nobody to touch it on its way to {percent:g} %") from error

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


def _moved(target: Target, function: StagedFunction, now: AliasState | None, expected: str) -> Terminal:
    return Terminal(
        "ALIAS_MOVED",
        f"The alias {function.alias} of {function.name} is {f'at {now}' if now is not None else 'gone'}; "
        f"expected {expected}.",
        where=target.key,
        next="Somebody else moved it; the release must not go on over that.",
    )


def _indivisible(target: Target, function: StagedFunction, said: str) -> Terminal:
    return Terminal(
        "TRAFFIC_INDIVISIBLE",
        f"Lambda does not split the traffic of {function.name} between versions {function.baseline} and "
        f"{function.candidate}: {said}",
        where=target.key,
        next="An alias splits traffic only between versions with the same execution role and dead-letter queue: "
        "keep both as they are, and change them in a release without steps.",
    )
