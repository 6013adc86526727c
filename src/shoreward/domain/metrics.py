"""Metrics beside those that Lambda counts by itself: what they are called, how they are read, and when they mean harm.

Values only. `shoreward.spec` makes a team's own out of `judge.metrics`, an adapter those that a stack's resources have;
`app.judging` fills in their placeholders and judges them (docs/metrics.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from shoreward.domain.errors import Place
from shoreward.domain.target import Parameters

ARM_WORDS = ("version", "arm")
"""Placeholders that tell canary and baseline apart."""

FUNCTION_WORDS = ("function", "alias")
"""Placeholders that name a function of which both arms are versions."""

TARGET_WORDS = ("stack", "region", "account")

WORDS = (*ARM_WORDS, *FUNCTION_WORDS, *TARGET_WORDS, "interval")
"""All placeholders; `interval` is the judge's, in seconds."""

ERRORS = "errors"
"""The metric of failed invocations, out of all."""

_WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudWatchQuery:
    """A statistic of a metric in the target's account and region; dimensions are exactly those that it was put with."""

    namespace: str
    metric: str
    dimensions: Parameters = ()
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusQuery:
    """An expression of PromQL that gives one series, evaluated at the end of every interval."""

    address: str
    promql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """Recorded samples (docs/recorded.md).

    Attributes:
        path: from the repository's root.
        sample: the metric's name in the file.
        column: requests, bad or value.
        arm: canary or baseline.
    """

    path: str
    sample: str
    column: Literal["requests", "bad", "value"]
    arm: str = "{arm}"


Query = CloudWatchQuery | PrometheusQuery | FileQuery

Harm = Literal["higher", "lower", "both"]


class Form(StrEnum):
    """What is made of the values that were read, before they are judged.

    PLAIN: nothing. LOG: log(1 + value), for values whose size varies by factors. APART: bad events are not among the
    requests that were counted. RISES: how much a level rose in each interval, as events; nobody counts requests.
    """

    PLAIN = "plain"
    LOG = "log"
    APART = "apart"
    RISES = "rises"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is read, and which way and how far it may differ.

    Attributes:
        name: unique among a pipeline's metrics.
        queries: (value,) of a gauge; (requests, bad) of counts; (level,) of counts in the form of rises.
        harm: which way harm lies: the canary's value, or share of bad requests, is higher or lower than the baseline's.
        ratio, points: of counts: harmless is up to ratio x baseline + points (a fraction; of rises: events per
            interval).
        margin: of gauges: a difference this large is harmless, in the gauge's unit (logarithms in the form of those).
        noise: of gauges: the difference's standard deviation, of one interval; None: told by history.
        least_noise: of gauges: what history is not believed below; None: a value that never varies tells no noise.
        dispersion: of counts: over-dispersion where history does not tell; None for the judge's.
        function: logical id of the function, or resource, that it is about; "" for every function, or for the target.
        lasting: seconds that harm must last to fail a release; what soon passes by itself does not.
        critical: whether promotion needs it to pass.
        where: the place that names the function.
    """

    name: str
    kind: Literal["counts", "gauge"]
    queries: tuple[Query, ...]
    harm: Harm = "higher"
    ratio: float = 1.5
    points: float = 0.0005
    margin: float = 0.0
    noise: float | None = None
    least_noise: float | None = None
    dispersion: float | None = None
    function: str = ""
    lasting: float = 0.0
    critical: bool = False
    form: Form = Form.PLAIN
    where: Place | None = field(default=None, compare=False)

    @property
    def arms(self) -> bool:
        """Whether canary and baseline are told apart."""
        return any(word in placeholders(query) for query in self.queries for word in ARM_WORDS)


def texts_of(query: Query) -> tuple[str, ...]:
    """The texts of a query in which something may be filled in."""
    match query:
        case CloudWatchQuery():
            return tuple(value for _, value in query.dimensions)
        case PrometheusQuery():
            return (query.promql,)
        case FileQuery():
            return (query.arm,)


def placeholders(query: Query) -> frozenset[str]:
    """The words that are to be filled in."""
    return frozenset(word for text in texts_of(query) for word in _WORD.findall(text))


def filled(query: Query, values: Mapping[str, str]) -> Query:
    """The query with what the words stand for; raises `KeyError` for a word without a value."""

    def fill(text: str) -> str:
        return _WORD.sub(lambda found: values[found.group(1)], text)

    match query:
        case CloudWatchQuery():
            return replace(query, dimensions=tuple((name, fill(value)) for name, value in query.dimensions))
        case PrometheusQuery():
            return replace(query, promql=fill(query.promql))
        case FileQuery():
            return replace(query, arm=fill(query.arm))
