"""Rego as rego-cpp evaluates it rightly: what a variable finds is given a name before it is used.

In `startswith(input.Resources[name].Type, "AWS::SQS")` a variable is met for the first time in what a function is
given. OPA tries all its values; rego-cpp 1.5 tries none, and the rule finds nothing without a word. The same is true
of `in`, and of comparing two such references. Here each reference with a variable index in such an expression is taken
out and put before it, `x := input.Resources[name].Type; startswith(x, "AWS::SQS")`, which means the same and is
evaluated. Lines stay.

Under `not` nothing may be taken out; there a variable that is bound nowhere else is refused, as OPA refuses it. And
`deny[msg] { ... }` becomes `deny contains msg if { ... }`: rego-cpp takes the old form for a map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?P<newline>\n)|(?P<space>[ \t\r]+)"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<number>\d[\w.]*)|(?P<mark>:=|==|!=|<=|>=|.)""",
    re.DOTALL,
)
_KEYWORDS = frozenset((
    "as", "contains", "default", "else", "every", "false", "if", "import",
    "in", "not", "null", "package", "some", "true", "with",
))  # fmt: skip
_OPEN = {"(": ")", "[": "]", "{": "}"}
_BEFORE_BODY = frozenset((")", "]", "}"))


class Unbound(Exception):
    """A variable under `not` that nothing else binds; `line` counts from 1."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(name, line)
        self.name = name
        self.line = line


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def bound(text: str) -> str:
    """The same rules, with references taken out of where they would not be evaluated. Raises `Unbound`."""
    return _Rewriting(text).text()


class _Rewriting:
    def __init__(self, text: str) -> None:
        self._source = text
        self._tokens = [_Token(found.lastgroup or "", found.group(), found.start()) for found in _TOKEN.finditer(text)]
        self._ends = self._matched()
        self._edits: list[tuple[int, int, str]] = []
        self._count = 0

    def text(self) -> str:
        """The rewritten source; what has brackets that do not match is left to the parser's complaint."""
        if self._ends is None:
            return self._source
        for first, last, braced in list(self._bodies()):
            self._body(first, last, braced)
        self._old_sets()
        made: list[str] = []
        at = 0
        for start, end, new in sorted(self._edits):
            made += [self._source[at:start], new]
            at = end
        return "".join(made) + self._source[at:]

    def _matched(self) -> dict[int, int] | None:
        ends: dict[int, int] = {}
        waiting: list[int] = []
        for index, token in enumerate(self._tokens):
            if token.kind != "mark":
                continue
            if token.text in _OPEN:
                waiting.append(index)
            elif token.text in _OPEN.values():
                if not waiting or _OPEN[self._tokens[waiting[-1]].text] != token.text:
                    return None
                ends[waiting.pop()] = index
        return None if waiting else ends

    def _bodies(self) -> Iterator[tuple[int, int, bool]]:
        """Each query: first and last token (exclusive), and whether it has braces of its own."""
        assert self._ends is not None
        for opening, closing in self._ends.items():
            bar = self._bar(opening, closing)
            if bar is not None:
                yield bar + 1, closing, True
            elif self._tokens[opening].text == "{" and self._is_body(opening):
                yield opening + 1, closing, True
        for index, token in enumerate(self._tokens):
            following = self._next(index + 1, len(self._tokens)) if token.text == "if" else None
            if following is None or token.kind != "name":
                continue
            if self._tokens[following].text != "{" or self._bar(following, self._ends[following]) is not None:
                yield following, self._line_end(following), False

    def _bar(self, opening: int, closing: int) -> int | None:
        """Where a comprehension's query begins, if the group is one."""
        if self._tokens[opening].text == "(":
            return None
        return next((at for at in self._level(opening + 1, closing) if self._tokens[at].text == "|"), None)

    def _is_body(self, opening: int) -> bool:
        before = next(
            (at for at in range(opening - 1, -1, -1) if self._tokens[at].kind not in ("space", "comment")), None
        )
        if before is None:
            return False
        token = self._tokens[before]
        if token.kind == "name":
            return token.text not in _KEYWORDS or token.text in ("if", "else", "true", "false", "null")
        return token.kind in ("number", "string") or token.text in _BEFORE_BODY

    def _level(self, first: int, last: int) -> Iterator[int]:
        """Tokens of a range that stand in no group within it; of a group its opening only."""
        assert self._ends is not None
        at = first
        while at < last:
            yield at
            at = self._ends.get(at, at) + 1

    def _line_end(self, first: int) -> int:
        return next(
            (at for at in self._level(first, len(self._tokens)) if self._tokens[at].kind == "newline"),
            len(self._tokens),
        )

    def _next(self, first: int, last: int) -> int | None:
        return next(
            (at for at in range(first, last) if self._tokens[at].kind not in ("space", "comment", "newline")), None
        )

    def _body(self, first: int, last: int, braced: bool) -> None:
        statements = list(self._statements(first, last))
        known = {name for start, end in statements for name in self._bound_by(start, end)} | self._outside(first)
        for start, end in statements:
            references = list(self._references(start, end))
            if self._tokens[start].text == "not":
                self._refuse(references, known)
            elif references and (len(references) > 1 or self._uses(start, end)):
                self._take_out(start, end, references, braced)

    def _old_sets(self) -> None:
        """`deny[msg] { ... }` is a set of messages, and not the map that rego-cpp makes of it."""
        assert self._ends is not None
        for at in self._level(0, len(self._tokens)):
            opening = at + 1
            first = at == 0 or self._tokens[at - 1].kind == "newline"
            if not (first and self._tokens[at].kind == "name" and opening in self._ends):
                continue
            closing = self._ends[opening]
            body = self._next(closing + 1, len(self._tokens))
            if self._tokens[opening].text == "[" and body is not None and self._tokens[body].text == "{":
                self._edits.append((self._tokens[opening].start, self._tokens[opening].start + 1, " contains "))
                self._edits.append((self._tokens[closing].start, self._tokens[closing].start + 1, " if "))

    def _statements(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        start: int | None = None
        for at in (*self._level(first, last), last):
            token = self._tokens[at] if at < len(self._tokens) else None
            ends = at == last or (token is not None and (token.kind == "newline" or token.text == ";"))
            if ends and start is not None:
                yield start, at
                start = None
            elif not ends and start is None and token is not None and token.kind not in ("space", "comment"):
                start = at

    def _bound_by(self, first: int, last: int) -> Iterator[str]:
        """Names that a statement gives values to: indexes of references, what it assigns, what it goes through."""
        level = list(self._level(first, last))
        marks = {self._tokens[at].text: at for at in reversed(level)}
        if self._tokens[first].text == "not":
            return
        if self._tokens[first].text == "some":
            yield from self._names(range(first + 1, marks.get("in", first)))
        elif ":=" in marks:
            yield from self._names(range(first, marks[":="]))
        elif "=" in marks:
            yield from self._names(range(first, last))
        for start, end in self._references(first, last):
            yield from self._names(range(start + 1, end))

    def _names(self, tokens: Iterable[int]) -> Iterator[str]:
        return (self._tokens[at].text for at in tokens if self._tokens[at].kind == "name")

    def _outside(self, first: int) -> set[str]:
        """Names that bind from outside of a query: a function's parameters, and the queries around it."""
        assert self._ends is not None
        rule = next((at for at in range(first, -1, -1) if self._begins_rule(at)), 0)
        around = [opening for opening, closing in self._ends.items() if opening < first - 1 and closing >= first]
        start = min((opening for opening in around if self._is_query(opening)), default=first)
        called = rule + 1 < first and self._tokens[rule + 1].text == "("
        parameters = range(rule + 1, self._ends[rule + 1]) if called else range(0)
        return set(self._names((*parameters, *range(start, first))))

    def _is_query(self, opening: int) -> bool:
        braces = self._tokens[opening].text == "{" and self._is_body(opening)
        return braces or self._bar(opening, (self._ends or {})[opening]) is not None

    def _begins_rule(self, at: int) -> bool:
        return self._tokens[at].kind == "name" and (at == 0 or self._tokens[at - 1].kind == "newline")

    def _references(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Whole references that have an index with a variable; queries within are looked at by themselves."""
        assert self._ends is not None
        at = first
        while at < last:
            token = self._tokens[at]
            if token.text in _OPEN and token.kind == "mark":
                closing = self._ends[at]
                query = token.text == "{" and self._is_body(at)
                if self._bar(at, closing) is None and not query:
                    yield from self._references(at + 1, closing)
                at = closing + 1
            elif token.kind == "name" and token.text not in _KEYWORDS:
                end, varies = self._reference(at, last)
                if varies and not (end < last and self._tokens[end].text == "("):
                    yield at, end
                at = end
            else:
                at += 1

    def _reference(self, at: int, last: int) -> tuple[int, bool]:
        """Where a reference ends, and whether an index of it has a variable."""
        assert self._ends is not None
        at, varies = at + 1, False
        while at < last:
            if self._tokens[at].text == "." and at + 1 < last and self._tokens[at + 1].kind == "name":
                at += 2
            elif self._tokens[at].text == "[":
                inside = range(at + 1, self._ends[at])
                varies = varies or any(self._tokens[one].kind == "name" for one in inside)
                at = self._ends[at] + 1
            else:
                break
        return at, varies

    def _uses(self, first: int, last: int) -> bool:
        """Whether an expression calls a function or asks `in`."""
        assert self._ends is not None
        for at in range(first, last):
            token = self._tokens[at]
            if token.kind == "name" and token.text == "in":
                return True
            called = at + 1 < last and self._tokens[at + 1].text == "("
            if token.kind == "name" and called and (token.text not in _KEYWORDS or token.text == "contains"):
                return True
        return False

    def _refuse(self, references: list[tuple[int, int]], known: set[str]) -> None:
        for first, end in references:
            for at in range(first + 1, end):
                token = self._tokens[at]
                indexed = token.kind == "name" and self._tokens[at - 1].text == "[" and token.text not in known
                if indexed and token.text != "_":
                    raise Unbound(token.text, self._source.count("\n", 0, token.start) + 1)

    def _take_out(self, start: int, end: int, references: list[tuple[int, int]], braced: bool) -> None:
        named: list[tuple[str, str]] = []
        for first, last in references:
            begins, stop = self._tokens[first].start, self._tokens[last - 1].start + len(self._tokens[last - 1].text)
            self._count += 1
            named.append((f"shoreward_{self._count}", self._source[begins:stop]))
            self._edits.append((begins, stop, named[-1][0]))
        at = self._tokens[start].start
        lines = "".join(f"{name} := {text}; " for name, text in named)
        self._edits.append((at, at, lines if braced else f"{{ {lines}"))
        if not braced:
            close = self._tokens[end].start if end < len(self._tokens) else len(self._source)
            self._edits.append((close, close, " }"))
