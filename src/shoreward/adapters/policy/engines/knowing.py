"""Names in Rego that stand for nothing: what OPA refuses to compile, and rego-cpp takes for undefined.

A rule with a misspelt name (`limts.max`), with a variable that nothing gives a value to, with an argument too many, or
with data that nobody loaded finds nothing, whatever it is given: a policy that never fails. So it is refused, with its
line. Where it cannot be told from the words alone whether a name gets a value, it is taken to get one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shoreward.adapters.policy.engines.functions import NAMESPACES, NOT_HERE, TAKEN
from shoreward.adapters.policy.engines.tokens import KEYWORDS, OPEN, Token, matched, tokens_of

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong on a line (from 1) of a file."""

    file: int
    line: int
    words: str


@dataclass(slots=True)
class _Package:
    rules: set[str] = field(default_factory=set[str])
    functions: dict[str, set[int]] = field(default_factory=dict[str, set[int]])


def mistakes(files: Mapping[int, str]) -> Iterator[Mistake]:
    """Names that stand for nothing, in the order of the files; what cannot be taken apart is left to the parser."""
    modules = {file: _Module(text) for file, text in files.items()}
    packages: dict[Path, _Package] = {}
    for module in modules.values():
        module.declare(packages.setdefault(module.package, _Package()))
    for file, module in modules.items():
        yield from (Mistake(file, line, words) for line, words in module.mistakes(packages))


