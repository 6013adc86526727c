"""The shapes that values in a file may have: how they are read, and how a JSON Schema says the same.

Under `spec._format`, which describes `shoreward.yaml` with them. Each shape knows both halves, so that what an editor
accepts and what `load` accepts cannot drift apart. A shape never raises: it complains to the `At` that it is given and
returns None, so that one reading finds every mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from shoreward.domain import Place, SpecError
from shoreward.spec._compose import Step
from shoreward.spec._words import did_you_mean, nearest
from shoreward.spec.yaml import Document

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class At:
    """A place in a document that is being read, and where complaints about it go."""

    document: Document
    errors: list[SpecError]
    path: tuple[Step, ...] = ()

    def __truediv__(self, step: Step) -> At:
        return At(self.document, self.errors, (*self.path, step))

    @property
    def text(self) -> str:
        """The scalar here, as it was written."""
        return self.document.text(self.path) or ""

    @property
    def place(self) -> Place:
        """Where this value stands."""
        return self.document.place(self.path)

    @property
    def line(self) -> int | None:
        """The line of this value."""
        return self.place.line

    def holds(self, key: str) -> bool:
        """Whether a mapping stands here that has a key."""
        return self.document.has((*self.path, key))

    @property
    def name(self) -> str:
        """What to call this place in a sentence."""
        match self.path:
            case (*_, str(key)):
                return f"'{key}'"
            case (*_, str(key), int(index)):
                return f"Entry {index + 1} of '{key}'"
            case _:
                return "The file"

    def complain(self, code: str, what: str, next: str = "", *, key: bool = False) -> None:
        """Note a mistake at this value, or at its key."""
        self.errors.append(SpecError(code, what, where=self.document.place(self.path, key=key), next=next))

    def mistyped(self, value: object, wanted: str, next: str = "") -> None:
        """Note that the value here is of another kind than the one that is wanted."""
        if value is None:
            self.complain("SPEC_TYPE", f"{self.name} has no value.", f"Write {wanted}, or remove the line.", key=True)
        else:
            self.complain("SPEC_TYPE", f"{self.name} must be {wanted}, not {kind(value)}.", next)


def kind(value: object) -> str:
    """What a person would call the kind of a value."""
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


class Shape(Protocol):
    """What a value may be."""

    def read(self, value: Any, at: At) -> Any | None:
        """The value as the domain wants it, or None after complaining."""
        ...

    def schema(self) -> Schema:
        """The same as a JSON Schema."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a record.

    Attributes:
        about: one or two sentences for editors and for the reference.
        default: what the file would say to get what leaving the key out gives; None when that is nothing.
    """

    key: str
    shape: Shape
    about: str
    required: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys; read into a dict that holds the keys that were there and right."""

    title: str
    fields: tuple[Field, ...]

    def read(self, value: Any, at: At) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return at.mistyped(value, f"a mapping ({', '.join(field.key for field in self.fields)})")
        content = cast("dict[str, Any]", value)
        known = {field.key: field for field in self.fields}
        meant = {self._unknown(key, known, at) for key in content if key not in known}
        found: dict[str, Any] = {}
        for field in self.fields:
            if field.key in content:
                result = field.shape.read(content[field.key], at / field.key)
                if result is not None:
                    found[field.key] = result
            elif field.required and field.key not in meant:
                at.complain("SPEC_REQUIRED", f"'{field.key}' is missing in {self.title}.", f"Add it: {field.about}")
        return found

    def _unknown(self, key: str, known: Mapping[str, Field], at: At) -> str | None:
        """Complain about a key; returns the known one that was probably meant."""
        home = HOMES.get(key)
        lost = home is not None and not nearest(key, known, likeness=0.8)
        advice = f"It belongs in {home}." if lost else did_you_mean(key, known)
        (at / key).complain("SPEC_UNKNOWN_KEY", f"{self.title.capitalize()} has no key '{key}'.", advice, key=True)
        return None if lost else nearest(key, known)

    def schema(self) -> Schema:
        properties: Schema = {}
        for field in self.fields:
            properties[field.key] = {"description": field.about, **field.shape.schema()}
            if field.default is not None:
                properties[field.key]["default"] = field.default
        required = [field.key for field in self.fields if field.required]
        result: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
        return {**result, "required": required} if required else result


