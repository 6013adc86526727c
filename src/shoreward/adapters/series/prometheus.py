"""Prometheus: an expression at the end of every interval, by its HTTP API.

https://prometheus.io/docs/prometheus/latest/querying/api/. An expression at time t looks back from t, as
`increase(x[60s])` does, so what belongs to an interval is asked for at its end. Ends are multiples of the period, as
they were in every look before: the same interval gives the same value, unless the server has learned more meanwhile.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from shoreward.adapters.http import ask
from shoreward.domain import OperationError, PrometheusQuery, Retryable, Target, Terminal

_POINTS = 10_000
"""The server takes 11,000 points of a series in a request."""

_LARGEST = 64_000_000


@dataclass(frozen=True, slots=True)
class Prometheus:
    """The part of `app.ports.SeriesSource` about `PrometheusQuery`; `timeout` is that of one request, in seconds."""

    timeout: float = 10.0

    def series(
        self, target: Target, queries: Sequence[PrometheusQuery], *, start: float, end: float, period: int
    ) -> Mapping[PrometheusQuery, NDArray[np.float64]]:
        """See `SeriesSource.series`.

        Raises `Retryable` (PROMETHEUS_UNREACHABLE, METRICS_INCOMPLETE) and `Terminal` (PROMETHEUS_REFUSED for an
        expression that the server does not take, or that gives several series).
        """
        return {query: self._read(target, query, start, end, period) for query in dict.fromkeys(queries)}

    def _read(
        self, target: Target, query: PrometheusQuery, start: float, end: float, period: int
    ) -> NDArray[np.float64]:
        intervals = max(0, round((end - start) / period))
        values = np.full(intervals, np.nan)
        for first in range(0, intervals, _POINTS):
            count = min(_POINTS, intervals - first)
            begin = start + first * period
            asked = {
                "query": query.promql,
                "start": f"{begin + period:.3f}",
                "end": f"{begin + count * period:.3f}",
                "step": str(period),
            }
            for at, value in self._points(target, query, asked):
                place = round((at - start) / period) - 1
                if 0 <= place < intervals and np.isfinite(value):
                    values[place] = value
        return values

    def _points(
        self, target: Target, query: PrometheusQuery, asked: Mapping[str, str]
    ) -> Sequence[tuple[float, float]]:
        where = f"{target.key}: {query.address}"
        answer = self._ask(query, asked, where)
        try:
            found = cast("list[dict[str, Any]]", answer["data"]["result"])
            series = [[(float(at), float(value)) for at, value in each["values"]] for each in found]
        except (KeyError, TypeError, ValueError) as error:
            raise _unreachable(where, "its answer is not Prometheus's") from error
        if answer.get("warnings"):
            raise Retryable("METRICS_INCOMPLETE", f"Prometheus warns: {answer['warnings'][0]}", where=where)
        if len(series) > 1:
            raise Terminal(
                "PROMETHEUS_REFUSED",
                f"'{_short(query.promql)}' gives {len(series)} series where one is wanted.",
                where=where,
                next="Put sum(...), or another aggregation, around it in shoreward.yaml.",
            )
        return series[0] if series else []

    def _ask(self, query: PrometheusQuery, asked: Mapping[str, str], where: str) -> dict[str, Any]:
        address = f"{query.address.rstrip('/')}/api/v1/query_range"
        body = urllib.parse.urlencode(asked).encode()
        try:
            with ask(address, body=body, timeout=self.timeout) as answer:
                return _answer(answer.read(_LARGEST), where)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error, query, where) from error
        except (OSError, http.client.HTTPException) as error:
            raise _unreachable(where, str(error)) from error


def _answer(content: bytes, where: str) -> dict[str, Any]:
    try:
        answer: object = json.loads(content)
    except ValueError as error:
        raise _unreachable(where, "its answer is not JSON") from error
    if not isinstance(answer, dict) or cast("dict[str, Any]", answer).get("status") != "success":
        raise _unreachable(where, "its answer is not Prometheus's")
    return cast("dict[str, Any]", answer)


def _refused(error: urllib.error.HTTPError, query: PrometheusQuery, where: str) -> OperationError:
    """400 and 422 are about the expression; everything else is about the server, today."""
    if error.code not in (400, 422):
        return _unreachable(where, f"it answers {error.code} {error.reason}")
    try:
        told = str(json.loads(error.read(_LARGEST)).get("error", ""))
    except (ValueError, AttributeError, OSError):
        told = error.reason
    return Terminal(
        "PROMETHEUS_REFUSED",
        f"Prometheus does not take '{_short(query.promql)}': {_short(told)}",
        where=where,
        next="Mend the expression under judge.metrics in shoreward.yaml.",
    )


def _unreachable(where: str, why: str) -> Retryable:
    return Retryable("PROMETHEUS_UNREACHABLE", f"Prometheus does not tell: {_short(why)}.", where=where)


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."
