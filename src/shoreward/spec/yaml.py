"""YAML and JSON text to plain values that remember where they were written.

The first step of the specification: `shoreward.yaml` and templates both come through here, so every later complaint
can name file, line and column. Scalars follow YAML 1.2 (see `_scalars`), CloudFormation's short tags take their long
form (see `_tags`), keys are always text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shoreward.domain import Place, SpecError
from shoreward.spec._compose import Spot, Step, compose


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content with the places of all of it.

    Attributes:
        value: dict, list, str, int, float, bool and None only; the caller may change it, places stay as they were read.
    """

    file: str
    value: dict[str, Any]
    _spot: Spot

    def place(self, path: tuple[Step, ...] = (), *, key: bool = False) -> Place:
        """Where the value at a path is written, or its key; of what is not there, the nearest thing around it."""
        spot = self._spot
        for step in path[:-1]:
            if step not in spot.inner:
                return self._at(spot.line, spot.column)
            spot = spot.inner[step]
        if path and key and path[-1] in spot.keys:
            return self._at(*spot.keys[path[-1]])
        last = spot.inner.get(path[-1], spot) if path else spot
        return self._at(last.line, last.column)

    def text(self, path: tuple[Step, ...]) -> str | None:
        """A scalar as it was written, without its quotes: `1.10` and not the number 1.1. None when it is no scalar."""
        spot = self._find(path)
        return spot.text if spot else None

    def has(self, path: tuple[Step, ...]) -> bool:
        """Whether something is written at a path."""
        return self._find(path) is not None

    def _find(self, path: tuple[Step, ...]) -> Spot | None:
        spot: Spot | None = self._spot
        for step in path:
            spot = spot.inner.get(step) if spot else None
        return spot

    def _at(self, line: int, column: int) -> Place:
        return Place(file=self.file, line=line, column=column)


def read_yaml(text: str, file: str, *, intrinsics: bool = True) -> Document:
    """Read one YAML (or JSON) document whose top level is a mapping.

    Args:
        text: the file's content.
        file: its name, as people should see it in errors.
        intrinsics: whether it may use CloudFormation's tags (`!Ref`); only templates do.

    Raises:
        SpecError: the text is no such document; `SpecErrors` when several things are wrong with it.
    """
    value, spot = compose(_checked(text, file), file, intrinsics=intrinsics)
    return Document(file, value, spot)


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


def _checked(text: str, file: str) -> str:
    """The text, if all its characters may stand in YAML; JSON's pairs of surrogates become what they mean."""
    text = text.removeprefix("\ufeff")
    if found := _FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        what = f"The character U+{ord(found.group()):04X} may not stand in a YAML file."
        raise SpecError("YAML_CHARACTER", what, where=Place(file=file, line=line, column=column), next="Remove it.")
    if not text.lstrip().startswith("{"):
        return text
    return _PAIR.sub(lambda m: m[1] + bytes.fromhex(m[2] + m[3]).decode("utf-16-be"), text)
