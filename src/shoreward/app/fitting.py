"""Whether a pipeline and what was built of its commit fit each other: functions that one names the other must have.

Asked by the check `build`, and once more before a release is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from shoreward.domain import Pipeline, SpecError


def misfits(pipeline: Pipeline, functions: Collection[str]) -> Iterator[SpecError]:
    """Mistakes, each at its line of the pipeline.

    Yields SpecError: PROBE_UNKNOWN, METRIC_UNKNOWN.

    Args:
        functions: logical ids of the functions that have an alias.
    """
    advice = f"There are: {', '.join(functions) or 'none'}."
    for probe in pipeline.probes:
        if probe.function not in functions:
            what = f"A probe asks {probe.function}, which is no function with an alias in {pipeline.template}."
            yield SpecError("PROBE_UNKNOWN", what, where=probe.where, next=advice)
    for metric in pipeline.judge.metrics:
        if metric.function and metric.function not in functions:
            what = (
                f"The metric {metric.name} is of {metric.function}, which is no function with an alias in "
                f"{pipeline.template}."
            )
            yield SpecError("METRIC_UNKNOWN", what, where=metric.where, next=advice)


def named(pipeline: Pipeline) -> list[str]:
    """Functions that the pipeline names, sorted."""
    metrics = (metric.function for metric in pipeline.judge.metrics if metric.function)
    return sorted({*(probe.function for probe in pipeline.probes), *metrics})