HOMES: dict[str, str] = {}
"""Where a key that is known somewhere belongs, for whoever wrote it one level off; filled by `spec._format`."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list; with `empty` (a code and advice) it must not be empty, with `distinct` nothing may stand in it twice."""

    item: Shape
    empty: tuple[str, str] | None = None
    distinct: bool = False

    def read(self, value: Any, at: At) -> list[Any] | None:
        if not isinstance(value, list):
            return at.mistyped(value, "a list", f"Write [{at.text}]." if isinstance(value, (str, int, float)) else "")
        items = cast("list[Any]", value)
        if not items and self.empty:
            code, advice = self.empty
            return at.complain(code, f"{at.name} is empty.", advice, key=True)
        for index, item in enumerate(items):
            if self.distinct and item in items[:index]:
                (at / index).complain("SPEC_TWICE", f"'{item}' is already in the list.", "Keep one.")
        return [self.item.read(item, at / index) for index, item in enumerate(items)]

    def schema(self) -> Schema:
        result: Schema = {"type": "array", "items": self.item.schema()}
        if self.empty:
            result["minItems"] = 1
        return {**result, "uniqueItems": True} if self.distinct else result


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping whose keys the writer chooses, within the shape that keys have."""

    key: Shape
    item: Shape
    empty: tuple[str, str] | None = None

    def read(self, value: Any, at: At) -> dict[str, Any] | None:
        if not isinstance(value, dict):
            return at.mistyped(value, "a mapping")
        content = cast("dict[str, Any]", value)
        if not content and self.empty:
            code, advice = self.empty
            return at.complain(code, f"{at.name} is empty.", advice, key=True)
        for key in content:
            self.key.read(key, _KeyAt(at.document, at.errors, (*at.path, key)))
        return {key: self.item.read(item, at / key) for key, item in content.items()}

    def schema(self) -> Schema:
        result: Schema = {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.item.schema(),
        }
        return {**result, "minProperties": 1} if self.empty else result


class _KeyAt(At):
    """The place of a key: complaints about it point at the key."""

    __slots__ = ()

    def complain(self, code: str, what: str, next: str = "", *, key: bool = True) -> None:
        del key
        At.complain(self, code, what, next, key=True)


@dataclass(frozen=True, slots=True)
class TextOr:
    """A short form in text, or the long form as a mapping; text is read as the mapping's one key."""

    text: Shape
    key: str
    record: Record

    def read(self, value: Any, at: At) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return self.record.read(cast("dict[str, Any]", value), at)
        result = self.text.read(value, at)
        return None if result is None else {self.key: result}

    def schema(self) -> Schema:
        return {"anyOf": [self.text.schema(), self.record.schema()]}


@dataclass(frozen=True, slots=True)
class ListOrWord:
    """A list, or a word that leaves it to Shoreward, which may also be said as a mapping of options.

    Read as a list, or as a dict for the word and the mapping.
    """

    items: ListOf
    word: str
    record: Record

    def read(self, value: Any, at: At) -> list[Any] | dict[str, Any] | None:
        if isinstance(value, dict):
            return self.record.read(cast("dict[str, Any]", value), at)
        if value == self.word:
            return {}
        if isinstance(value, str):
            advice = did_you_mean(value, [self.word])
            return at.mistyped(value, f"a list, '{self.word}', or a mapping of its options", advice)
        return self.items.read(value, at)

    def schema(self) -> Schema:
        return {"anyOf": [self.items.schema(), {"enum": [self.word]}, self.record.schema()]}
