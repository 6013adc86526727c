"""Markdown: how tables and numbers are written."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(share: float, digits: int = 1) -> str:
    """A share in per cent: more digits where it is small, none where it is whole."""
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    digits = 2 if share < 0.01 else digits
    return f"{100 * share:.{digits}f} %"


def times(value: float | None) -> str:
    """A ratio in two digits, a dash where there is none."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def minutes(value: float | None) -> str:
    """Minutes, a dash for never."""
    return "-" if value is None else f"{value:.0f}"


def requests(traffic: float) -> str:
    """Requests per minute or second in words."""
    return f"{traffic:,.0f} a minute" if traffic < 60 else f"{traffic / 60:,.0f} a second"
