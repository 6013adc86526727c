"""A calibration as a file: how often a regression is found within a bake, and how soon, by its size."""

# pyright: reportUnknownMemberType=false
# matplotlib leaves its keyword arguments untyped.

from __future__ import annotations

from pathlib import Path

from shoreward.app.recorded.calibrating import SURE, Calibration
from shoreward.cli.calibrating import size_words
from shoreward.cli.pictures.paper import drawing, saved


def write_calibration(found: tuple[Calibration, ...], file: Path) -> None:
    """Two drawings a stream, side by side.

    Raises:
        UserError: as `paper.saved`.
    """
    with drawing(len(found), columns=2, file=file) as (figure, axes):
        for (chance, delay), stream in zip(axes, found, strict=True):
            sizes = [size_words(stream, each.size) for each in stream.found]
            chance.bar(sizes, [each.share for each in stream.found], color="#1f4e79")
            chance.axhline(SURE, color="#7f8c8d", linewidth=0.8, linestyle="--")
            chance.set_ylim(0, 1.05)
            chance.set_ylabel("found within a bake")
            chance.set_title(f"{stream.metric} of {stream.target}", loc="left")
            known = [(size, each.delay) for size, each in zip(sizes, stream.found, strict=True) if each.delay]
            delay.bar([size for size, _ in known], [intervals for _, intervals in known], color="#a9cce3")
            delay.set_ylabel("after so many intervals")
            for axis in (chance, delay):
                axis.tick_params(axis="x", rotation=60)
        saved(figure, file)
