"""The budget: one alpha for a whole release, shared out over everything that is tested in it.

Place in the flow: fixed when a release begins, read by every judgement. A release with 3 metrics on 28 targets asks 84
questions; each at 1 % would send every second harmless release back. The shares add up to alpha, so all questions
together err at most so often, whatever ties them together (Boole's inequality). Looks cost nothing: a test may be
looked at as often as one likes.

Promotion needs no sharing: a release goes on only when every critical question passes, so a release that is beyond its
margin anywhere is promoted with probability at most beta.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import fsum, isfinite
from typing import Self, cast

from shoreward.judge.checks import within
from shoreward.judge.errors import JudgeInputError

SHAVED = 1 - 1e-12
"""Keeps rounding from letting the shares add up to more than alpha."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Question:
    """What is tested: a metric of a target, in a stage of the release (a wave's bake, or the watch after it)."""

    metric: str
    target: str
    stage: str = "bake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """alpha for all questions together, beta for each promotion, and every question's weight.

    `shares` is fixed by the weights alone, whatever their order.
    """

    alpha: float
    beta: float
    weights: Mapping[Question, float]

    def __post_init__(self) -> None:
        within("alpha", self.alpha, 0, 1)
        within("beta", self.beta, 0, 1)
        if not self.weights:
            raise JudgeInputError("a budget needs one question at least")
        for question, weight in self.weights.items():
            if not (isfinite(weight) and 1e-9 <= weight <= 1e9):
                raise JudgeInputError(f"the weight of {question} is {weight}; it must lie from 1e-9 to 1e9")

    @classmethod
    def split(
        cls,
        *,
        alpha: float = 0.01,
        beta: float = 0.05,
        metrics: Mapping[str, float] | Iterable[str],
        targets: Mapping[str, float] | Iterable[str],
        stages: Mapping[str, float] | Iterable[str] = ("bake",),
    ) -> Self:
        """Every metric on every target in every stage; names with weights, or names alone for equal shares.

        For an own list of questions (a target is judged in its own wave only) construct `Budget` directly.
        """
        axes = [_weights(axis) for axis in (metrics, targets, stages)]
        weights = {
            Question(metric=metric, target=target, stage=stage): w_m * w_t * w_s
            for (metric, w_m), (target, w_t), (stage, w_s) in product(*(axis.items() for axis in axes))
        }
        return cls(alpha=alpha, beta=beta, weights=weights)

    @property
    def shares(self) -> dict[Question, float]:
        """Every question's alpha; they add up to at most the budget's."""
        total = fsum(self.weights.values())
        return {question: self.alpha * SHAVED * (weight / total) for question, weight in self.weights.items()}

    def share(self, metric: str, target: str, stage: str = "bake") -> float:
        """One question's alpha; raises `JudgeInputError` when it is not part of the budget."""
        question = Question(metric=metric, target=target, stage=stage)
        if question not in self.weights:
            raise JudgeInputError(f"{question} is not part of the budget, so nothing is set aside for it")
        return self.alpha * SHAVED * (self.weights[question] / fsum(self.weights.values()))


def _weights(axis: Mapping[str, float] | Iterable[str]) -> Mapping[str, float]:
    if isinstance(axis, Mapping):
        return cast("Mapping[str, float]", axis)
    names = list(axis)
    if len(set(names)) != len(names):
        raise JudgeInputError(f"a name stands twice in {names}")
    return dict.fromkeys(names, 1.0)
