"""A few lines of SVG: enough for dots, lines and words, small in the repository, and the same for the same numbers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from math import log10

INK, SOFT, GRID, OURS = "#24292f", "#6e7781", "#d8dee4", "#0969da"
COLOURS = ("#8250df", "#1a7f37", "#bf3989", "#9a6700", "#cf222e", "#1b7c83", "#57606a")


@dataclass(slots=True)
class Drawing:
    """Shapes that are collected and then told as one SVG; coordinates are pixels from the top left."""

    width: float
    height: float
    title: str
    shapes: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = GRID, width: float = 1.0) -> None:
        """A straight line."""
        self.shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'
        )

    def dot(self, x: float, y: float, colour: str = SOFT, radius: float = 4.0, told: str = "") -> None:
        """A dot; `told` is shown when one points at it."""
        title = f"<title>{escape(told)}</title>" if told else ""
        self.shapes.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}">{title}</circle>')

    def word(
        self, x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, size: float = 12
    ) -> None:
        """A line of text; y is its base line."""
        self.shapes.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">'
            f"{escape(text)}</text>"
        )

    def __str__(self) -> str:
        """The file's text."""
        body = "\n".join(self.shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width:.0f} {self.height:.0f}" '
            f'font-family="sans-serif" role="img" aria-label="{escape(self.title)}">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
        )


def logarithmic(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """A scale from values low..high to pixels; values outside are put at the ends."""

    def place(value: float) -> float:
        inside = min(max(value, low), high)
        return start + (log10(inside) - log10(low)) / (log10(high) - log10(low)) * (end - start)

    return place


def linear(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """The same without logarithms."""
    return lambda value: start + (min(max(value, low), high) - low) / (high - low) * (end - start)
