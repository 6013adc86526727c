"""A commit of a configuration becomes a Revision: its files are read, held against their schemas, and packed.

Beside `builder`, which does so for applications. Mistakes of all files are gathered before anything is said. The same
values have the same digest whatever else the commit changed, so that what harmed is known again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from shoreward.app.files import Source
from shoreward.app.ports import Blobs
from shoreward.domain import (
    Configuration,
    Parameter,
    ParameterSource,
    Place,
    Profile,
    ProfileSource,
    Revision,
    SpecError,
    SpecErrors,
    Target,
    Values,
    digest_of,
    filling,
    place_of,
)
from shoreward.spec.template import Note
from shoreward.spec.yaml import Document, read_yaml

_LONGEST = 8_192
"""Bytes of a parameter's value, those of the advanced tier."""
_LARGEST = 1_048_576
"""Bytes of a hosted configuration."""

Step = str | int

_UNTRIED = "Nobody tries {} before production: customers of the first wave are the first to meet them."


def untried(configuration: Configuration, *, tried: bool) -> Iterator[Note]:
    """What customers are the first to meet, if there is anything.

    Args:
        tried: whether there is a sandbox, where all is tried but secrets.
    """
    if not tried:
        yield Note(code="CONFIGURATION_UNTRIED", text=_UNTRIED.format("values"))
    elif any(one.secret for one in configuration.parameters):
        yield Note(code="CONFIGURATION_UNTRIED", text=_UNTRIED.format("secrets"))


def values_of(source: Source, configuration: Configuration, commit: str, targets: Sequence[Target] = ()) -> Values:
    """All values of a commit, by their names.

    Args:
        targets: each of which has files of its own where their paths say so.

    Raises:
        SpecError: CONFIGURATION_FILE_MISSING, CONFIGURATION_SYNTAX, CONFIGURATION_SCHEMA, CONFIGURATION_VALUE,
            CONFIGURATION_TWICE, and what is wrong with YAML; `SpecErrors` for several mistakes.
    """
    reading = _Reading(source, commit)
    places = {place_of(target): target for target in targets}
    parameters = tuple(
        replace(made, place=place)
        for each in configuration.parameters
        for place, one in _settled(each, places)
        for made in reading.parameters(one)
    )
    profiles = tuple(
        replace(made, place=place)
        for each in configuration.profiles
        for place, one in _settled(each, places)
        for made in reading.profile(one)
    )
    for name in _twice([*parameters, *profiles]):
        what = f"{name} has its value from two places."
        reading.complain("CONFIGURATION_TWICE", what, None, "Keep one of them.")
    if reading.errors:
        raise SpecErrors(tuple(reading.errors)) if len(reading.errors) > 1 else reading.errors[0]
    return Values(parameters=tuple(sorted(parameters, key=lambda one: (one.name, one.place))), profiles=profiles)


_Source = TypeVar("_Source", ParameterSource, ProfileSource)


def _settled(one: _Source, places: Mapping[str, Target]) -> Iterator[tuple[str, _Source]]:
    """A source as it is for each place, or for all of them, which is ""."""
    if "{" not in one.file + one.schema:
        yield "", one
        return
    for place, target in places.items():
        fill = filling(target)
        yield place, replace(one, file=fill(one.file), schema=fill(one.schema))


def _twice(values: Sequence[Parameter | Profile]) -> Sequence[str]:
    """Names that have several values somewhere, sorted."""
    held: dict[str, list[str]] = {}
    for one in values:
        held.setdefault(one.name, []).append(one.place)
    return sorted(name for name, places in held.items() if len(places) > (1 if "" in places else len({*places})))


def revision_of(
    source: Source, blobs: Blobs, configuration: Configuration, commit: str, targets: Sequence[Target] = ()
) -> Revision:
    """The revision of a commit; see `values_of`."""
    blob = blobs.put(values_of(source, configuration, commit, targets).packed())
    return Revision(digest=digest_of("configuration", blob), commit=commit, template=blob, functions=(), artifacts=())


