"""Streams' bounds over time as a file."""

# pyright: reportUnknownMemberType=false
# matplotlib leaves its keyword arguments untyped.

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shoreward.app.recorded.judged import Judged
from shoreward.cli.pictures.paper import drawing, saved
from shoreward.cli.pictures.scale import scale_of
from shoreward.domain import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 24
_COLOURS = {Verdict.FAIL: "#c0392b", Verdict.PASS: "#1e8449"}
_INK, _BAND = "#1f4e79", "#a9cce3"


def write_picture(streams: tuple[Judged, ...], file: Path) -> None:
    """One drawing a stream, below each other; harmful ones first when there are more than fit.

    Raises:
        UserError: as `paper.drawing` and `paper.saved`.
    """
    shown = sorted(streams, key=lambda each: -each.verdict.severity)[:_MOST]
    with drawing(len(shown), columns=1, file=file) as (figure, axes):
        for (axis,), stream in zip(axes, shown, strict=True):
            _draw(axis, stream)
        saved(figure, file)


def _draw(axis: Axes, stream: Judged) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    bounds, scale = stream.confidence, scale_of(stream)
    times = np.array([time.replace(tzinfo=None) for time in stream.times], dtype="datetime64[us]")
    axis.fill_between(
        times,
        bounds.lower.clip(scale.low, scale.high),
        bounds.upper.clip(scale.low, scale.high),
        color=_BAND,
        linewidth=0,
        label="95 % at all times",
    )
    axis.plot(times, bounds.observed, color=_INK, linewidth=1.4, label="observed")
    axis.axhline(1.0 if scale.logarithmic else 0.0, color="#7f8c8d", linewidth=0.8)
    axis.axhline(stream.margins[0], color="#c0392b", linewidth=0.8, linestyle="--", label="harm beyond")
    axis.axhline(stream.margins[1], color="#1e8449", linewidth=0.8, linestyle=":", label="safe below")
    if stream.at is not None:
        axis.axvline(times[stream.times.index(stream.at)], color=_COLOURS[stream.verdict], linewidth=1.4)
    if scale.logarithmic:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
    axis.set_ylim(scale.low, scale.high)
    words = stream.verdict.value.replace("_", " ")
    axis.set_title(
        f"{stream.metric} of {stream.target}: {words}", loc="left", color=_COLOURS.get(stream.verdict, "#2c3e50")
    )
    axis.set_ylabel("canary - baseline" if stream.kind == "gauge" else "canary / baseline")
    axis.legend(loc="lower right", bbox_to_anchor=(1, 1), fontsize=7, frameon=False, ncols=4, borderaxespad=0.2)