class _Module:
    def __init__(self, text: str) -> None:
        self._text = text
        every = tokens_of(text)
        self._firsts = {one.start for at, one in enumerate(every) if one.means and not _line_has(every, at)}
        self._tokens = [one for one in every if one.means]
        self._ends = matched(self._tokens)
        self.package: Path = ()
        self._imports: dict[str, Path] = {}
        self._spans: list[tuple[int, int]] = []
        if self._ends is not None:
            self._outline()

    def declare(self, package: _Package) -> None:
        """Tell which rules and functions there are."""
        if self._ends is None:
            return
        for first, _ in self._spans:
            name = self._tokens[first].text
            package.rules.add(name)
            if self._at(first + 1) == "(":
                package.functions.setdefault(name, set()).add(self._arguments(first + 1))

    def mistakes(self, packages: Mapping[Path, _Package]) -> Iterator[tuple[int, str]]:
        """Lines and words."""
        if self._ends is None:
            return
        own = packages[self.package]
        for alias, path in self._imports.items():
            if path[0] == "data" and not _there(path[1:], packages):
                yield self._line_of(alias), f"{'.'.join(path)} is in no rule file, and data files are not read"
        for first, last in self._spans:
            given = {*self._given(first, last), *own.rules, *self._imports, "input", "data", "_"}
            for at in range(first, last):
                if words := self._wrong(at, given, own, packages):
                    yield self._text.count("\n", 0, self._tokens[at].start) + 1, words

    def _wrong(self, at: int, given: set[str], own: _Package, packages: Mapping[Path, _Package]) -> str:
        token = self._tokens[at]
        if token.text == "_" and self._at(at + 1) == "in" and not self._quantified(at):
            return "what `_` stands for is not known where `in` asks for a member: write `some` before it"
        if token.kind != "name" or token.text in KEYWORDS or self._at(at - 1) == ".":
            return ""
        path, end = self._path(at)
        base = token.text
        if self._at(at - 1) == "with" and (base == "data" or (base in NAMESPACES and end > at + 1)):
            return ""
        called = self._at(end) == "(" and self._tokens[end].start == _end(self._tokens[end - 1])
        if called and ".".join(path) in NOT_HERE:
            return f"{'.'.join(path)} {NOT_HERE['.'.join(path)]}, so it is not to be had here"
        full: Path = (*self._imports[base], *path[1:]) if base in self._imports else path
        if full[:1] == ("data",) and base not in self._replaced() and not _there(full[1:], packages):
            return "" if self._mocked(full) else f"{'.'.join(full)} is in no rule file, and data files are not read"
        if called:
            return self._miscalled(path, full, end, own, packages)
        return "" if base in given else f"{base} is no rule, no import, and nothing gives it a value"

    def _quantified(self, at: int) -> bool:
        """Whether `some` or `every` stands before names that are followed by `in`."""
        while at >= 0 and (self._tokens[at].kind in ("name", "string", "number") or self._at(at) == ","):
            if self._at(at) in ("some", "every"):
                return True
            at -= 1
        return False

    def _miscalled(self, path: Path, full: Path, opening: int, own: _Package, packages: Mapping[Path, _Package]) -> str:
        package = packages.get(full[1:-1]) if full[:1] == ("data",) else own if len(path) == 1 else None
        wanted = package.functions.get(full[-1]) if package else None
        given = self._arguments(opening)
        if not wanted or any(given in (count, count + 1) for count in wanted):
            return ""
        return f"{'.'.join(path)} is given {given} values, and takes {' or '.join(map(str, sorted(wanted)))}"

    def _outline(self) -> None:
        """Package, imports and where rules begin: words that are the first on their line, outside of any group."""
        assert self._ends is not None
        starts: list[int] = []
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.kind == "name" and token.start in self._firsts:
                match token.text:
                    case "package":
                        self.package, _ = self._path(at + 1)
                    case "import":
                        self._import(at + 1)
                    case "default":
                        starts.append(at + 1)
                    case name if name not in KEYWORDS and not (at and self._at(at - 1) == "if"):
                        starts.append(at)
                    case _:
                        pass
            at = self._ends.get(at, at) + 1
        self._spans = list(zip(starts, [*starts[1:], len(self._tokens)], strict=True))

    def _import(self, at: int) -> None:
        path, end = self._path(at)
        if path[0] in ("rego", "future"):
            return
        alias = self._at(end + 1) if self._at(end) == "as" else path[-1]
        self._imports[alias] = path

    def _given(self, first: int, last: int) -> Iterator[str]:
        """Names that may get a value in a rule."""
        assert self._ends is not None
        body = self._body(first, last)
        if self._at(first + 1) == "(":
            yield from self._names(first + 2, self._ends[first + 1])
        for at in range(first, last):
            match self._at(at):
                case "some" | "every":
                    stop = next((one for one in range(at, last) if self._at(one) == "in"), at)
                    # Without `in` a name is declared, and something else has to find its values.
                    yield from () if self._breaks(at, stop) else self._names(at + 1, stop)
                case ":=" if at >= body or self._inside(at, first):
                    yield from self._names(self._begins(at, first), at)
                case "=" if at >= body or self._inside(at, first):
                    yield from self._names(self._begins(at, first), self._stops(at, last))
                case "[" if at > first and self._is_index(at) and (at >= body or self._inside(at, first)):
                    yield from self._names(at + 1, self._ends[at])
                case "(" if at > first and self._tokens[at - 1].kind == "name":
                    yield from self._answers(at)
                case _:
                    pass

    def _answers(self, opening: int) -> Iterator[str]:
        """Names that a function puts its answer into: the last of the values that it is given, if that is one more."""
        assert self._ends is not None
        name = opening - 1
        while self._at(name - 1) == ".":
            name -= 2
        takes = TAKEN.get(".".join(self._path(name)[0]))
        if takes is not None and self._arguments(opening) <= takes:
            return
        last = max((at for at in self._level(opening + 1, self._ends[opening]) if self._at(at) == ","), default=None)
        if last is not None:
            yield from self._names(last + 1, self._ends[opening])

    def _body(self, first: int, last: int) -> int:
        """Where a rule's head ends."""
        for at in self._level(first, last):
            if self._at(at) == "if" or (self._at(at) == "{" and at > first and self._at(at - 1) not in ("=", ":=")):
                return at
        return last

    def _inside(self, at: int, first: int) -> bool:
        """Whether something stands in a group of its rule's head, where a comprehension may give values."""
        assert self._ends is not None
        return any(
            first < opening < at < closing and not (self._is_index(opening) and opening == first + 1)
            for opening, closing in self._ends.items()
        )

    def _begins(self, at: int, first: int) -> int:
        """Where the expression before an assignment begins."""
        assert self._ends is not None
        openings = {closing: opening for opening, closing in self._ends.items()}
        while at > first:
            before = at - 1
            if before in openings:
                before = openings[before]
            elif self._at(before) in (";", "|", "if", *OPEN):
                return at
            at = before
            if self._tokens[at].start in self._firsts:
                return at
        return at

    def _stops(self, at: int, last: int) -> int:
        for one in self._level(at + 1, last):
            if self._at(one) in (";", *OPEN.values()) or self._tokens[one].start in self._firsts:
                return one
        return last

    def _breaks(self, first: int, last: int) -> bool:
        return first == last or any(
            self._at(one) in (";", "}") or self._tokens[one].start in self._firsts for one in range(first + 1, last)
        )

    def _is_index(self, opening: int) -> bool:
        before = self._tokens[opening - 1]
        close = _end(before) == self._tokens[opening].start
        return close and ((before.kind == "name" and before.text not in KEYWORDS) or before.text in ("]", ")", "}"))

    def _names(self, first: int, last: int) -> Iterator[str]:
        """Variables in a range; not what is referred into, called, or a field."""
        for at in range(first, last):
            token = self._tokens[at]
            if token.kind == "name" and token.text not in KEYWORDS and self._at(at - 1) != ".":
                after = self._at(at + 1)
                referred = after in (".", "(", "[") and self._tokens[at + 1].start == _end(token)
                if not referred:
                    yield token.text

    def _level(self, first: int, last: int) -> Iterator[int]:
        assert self._ends is not None
        at = first
        while at < last:
            yield at
            at = self._ends.get(at, at) + 1

    def _arguments(self, opening: int) -> int:
        assert self._ends is not None
        closing = self._ends[opening]
        commas = sum(self._at(at) == "," for at in self._level(opening + 1, closing))
        trailing = self._at(closing - 1) == ","
        return 0 if closing == opening + 1 else commas + 1 - trailing

    def _path(self, at: int) -> tuple[Path, int]:
        """The dotted name that begins at a token, and where it ends."""
        names = [self._at(at)]
        at += 1
        while self._at(at) == "." and at + 1 < len(self._tokens) and self._tokens[at + 1].kind == "name":
            names.append(self._at(at + 1))
            at += 2
        return tuple(names), at

    def _replaced(self) -> set[str]:
        return {self._path(at + 1)[0][0] for at in range(len(self._tokens)) if self._at(at) == "with"} - {"data"}

    def _mocked(self, full: Path) -> bool:
        """Whether some `with` gives the data that is asked for."""
        given = [self._path(at + 1)[0] for at in range(len(self._tokens)) if self._at(at) == "with"]
        return any(path == full[: len(path)] for path in given)

    def _line_of(self, alias: str) -> int:
        found = next((one for one in self._tokens if one.text == alias), self._tokens[0])
        return self._text.count("\n", 0, found.start) + 1

    def _at(self, at: int) -> str:
        found = self._tokens[at] if 0 <= at < len(self._tokens) else None
        return "" if found is None or found.kind == "string" else found.text


def _there(path: Path, packages: Mapping[Path, _Package]) -> bool:
    """Whether data has something under a path: a package, what is in one, or what is on the way to one."""
    for package, content in packages.items():
        if package[: len(path)] == path:
            return True
        if path[: len(package)] == package and path[len(package)] in content.rules:
            return True
    return False


def _line_has(tokens: Sequence[Token], at: int) -> bool:
    """Whether something stands before a token on its line."""
    before = at - 1
    while before >= 0 and tokens[before].kind in ("space", "comment"):
        before -= 1
    return before >= 0 and tokens[before].kind != "newline"


def _end(token: Token) -> int:
    return token.start + len(token.text)
