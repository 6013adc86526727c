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

from collections.abc import Iterable, Iterator
from itertools import count

from shoreward.adapters.policy.engines.tokens import KEYWORDS, OPEN, matched, tokens_of

_BEFORE_BODY = frozenset((")", "]", "}"))


class Unbound(Exception):
    """A variable under `not` that nothing else binds; `line` counts from 1."""

    def __init__(self, name: str, line: int) -> None:
        super().__init__(name, line)
        self.name = name
        self.line = line


def bound(text: str) -> str:
    """The same rules, with references taken out of where they would not be evaluated. Raises `Unbound`."""
    names = count(1)
    while (plainer := _Rewriting(text, names, within=True).text()) != text:
        text = plainer
    return _Rewriting(text, names).text()


class _Rewriting:
    """One way through a source.

    Args:
        names: numbers for what is taken out.
        within: take out only references that stand in the index of another one (`kinds[input.Resources[name].Type]`),
            and say `some` with two names in other words.
    """

    def __init__(self, text: str, names: Iterator[int], *, within: bool = False) -> None:
        self._source = text
        self._names_made = names
        self._within = within
        self._tokens = tokens_of(text)
        self._ends = matched(self._tokens)
        self._edits: list[tuple[int, int, str]] = []

    def text(self) -> str:
        """The rewritten source; what has brackets that do not match is left to the parser's complaint."""
        if self._ends is None:
            return self._source
        for first, last, braced in list(self._bodies()):
            self._body(first, last, braced)
        if not self._within:
            self._old_sets()
        made: list[str] = []
        at = 0
        for start, end, new in sorted(self._edits):
            made += [self._source[at:start], new]
            at = end
        return "".join(made) + self._source[at:]

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
            return token.text not in KEYWORDS or token.text in ("if", "else", "true", "false", "null")
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
        if self._within:
            for start, end in statements:
                self._plainer(start, end, first, braced)
            return
        known = {name for start, end in statements for name in self._bound_by(start, end)} | self._outside(first)
        for start, end in statements:
            references = list(self._references(start, end))
            if self._tokens[start].text == "not":
                self._refuse(references, known)
            elif references and (len(references) > 1 or self._uses(start, end)):
                self._take_out(start, end, references, braced)

    def _plainer(self, start: int, end: int, first: int, braced: bool) -> None:
        if self._tokens[start].text == "some" and self._tokens[first - 1].text == "|":
            self._some_of_two(start, end)
        if self._tokens[start].text == "not":
            return
        self._assigned(start, end)
        inner = [one for at, stop in self._references(start, end) for one in self._indexes(at, stop)]
        if inner:
            self._take_out(start, end, inner[:1], braced)

    def _assigned(self, start: int, end: int) -> None:
        """`x := a[n].b` becomes `x = a[n].b`: indexing a set or an object with the former ends rego-cpp's process."""
        words = [at for at in range(start, end) if self._tokens[at].means]
        if len(words) < 4 or self._tokens[words[0]].kind != "name" or self._tokens[words[1]].text != ":=":
            return
        if self._tokens[words[0]].text in {*self._declared(), "_"}:
            return
        if [(words[2], words[-1] + 1)] == list(self._references(words[2], end)):
            mark = self._tokens[words[1]].start
            self._edits.append((mark, mark + 2, "="))

    def _declared(self) -> set[str]:
        """Names of rules and imports: one of them is another thing with `:=` than it is with `=`."""
        found = {self._tokens[at].text for at in range(len(self._tokens)) if self._begins_rule(at)}
        for line in self._source.splitlines():
            if line.startswith("import "):
                found.add(line.split("#")[0].replace(".", " ").split()[-1])
        return found

    def _indexes(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """References with a variable index that stand in an index of a reference."""
        assert self._ends is not None
        for at in range(first, last):
            if self._tokens[at].text == "[" and self._tokens[at].kind == "mark":
                yield from self._references(at + 1, self._ends[at])

    def _some_of_two(self, start: int, end: int) -> None:
        """`some k, v in x` begins no comprehension that rego-cpp could read; `v := x[k]` does."""
        words = [at for at in range(start, end) if self._tokens[at].means]
        match [self._tokens[at].text for at in words[:5]]:
            case ["some", key, ",", value, "in"] if key.isidentifier() and value.isidentifier():
                number = next(self._names_made)
                begins, rest = self._tokens[start].start, self._tokens[words[4]].start + 2
                kept = f"shoreward_{number}_v" if value == "_" else value
                name = f"shoreward_{number}_k" if key == "_" else key
                stop = self._tokens[end].start if end < len(self._tokens) else len(self._source)
                self._edits.append((begins, rest, f"shoreward_{number} :="))
                self._edits.append((stop, stop, f"; some {name}; {kept} := shoreward_{number}[{name}]"))
            case _:
                pass

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
            if token.text in OPEN and token.kind == "mark":
                closing = self._ends[at]
                query = token.text == "{" and self._is_body(at)
                if self._bar(at, closing) is None and not query:
                    yield from self._references(at + 1, closing)
                at = closing + 1
            elif token.kind == "name" and token.text not in KEYWORDS:
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
            if token.kind == "name" and called and (token.text not in KEYWORDS or token.text == "contains"):
                return True
        return False

    def _refuse(self, references: list[tuple[int, int]], known: set[str]) -> None:
        for first, end in references:
            for at in range(first + 1, end):
                token = self._tokens[at]
                indexed = token.kind == "name" and self._tokens[at - 1].text == "[" and token.text not in known
                if indexed and token.text != "_" and self._tokens[at + 1].text not in (".", "[", "("):
                    raise Unbound(token.text, self._source.count("\n", 0, token.start) + 1)

    def _take_out(self, start: int, end: int, references: list[tuple[int, int]], braced: bool) -> None:
        named: list[tuple[str, str]] = []
        for first, last in references:
            begins, stop = self._tokens[first].start, self._tokens[last - 1].start + len(self._tokens[last - 1].text)
            named.append((f"shoreward_{next(self._names_made)}", self._source[begins:stop]))
            self._edits.append((begins, stop, named[-1][0]))
        at = self._tokens[start].start
        sign = "=" if self._within else ":="
        lines = "".join(f"{name} {sign} {text}; " for name, text in named)
        self._edits.append((at, at, lines if braced else f"{{ {lines}"))
        if not braced:
            close = self._tokens[end].start if end < len(self._tokens) else len(self._source)
            self._edits.append((close, close, " }"))