class _Reading:
    """Reads the files of one commit, and notes what is wrong with them."""

    def __init__(self, source: Source, commit: str) -> None:
        self._source = source
        self._commit = commit
        self.errors: list[SpecError] = []

    def complain(self, code: str, what: str, where: Place | None, next: str) -> None:
        """Note a mistake."""
        self.errors.append(SpecError(code, what, where=where, next=next))

    def parameters(self, one: ParameterSource) -> Iterator[Parameter]:
        """What a source makes: one parameter, or one for each value of a tree."""
        if one.secret:
            yield Parameter(name=one.name, type="SecureString", secret=one.secret, key=one.key)
            return
        text = self._text(one.file, one.where)
        if text is None:
            return
        if not one.tree:
            value = text.removesuffix("\n").removesuffix("\r")
            yield from self._checked(Parameter(name=one.name, type=one.type, value=value), Place(file=one.file))
            return
        try:
            document = read_yaml(text, one.file, intrinsics=False)
        except SpecErrors as several:
            self.errors += several.errors
            return
        except SpecError as error:
            self.errors.append(error)
            return
        self._satisfies(document.value, one.schema, one.where, document, one.file)
        for path, made in self._leaves(document, document.value, one.name.rstrip("/"), ()):
            yield from self._checked(made, document.place(path))

    def profile(self, one: ProfileSource) -> Iterator[Profile]:
        """What a source makes: one profile."""
        text = self._text(one.file, one.where)
        if text is None:
            return
        if len(text.encode()) > _LARGEST:
            self.complain("CONFIGURATION_VALUE", "AppConfig hosts up to 1 MB.", Place(file=one.file), "Split it up.")
        if one.flags or one.schema or one.content_type.endswith("json"):
            try:
                content = json.loads(text)
            except ValueError as error:
                line = getattr(error, "lineno", None)
                where = Place(file=one.file, line=line, column=getattr(error, "colno", None))
                self.complain("CONFIGURATION_SYNTAX", f"This is not JSON: {error}.", where, "Correct it.")
                return
            if one.flags:
                self._are_flags(content, one.file)
            self._satisfies(content, one.schema, one.where, None, one.file)
        yield Profile(
            application=one.application,
            environment=one.environment,
            profile=one.profile,
            flags=one.flags,
            content_type=one.content_type,
            content=text,
            growth=one.growth,
        )

    def _text(self, path: str, where: Place | None) -> str | None:
        content = self._source.read(self._commit, path)
        if content is None:
            what = f"The commit {self._commit[:10]} has no file {path}."
            return self.complain("CONFIGURATION_FILE_MISSING", what, where, "Is it committed?")
        try:
            return content.decode()
        except UnicodeDecodeError:
            return self.complain(
                "CONFIGURATION_SYNTAX", "The file is not UTF-8 text.", Place(file=path), "Save it as UTF-8."
            )

    def _leaves(
        self, document: Document, value: Any, name: str, path: tuple[Step, ...]
    ) -> Iterator[tuple[tuple[Step, ...], Parameter]]:
        """A parameter for each value of a mapping, by the keys that lead to it; numbers are as they were written."""
        match value:
            case dict():
                for key, inner in cast("Mapping[str, Any]", value).items():
                    yield from self._leaves(document, inner, f"{name}/{key}", (*path, key))
            case list():
                items = cast("Sequence[Any]", value)
                texts = [document.text((*path, index)) for index in range(len(items))]
                told = [text for text in texts if text is not None]
                if len(told) < len(items) or any("," in text for text in told):
                    advice = "Write texts and numbers without commas."
                    what = f"The list {name} cannot be a StringList."
                    self.complain("CONFIGURATION_VALUE", what, document.place(path), advice)
                yield path, Parameter(name=name, type="StringList", value=",".join(told))
            case None:
                what = f"{name} has no value."
                self.complain("CONFIGURATION_VALUE", what, document.place(path), "Write one, or remove the key.")
            case _:
                yield path, Parameter(name=name, type="String", value=document.text(path) or "")

    def _checked(self, made: Parameter, where: Place) -> Iterator[Parameter]:
        """The parameter, if Systems Manager can hold it."""
        size = len(made.value.encode())
        parts = made.name.replace("{account}", "").replace("{region}", "").strip("/").split("/")
        if any(not all(letter.isalnum() or letter in "_.-" for letter in part) for part in parts) or len(parts) > 15:
            what = f"'{made.name}' cannot be a parameter's name."
            self.complain("CONFIGURATION_VALUE", what, where, "Use letters, digits, _, . and -, up to 15 levels deep.")
        if not 0 < size <= _LONGEST:
            what = f"{made.name} has {size:,} bytes, and a parameter has 1 to {_LONGEST:,}."
            self.complain(
                "CONFIGURATION_VALUE", what, where, "Keep long values in AppConfig, and leave empty ones out."
            )
        yield made

    def _are_flags(self, content: Any, file: str) -> None:
        told: Mapping[str, Any] = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        flags: Any = told.get("flags")
        values: Any = told.get("values", {})
        if told.get("version") != "1" or not isinstance(flags, dict) or not isinstance(values, dict):
            what = 'Feature flags are {"version": "1", "flags": {...}, "values": {...}}.'
            self.complain("CONFIGURATION_SCHEMA", what, Place(file=file), "Write them in AppConfig's own form.")
            return
        for name in cast("Mapping[str, Any]", values):
            if name not in flags:
                what = f"The flag {name} has a value, and is not defined."
                self.complain("CONFIGURATION_SCHEMA", what, Place(file=file), "Define it under flags.")

    def _satisfies(self, content: Any, schema: str, where: Place | None, document: Document | None, file: str) -> None:
        """Holds a file's content against its JSON Schema, when it has one."""
        if not schema or (text := self._text(schema, where)) is None:
            return None
        from jsonschema import SchemaError, ValidationError
        from jsonschema.validators import validator_for

        try:
            rules = json.loads(text)
            kind = validator_for(rules)
            kind.check_schema(rules)
        except (ValueError, SchemaError) as error:
            what = f"This is no JSON Schema: {str(error).splitlines()[0]}."
            return self.complain("CONFIGURATION_SYNTAX", what, Place(file=schema), "Correct it.")
        found = cast("Iterable[ValidationError]", kind(rules).iter_errors(content))  # pyright: ignore[reportUnknownMemberType]
        for error in found:
            path = tuple(cast("Iterable[Step]", error.absolute_path))
            place = document.place(path) if document else Place(file=file)
            at = "/".join(map(str, path))
            self.complain("CONFIGURATION_SCHEMA", f"{at or 'It'}: {error.message}.", place, f"See {schema}.")
        return None
