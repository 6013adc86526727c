"""Parser events to values and the places of those values.

Between PyYAML's parser and `spec.yaml`. PyYAML's own composer is not used: its recursion turns a deeply nested file
into a crash of the process, and nothing bounds what its aliases expand to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

import yaml

from shoreward.domain import Place, SpecError, SpecErrors
from shoreward.spec._scalars import STANDARD, plain, tagged
from shoreward.spec._tags import LONG_FORM, argument
from shoreward.spec._words import did_you_mean

DEPTH = 100
"""Levels of nesting that a file may have."""

EXPANSION = 100_000
"""Values that all aliases of a file together may stand for."""

Step = str | int
_Position = tuple[int, int]


@dataclass(slots=True)
class Spot:
    """Where a value was written, line and column from 1: the value's shape, with places instead of contents.

    Attributes:
        text: a scalar as it was written, without quotes; None for mappings and sequences.
        keys: where each key of a mapping was written.
        inner: the spots of the values in a mapping or sequence.
    """

    line: int
    column: int
    text: str | None = None
    keys: dict[Step, _Position] = field(default_factory=dict[Step, _Position])
    inner: dict[Step, Spot] = field(default_factory=dict[Step, "Spot"])


def compose(text: str, file: str, *, intrinsics: bool) -> tuple[dict[str, Any], Spot]:
    """The one mapping that a text holds, and its places; raises SpecError, or SpecErrors for several mistakes.

    Args:
        intrinsics: whether CloudFormation's tags mean something in this file.
    """
    return _Composer(text, file, LONG_FORM if intrinsics else {}).document()


@dataclass(frozen=True, slots=True)
class _Node:
    """A value under construction; size counts every value in it."""

    value: Any
    spot: Spot
    size: int = 1


class _Composer:
    """Builds values from parser events; what can be complained about without losing the thread is collected."""

    def __init__(self, text: str, file: str, intrinsics: Mapping[str, str]) -> None:
        self.file = file
        self.intrinsics = intrinsics
        self.text = text
        self.errors: list[SpecError] = []
        self.anchors: dict[str, _Node | None] = {}
        self.expanded = 0
        self.events = self._events()

    def _events(self) -> Iterator[yaml.Event]:
        try:
            parser = cast("Any", getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self.text))
            while (event := parser.get_event()) is not None:
                yield event
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except (yaml.YAMLError, UnicodeError, ValueError) as error:
            self._fatal("YAML_SYNTAX", f"This is not YAML: {error}.", (1, 1))

    def document(self) -> tuple[dict[str, Any], Spot]:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            self._fatal("YAML_TOP_LEVEL", "The file is empty.", (1, 1), "Write a mapping: lines of `key: value`.")
        root = self._node(next(self.events), 0)
        next(self.events)
        if not isinstance(more := next(self.events), yaml.StreamEndEvent):
            self._fatal("YAML_DOCUMENTS", "A second document begins here.", _at(more), "Keep one document in a file.")
        if not isinstance(cast("object", root.value), dict):
            at = root.spot.line, root.spot.column
            advice = "Write a mapping: lines of `key: value`."
            self._fatal("YAML_TOP_LEVEL", "The top level is not a mapping.", at, advice)
        if self.errors:
            self._raise()
        return cast("dict[str, Any]", root.value), root.spot

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        if depth > DEPTH:
            self._fatal("YAML_TOO_DEEP", f"The file is nested more than {DEPTH} levels deep.", _at(event))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor = cast("yaml.NodeEvent", event).anchor
        if anchor:
            self.anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(cast("yaml.MappingStartEvent", event), depth)
        if anchor:
            self.anchors[anchor] = node
        return node

    def _alias(self, event: yaml.AliasEvent) -> _Node:
        name = str(event.anchor)
        if name not in self.anchors:
            advice = did_you_mean(name, self.anchors)
            self._fatal("YAML_ALIAS", f"There is no anchor &{name} above.", _at(event), advice)
        node = self.anchors[name]
        if node is None:
            self._fatal("YAML_ALIAS", f"The alias *{name} contains itself.", _at(event), "Write the value out.")
        self.expanded += node.size
        if self.expanded > EXPANSION:
            what = f"The aliases of this file stand for more than {EXPANSION} values."
            self._fatal("YAML_TOO_LARGE", what, _at(event), "Write out what is needed.")
        return _Node(_copy(node.value), node.spot, node.size)

    def _scalar(self, event: yaml.ScalarEvent) -> _Node:
        text, tag = event.value, event.tag
        node = _Node(plain(text) if event.style == "" else text, Spot(*_at(event), text))
        if tag is None:
            return node
        if tag == "!":
            return _Node(text, node.spot)
        if not tag.startswith(STANDARD):
            return self._intrinsic(tag, node, event)
        try:
            return _Node(tagged(text, tag), node.spot)
        except ValueError:
            what = f"'{text[:40]}' is no !!{tag.removeprefix(STANDARD)}."
            self._complain("YAML_TAG", what, _at(event), "Remove the tag.")
            return node

    def _sequence(self, event: yaml.SequenceStartEvent, depth: int) -> _Node:
        spot = Spot(*_at(event))
        values: list[Any] = []
        size = 1
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            node = self._node(item, depth + 1)
            spot.inner[len(values)] = node.spot
            values.append(node.value)
            size += node.size
        return self._intrinsic(event.tag, _Node(values, spot, size), event, own=STANDARD + "seq")

    def _mapping(self, event: yaml.MappingStartEvent, depth: int) -> _Node:
        spot = Spot(*_at(event))
        values: dict[str, Any] = {}
        merged: list[_Node] = []
        size = 1
        while not isinstance(item := next(self.events), yaml.MappingEndEvent):
            key = self._key(item, depth)
            node = self._node(next(self.events), depth + 1)
            size += node.size
            if key is None:
                continue
            if key == "<<" and cast("yaml.ScalarEvent", item).style == "":
                merged += self._merged(node, _at(item))
            elif key in values:
                first = spot.keys[key][0]
                self._complain("YAML_DUPLICATE_KEY", f"'{key}' is already in line {first}.", _at(item), "Keep one.")
            else:
                values[key], spot.keys[key], spot.inner[key] = node.value, _at(item), node.spot
        for other in merged:
            _fill(values, spot, other)
        return self._intrinsic(event.tag, _Node(values, spot, size), event, own=STANDARD + "map")

    def _key(self, event: yaml.Event, depth: int) -> str | None:
        """A mapping's key as text: `200` in an API's responses and `on` mean what they say. None: complained about."""
        if isinstance(event, yaml.ScalarEvent) and event.tag in (None, "!", STANDARD + "str"):
            if event.value or event.style:
                return event.value
            self._complain("YAML_KEY", "A key is missing before the colon.", _at(event))
            return None
        self._node(event, depth + 1)
        self._complain("YAML_KEY", "A key must be plain text.", _at(event), "Write it as text, in quotes if need be.")
        return None

    def _merged(self, node: _Node, at: _Position) -> list[_Node]:
        """The mappings that `<<` names; the first that knows a key wins, and the mapping's own keys win over all."""
        parts = [node]
        if isinstance(cast("object", node.value), list):
            parts = [_Node(value, node.spot.inner[i]) for i, value in enumerate(node.value)]
        if all(isinstance(part.value, dict) for part in parts):
            return parts
        self._complain("YAML_MERGE", "'<<' must name a mapping or a list of mappings.", at)
        return []

    def _intrinsic(self, tag: str | None, node: _Node, event: yaml.Event, own: str = "") -> _Node:
        """The long form of a value with a CloudFormation tag; `own` is the tag that YAML itself has for it."""
        if tag in (None, "!", own):
            return node
        if tag not in self.intrinsics:
            shown = tag.replace(STANDARD, "!!")
            advice = did_you_mean(shown, self.intrinsics) or "Remove it, or quote the text that begins with it."
            self._complain("YAML_TAG", f"The tag {shown} is unknown here.", _at(event), advice)
            return node
        key = self.intrinsics[tag]
        outer = Spot(*_at(event), inner={key: node.spot}, keys={key: _at(event)})
        return _Node({key: argument(tag, node.value)}, outer, node.size + 1)

    def _syntax(self, error: yaml.MarkedYAMLError) -> NoReturn:
        lines = self.text.split("\n")
        begin = error.context_mark
        mark = error.problem_mark or begin
        if begin and mark and not self.text[mark.index :].strip():
            mark = begin  # nothing stands at the file's end: what was not closed is where to look
        at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        first = lines[at[0] - 1][at[1] - 1 : at[1]] if at[0] <= len(lines) else ""
        if "cannot start any token" in str(error.problem):
            if first == "\t":
                self._fatal("YAML_TAB", "A tab cannot indent YAML.", at, "Use spaces.")
            self._fatal("YAML_SYNTAX", f"A value cannot begin with {first} unless it is quoted.", at, "Quote it.")
        context = f", {error.context}" if error.context else ""
        if context and begin:
            context += f" that begins at line {begin.line + 1}, column {begin.column + 1}"
        self._fatal("YAML_SYNTAX", f"This is not YAML: {error.problem}{context}.", at)

    def _complain(self, code: str, what: str, at: _Position, next: str = "") -> None:
        self.errors.append(SpecError(code, what, where=Place(file=self.file, line=at[0], column=at[1]), next=next))

    def _fatal(self, code: str, what: str, at: _Position, next: str = "") -> NoReturn:
        self._complain(code, what, at, next)
        self._raise()

    def _raise(self) -> NoReturn:
        raise self.errors[0] if len(self.errors) == 1 else SpecErrors(tuple(self.errors))


def _at(event: yaml.Event) -> _Position:
    mark = cast("Any", event.start_mark)
    return mark.line + 1, mark.column + 1


def _copy(value: Any) -> Any:
    """A value of one's own: who changes what one alias stands for does not change the others."""
    match value:
        case dict():
            return {key: _copy(inner) for key, inner in cast("dict[str, Any]", value).items()}
        case list():
            return [_copy(inner) for inner in cast("list[Any]", value)]
        case _:
            return value


def _fill(values: dict[str, Any], spot: Spot, other: _Node) -> None:
    for key in other.value:
        if key not in values:
            values[key] = other.value[key]
            spot.keys[key] = other.spot.keys.get(key, (other.spot.line, other.spot.column))
            spot.inner[key] = other.spot.inner.get(key, other.spot)
