"""What pictures are drawn on: one look for all of them, and a file of the kind that its name says."""

# pyright: reportUnknownMemberType=false
# matplotlib leaves its keyword arguments untyped.

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shoreward.domain import UserError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}


@contextmanager
def drawing(rows: int, *, columns: int, file: Path) -> Generator[tuple[Figure, list[list[Axes]]]]:
    """A figure with so many drawings below and beside each other.

    Raises:
        UserError: USAGE when a file of this name cannot hold a picture.
    """
    if file.suffix.lower() not in _UNDATED:
        endings = ", ".join(sorted(_UNDATED))
        raise UserError("USAGE", f"A picture cannot be written as {file.name!r}.", next=f"End its name in {endings}.")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # The salt: the same samples make the same file.
    with mpl.rc_context({"svg.hashsalt": "shoreward", "font.size": 9, "axes.spines.top": False}):
        figure = Figure(figsize=(9, 2.6 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False)
        yield figure, [list(row) for row in axes]


def saved(figure: Figure, file: Path) -> None:
    """Write the figure.

    Raises:
        UserError: FILE_REFUSED when the operating system refuses.
    """
    try:
        figure.savefig(file, dpi=150, metadata=_UNDATED[file.suffix.lower()])
    except OSError as error:
        raise UserError("FILE_REFUSED", f"{file}: {error.strerror}.", next="Give another path to --picture.") from None
