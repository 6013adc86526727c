"""What differs between two templates, property by property.

For everybody who compares templates: the policies (what may not change), a plan (what will), and parity (how a sandbox
differs from production). Pure, and quick enough for a keystroke: it descends only into what differs.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from shoreward.spec.template.plain import Json, Path, as_text, listed, mapping


class Absent:
    """What stands on the side of a difference that has nothing there; null is something else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two values differ.

    Attributes:
        path: keys and positions from the top, such as ("Resources", "Fn", "Properties", "Timeout").
        before, after: plain JSON, or `ABSENT`.
    """

    path: Path
    before: Json
    after: Json


def differences(before: Json, after: Json, path: Path = ()) -> Iterator[Difference]:
    """The least places where two plain JSON values differ, keys in order, positions rising.

    Lists of the same length are compared position by position; of two lengths the whole lists differ, since nothing
    says which of their items belong together. 1 and 1.0 are the same number, 1 and true are not.
    """
    if before == after and _alike(before, after):
        return
    match before, after:
        case dict(), dict():
            old, new = cast("dict[str, Json]", before), cast("dict[str, Json]", after)
            for key in sorted(old.keys() | new.keys()):
                yield from differences(old.get(key, ABSENT), new.get(key, ABSENT), (*path, key))
        case list(), list() if len(cast("list[Json]", before)) == len(cast("list[Json]", after)):
            pairs = zip(cast("list[Json]", before), cast("list[Json]", after), strict=True)
            for index, (old, new) in enumerate(pairs):
                yield from differences(old, new, (*path, index))
        case _ if before != after or isinstance(before, bool) != isinstance(after, bool):
            yield Difference(path=path, before=before, after=after)
        case _:
            return


def as_deployed(value: Json) -> Json:
    """A value as CloudFormation takes it: scalars are texts, and null or an empty list is as good as nothing."""
    match value:
        case dict():
            kept = {key: as_deployed(inner) for key, inner in mapping(value).items()}
            return {key: inner for key, inner in kept.items() if inner is not None}
        case list():
            return [as_deployed(item) for item in listed(value)] or None
        case bool() | int() | float():
            return as_text(value)
        case _:
            return value


def _alike(before: Json, after: Json) -> bool:
    """Whether equal values of Python are surely equal in JSON, too, where true is no number.

    Equal bytes are the quickest proof for whole templates; without it the values are gone through.
    """
    return marshal.dumps(before, 2) == marshal.dumps(after, 2)
