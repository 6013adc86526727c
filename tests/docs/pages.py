"""The pages of the documentation, as the tests read them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "shoreward"
DOCS = ROOT / "docs"

PAGES = tuple(
    sorted(
        [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").glob("*/*.md")], key=lambda page: page.as_posix()
    )
)

_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_OUTPUT = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?(shoreward(?: .*)?)$")


def read(page: Path) -> str:
    """A page's text."""
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """A page's text without its blocks of code."""
    return _FENCE.sub("", read(page))


@dataclass(frozen=True, slots=True)
class Shown:
    """A command that a page shows."""

    page: Path
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: shoreward {' '.join(self.words)}"


def commands(page: Path) -> Iterator[Shown]:
    """Every call of `shoreward` that a page shows, in blocks and in the middle of sentences."""
    lines = [line.strip() for block in _FENCE.findall(read(page)) for line in block.splitlines()]
    lines += [line.strip() for line in prose(page).splitlines() if line.startswith("    ")]
    for text in [*lines, *_SPAN.findall(prose(page))]:
        if call := _OUTPUT.match(text.partition(" | ")[0]):
            words = shlex.split(call[1].replace("…", ""), comments=True)
            yield Shown(page, tuple(_arguments(words)))


def _arguments(words: list[str]) -> Iterator[str]:
    """The words behind the command's name, up to where the shell takes over."""
    for word in words[1:]:
        if word in (">", ">>", "&&", ";", "&"):
            return
        if not word.startswith("["):  # [OPTIONS] in a synopsis
            yield word


def anchor(heading: str) -> str:
    """The name that a heading's link has, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"`", "", heading).strip().lower())
    return kept.replace(" ", "-")


def anchors(page: Path) -> frozenset[str]:
    """All names that a link into a page may use."""
    return frozenset(anchor(heading) for heading in re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE))
