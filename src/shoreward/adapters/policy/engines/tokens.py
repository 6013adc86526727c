"""Rego as a row of words and marks, as far as it has to be understood to be rewritten or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<newline>\n)|(?P<space>[ \t\r]+)"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<mark>:=|==|!=|<=|>=|.)""",
    re.DOTALL,
)
KEYWORDS = frozenset((
    "as", "contains", "default", "else", "every", "false", "if", "import",
    "in", "not", "null", "package", "some", "true", "with",
))  # fmt: skip
OPEN = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a source; `kind` is comment, string, newline, space, name, number or mark."""

    kind: str
    text: str
    start: int

    @property
    def means(self) -> bool:
        """Whether it is more than white space and comment."""
        return self.kind not in ("space", "comment", "newline")


def tokens_of(text: str) -> list[Token]:
    """All of a source, in its order."""
    return [Token(found.lastgroup or "", found.group(), found.start()) for found in _TOKEN.finditer(text)]


def matched(tokens: list[Token]) -> dict[int, int] | None:
    """Positions of opening brackets and of those that close them; None when some do not match."""
    ends: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token.kind != "mark":
            continue
        if token.text in OPEN:
            waiting.append(index)
        elif token.text in OPEN.values():
            if not waiting or OPEN[tokens[waiting[-1]].text] != token.text:
                return None
            ends[waiting.pop()] = index
    return None if waiting else ends
