"""Text that comes from outside (commit messages, reasons, names), made harmless for where it is shown."""

from __future__ import annotations

import re

_UNSEEN = "\N{ZERO WIDTH SPACE}"


def one_line(text: str, *, most: int = 2_000) -> str:
    """One line of what can be printed: no control characters, none that turn the reading direction around."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


def for_chat(text: str, *, most: int = 2_000) -> str:
    """One line for Slack and its like: no mention, no link in disguise, nothing that Slack reads as markup of its own.

    Slack takes `<`, `>` and `&` as control characters; others mention at an `@`, and know Markdown's links.
    """
    line = one_line(text, most=most)
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"\]\(", f"]{_UNSEEN}(", line.replace("@", f"@{_UNSEEN}"))


def for_markdown(text: str, *, most: int = 2_000) -> str:
    """One line of Markdown that cannot become markup, a mention or a reference."""
    escaped = re.sub(r"([\\`*_<>\[\]|#~&])", r"\\\1", one_line(text, most=most))
    return escaped.replace("@", f"@{_UNSEEN}")


def as_code(text: str, *, most: int = 400) -> str:
    """One line of Markdown as code (a file's name, a rule's), which it cannot end by itself."""
    line = one_line(text, most=most)
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence, room = "`" * (longest + 1), " " if "`" in line else ""
    return f"{fence}{room}{line}{room}{fence}" if line else ""
