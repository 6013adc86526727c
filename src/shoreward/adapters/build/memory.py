"""Revisions and notes as plain JSON and back, for what is remembered of earlier builds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from shoreward.domain import Artifact, LambdaFunction, Place, Revision
from shoreward.spec.template import Asset, Note

Plain = dict[str, Any]


def plain(notes: Sequence[Note]) -> list[Plain]:
    """Notes as plain JSON."""
    return [dataclasses.asdict(note) for note in notes]


def notes(found: Sequence[Plain]) -> tuple[Note, ...]:
    """Notes from plain JSON."""
    made: list[Note] = []
    for one in found:
        place: Plain | None = one["where"]
        where = Place(file=place["file"], line=place["line"], column=place["column"]) if place else None
        made.append(Note(code=one["code"], text=one["text"], resource=one["resource"], where=where))
    return tuple(made)


def placed(notes: Sequence[Note], asset: Asset) -> tuple[Note, ...]:
    """Notes of an earlier build of an asset; the template's lines may have moved since."""
    return tuple(dataclasses.replace(note, where=asset.where) for note in notes)


def revision(found: Plain, commit: str) -> Revision:
    """A revision from plain JSON, for a commit with the same content as the one that it was made of."""
    functions: list[Plain] = found["functions"]
    artifacts: list[Plain] = found["artifacts"]
    return Revision(
        digest=found["digest"],
        commit=commit,
        template=found["template"],
        functions=tuple(LambdaFunction(**one) for one in functions),
        artifacts=tuple(
            Artifact(digest=one["digest"], size=one["size"], used_by=tuple(one["used_by"])) for one in artifacts
        ),
    )
