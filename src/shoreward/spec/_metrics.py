"""The format of `metrics` under `judge` in `shoreward.yaml`, and what becomes of it.

A part of `spec._format` and `spec._assemble`, in the same manner.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shoreward.domain import CloudWatchQuery, FileQuery, Metric, PrometheusQuery, Query
from shoreward.domain.metrics import FUNCTION_WORDS, TARGET_WORDS, WORDS, placeholders
from shoreward.spec._kinds import Choice, Duration, Flag, Number, Pattern, Percent, Text, duration_text, percent_text
from shoreward.spec._shapes import At, Field, MapOf, Record, Schema
from shoreward.spec._words import did_you_mean

Found = dict[str, Any]

_METRIC = Metric(name="", kind="counts", queries=())
_NAME = Text(r"[a-z][a-z0-9-]{0,62}", "a metric's name (small letters, digits and -, a letter first)")
_LOGICAL_ID = Text(r"[A-Za-z0-9]{1,255}", "a logical id of the template (letters and digits)")
_CLOUDWATCH_NAME = Text(r"[!-~][ -~]{0,254}", "a name of CloudWatch (up to 255 characters)")
_STATISTIC = Text(
    r"(Average|Sum|Minimum|Maximum|SampleCount|IQM|p[0-9]{1,2}(\.[0-9]{1,10})?|p100|(TM|TC|TS|WM|PR)\([0-9.%]*:[0-9.%]*\))",
    "a statistic of CloudWatch, such as Average or p90",
)
_ADDRESS = Text(r"https?://[^\s?#]{1,400}", "an address (http://... or https://...)", "SPEC_ADDRESS")
_PATH = Text(r"(?![/~])[^\\\n]{1,400}", "a path relative to this file, with slashes", "SPEC_PATH")
_RESERVED = ("errors", "latency", "requests", "throttles")


@dataclass(frozen=True, slots=True)
class PromQl:
    """An expression of PromQL in which some words in braces are filled in; its own braces stay."""

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            return at.mistyped(value, "text: an expression of PromQL")
        if not 0 < len(value.strip()) <= 4_000:
            return at.complain("SPEC_NAME", f"{at.name} must have 1 to 4000 characters, not {len(value)}.")
        unknown = [word for word in re.findall(r"\{\s*([A-Za-z_]+)\s*\}", value) if word not in WORDS]
        for word in unknown:
            what = f"Nothing is known to fill in for '{{{word}}}'."
            at.complain("SPEC_PLACEHOLDER", what, did_you_mean(word, WORDS))
        return None if unknown else value

    def schema(self) -> Schema:
        known = "|".join(WORDS)
        # Braces with a single word in them are ours; those of PromQL hold more, or nothing.
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": 4_000,
            "pattern": rf"^(?![\s\S]*\{{\s*(?!({known})\s*\}})[A-Za-z_]+\s*\}})[\s\S]*\S[\s\S]*$",
        }


def _parts(shape: Any, of: str) -> tuple[Field, ...]:
    return (
        Field("value", shape, f"Of a gauge: {of}."),
        Field("bad", shape, f"Of counts: {of} that counts bad events."),
        Field("requests", shape, f"Of counts: {of} that counts what they are a share of."),
    )


CLOUDWATCH = Record(
    "'cloudwatch'",
    (
        Field("namespace", _CLOUDWATCH_NAME, "The metric's namespace.", required=True),
        Field(
            "dimensions",
            MapOf(_CLOUDWATCH_NAME, Pattern(WORDS, 1_024)),
            "All dimensions that it is put with; {version}, {function}, {alias} and others are filled in.",
            default={},
        ),
        *_parts(_CLOUDWATCH_NAME, "the name of the metric"),
        Field("statistic", _STATISTIC, "Of a gauge; counts are summed up.", default="Average"),
    ),
)

PROMETHEUS = Record(
    "'prometheus'",
    (
        Field("address", _ADDRESS, "Where the server's HTTP API is.", required=True),
        *_parts(PromQl(), "an expression"),
    ),
)

FILE = Record(
    "'file'",
    (
        Field("path", _PATH, "Path of recorded samples, from this file.", required=True),
        Field("metric", Text(r"[^\n]{1,255}", "a metric's name"), "Its name there; the metric's own by default."),
    ),
)

METRIC = Record(
    "a metric",
    (
        Field(
            "kind", Choice(("counts", "gauge")), "`counts` of bad events out of requests, or a `gauge`.", required=True
        ),
        Field(
            "harm",
            Choice(("higher", "lower", "both")),
            "Where harm lies: above the baseline, below it, or on either side.",
            default=_METRIC.harm,
        ),
        Field(
            "ratio",
            Number(1, 100),
            "Of counts: the margin, as a multiple of the baseline's share.",
            default=_METRIC.ratio,
        ),
        Field(
            "points",
            Percent(fraction=True, zero=True),
            "Of counts: percentage points on top.",
            default=percent_text(_METRIC.points, fraction=True),
        ),
        Field("margin", Number(0, 1e15), "Of a gauge: a difference this large is harmless, in its unit."),
        Field(
            "noise", Number(1e-15, 1e15), "Of a gauge: its difference's standard deviation; from history by default."
        ),
        Field(
            "lasting",
            Duration(),
            "How long harm must last to fail a release; two intervals at least.",
            default=duration_text(_METRIC.lasting),
        ),
        Field("function", _LOGICAL_ID, "Logical id of the function that it is about; every function by default."),
        Field("critical", Flag(), "Whether promotion needs it to pass.", default=_METRIC.critical),
        Field("cloudwatch", CLOUDWATCH, "It comes from CloudWatch in the target's region."),
        Field("prometheus", PROMETHEUS, "It comes from a Prometheus server."),
        Field("file", FILE, "It comes from a file of recorded samples."),
    ),
)

METRICS = MapOf(_NAME, METRIC)

_SOURCES = ("cloudwatch", "prometheus", "file")
_ONLY = {"ratio": "counts", "points": "counts", "margin": "gauge", "noise": "gauge"}


def assemble_metrics(found: Found, at: At, folder: str) -> tuple[Metric, ...]:
    """What was read of `metrics`, in the order of their names."""
    made = (_metric(name, found[name], at / name, folder) for name in sorted(found) if found[name])
    return tuple(each for each in made if each)


def _metric(name: str, found: Found, at: At, folder: str) -> Metric | None:
    kind = found.get("kind")
    if name in _RESERVED:
        at.complain("SPEC_METRIC", f"'{name}' is judged already.", "Give the metric another name.", key=True)
    given = [source for source in _SOURCES if at.holds(source)]
    if len(given) != 1:
        which = " and ".join(f"'{source}'" for source in given) or "nowhere"
        what = f"It comes from {which}; a metric comes from one place."
        at.complain("SPEC_METRIC", what, f"Write one of: {', '.join(_SOURCES)}.", key=True)
        return None
    if kind is None or given[0] not in found:
        return None
    for key, owner in _ONLY.items():
        if key in found and owner != kind:
            what = f"'{key}' belongs to {_a(owner)}; this metric is {_a(kind)}."
            (at / key).complain("SPEC_METRIC", what, "Change the kind, or take the key out.", key=True)
    queries = tuple(_QUERIES[given[0]](name, kind, found[given[0]], at / given[0], folder))
    keys = ("harm", "ratio", "points", "margin", "noise", "lasting", "function", "critical")
    values = {key: found[key] for key in keys if key in found}
    place = (at / "function").place if "function" in found else None
    metric = Metric(name=name, kind=kind, queries=queries, where=place, **values)
    if queries:
        _check(metric, found, at, given[0])
    return metric


def _a(kind: str) -> str:
    return "counts" if kind == "counts" else "a gauge"


def _check(metric: Metric, found: Found, at: At, source: str) -> None:
    """What no single key can know."""
    words = frozenset[str]().union(*(placeholders(query) for query in metric.queries))
    if metric.kind == "gauge" and not at.holds("margin"):
        at.complain(
            "SPEC_METRIC", "'margin' is missing: how far may it differ?", "Write it in the gauge's unit.", key=True
        )
    if metric.critical and metric.kind == "gauge" and found.get("margin") == 0:
        what = "With margin 0 a canary that is as good as the baseline is never promoted."
        (at / "margin").complain("SPEC_METRIC", what, "Leave it some margin, or let it not be critical.")
    if metric.critical and metric.kind == "counts" and metric.ratio == 1 and metric.points == 0:
        what = "With ratio 1 and points 0% a canary that is as good as the baseline is never promoted."
        at.complain("SPEC_METRIC", what, "Leave it some margin, such as ratio: 1.5.", key=True)
    if not metric.arms:
        _check_shared(metric, words, at, source)
    elif metric.kind == "gauge" and source == "cloudwatch" and found[source].get("statistic") in ("Sum", "SampleCount"):
        what = "A sum rises with the share of the traffic that a version has: it does not compare canary and baseline."
        advice = "Take an average, or make it counts out of requests."
        (at / source / "statistic").complain("SPEC_METRIC", what, advice)


def _check_shared(metric: Metric, words: frozenset[str], at: At, source: str) -> None:
    """Both revisions share it: it is compared with other targets."""
    tell = "Tell canary and baseline apart by {version} or {arm}"
    if metric.critical:
        what = "It does not tell canary from baseline, so promotion cannot need it."
        (at / "critical").complain("SPEC_METRIC", what, f"{tell}, or let it not be critical.")
    if metric.function or words.intersection(FUNCTION_WORDS):
        what = "It is about a function, but does not tell its versions apart."
        at.complain("SPEC_METRIC", what, f"{tell}.", key=True)
    if source == "prometheus" and not words.intersection(TARGET_WORDS):
        what = "It tells neither canary from baseline nor one target from another."
        at.complain("SPEC_METRIC", what, f"{tell}, or targets by {{region}}, {{account}} or {{stack}}.", key=True)


def _wanted(kind: str, found: Found, at: At) -> Iterator[str]:
    """The parts that a kind has, in the order of `Metric.queries`; complains about missing ones and others."""
    parts = ("requests", "bad") if kind == "counts" else ("value",)
    for part in ("value", "bad", "requests"):
        if part in found and part not in parts:
            what = f"'{part}' is no part of {_a(kind)}."
            (at / part).complain("SPEC_METRIC", what, f"Write {' and '.join(parts)}.", key=True)
    for part in parts:
        if part in found:
            yield part
        elif not at.holds(part):
            at.complain("SPEC_METRIC", f"'{part}' is missing: {_a(kind)} needs it.", "Add it.", key=True)


def _cloudwatch(name: str, kind: str, found: Found, at: At, folder: str) -> Iterator[Query]:
    if kind == "counts" and "statistic" in found:
        what = "Counts are summed up: 'statistic' belongs to a gauge."
        (at / "statistic").complain("SPEC_METRIC", what, "Take the key out.", key=True)
    dimensions: Found = found.get("dimensions", {})
    for part in _wanted(kind, found, at):
        yield CloudWatchQuery(
            namespace=found.get("namespace", ""),
            metric=found[part],
            dimensions=tuple(sorted((key, value) for key, value in dimensions.items() if value)),
            statistic="Sum" if kind == "counts" else found.get("statistic", "Average"),
        )


def _prometheus(name: str, kind: str, found: Found, at: At, folder: str) -> Iterator[Query]:
    for part in _wanted(kind, found, at):
        yield PrometheusQuery(address=found.get("address", ""), promql=found[part])


def _file(name: str, kind: str, found: Found, at: At, folder: str) -> Iterator[Query]:
    path = posixpath.normpath(posixpath.join(folder, found.get("path", "")))
    if path == ".." or path.startswith("../"):
        what = f"'{found['path']}' leads out of the repository."
        (at / "path").complain("SPEC_PATH", what, "Keep the samples in the repository.")
    sample = found.get("metric", name)
    if kind == "gauge":
        yield FileQuery(path=path, sample=sample, column="value")
    else:
        yield FileQuery(path=path, sample=sample, column="requests")
        yield FileQuery(path=path, sample=sample, column="bad")


_QUERIES: dict[str, Callable[[str, str, Found, At, str], Iterator[Query]]] = {
    "cloudwatch": _cloudwatch,
    "prometheus": _prometheus,
    "file": _file,
}


def written(metric: Metric) -> Found:
    """The metric as a file says it."""
    own: Found = {"ratio": metric.ratio, "points": percent_text(metric.points, fraction=True)}
    if metric.kind == "gauge":
        own = {"margin": metric.margin, **({} if metric.noise is None else {"noise": metric.noise})}
    return {
        "kind": metric.kind,
        "harm": metric.harm,
        **own,
        "lasting": duration_text(metric.lasting),
        **({"function": metric.function} if metric.function else {}),
        "critical": metric.critical,
        **_source(metric),
    }


def _source(metric: Metric) -> Found:
    parts = ("requests", "bad") if metric.kind == "counts" else ("value",)
    match metric.queries[0]:
        case CloudWatchQuery() as one:
            names = [each.metric for each in metric.queries if isinstance(each, CloudWatchQuery)]
            statistic = {"statistic": one.statistic} if metric.kind == "gauge" else {}
            dimensions = {"dimensions": dict(one.dimensions)} if one.dimensions else {}
            said = dict(zip(parts, names, strict=True))
            return {"cloudwatch": {"namespace": one.namespace, **dimensions, **said, **statistic}}
        case PrometheusQuery() as one:
            texts = [each.promql for each in metric.queries if isinstance(each, PrometheusQuery)]
            return {"prometheus": {"address": one.address, **dict(zip(parts, texts, strict=True))}}
        case FileQuery() as one:
            return {"file": {"path": one.path, "metric": one.sample}}
