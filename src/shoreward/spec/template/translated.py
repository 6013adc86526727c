"""What SAM makes of a template, remembered: loading AWS's translator takes longer than all else of a build.

SAM is not told what the code of functions is: a *stand-in* takes its place, which is replaced in what SAM made. So an
edit of code asks SAM nothing new. (Versions are named after what they hold afterwards, by `versions`; the code of
layers is told, for SAM names layers after it.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Protocol

from shoreward.domain import SpecError, SpecErrors, digest_of
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.template.values import Asset

_PACKAGES = ("shoreward", "aws-sam-translator")


class Memory(Protocol):
    """Remembers plain JSON under a key, and may forget it."""

    def recall(self, key: str) -> Any:
        """What was remembered, or None."""
        ...

    def remember(self, key: str, value: Any) -> None:
        """Remember it."""
        ...


def stand_in(logical_id: str) -> str:
    """Stands for the digest of a function's code; no code has it."""
    return hashlib.sha256(f"the code of {logical_id}".encode()).hexdigest()


def stand_ins(assets: Sequence[Asset], digests: Mapping[str, str]) -> dict[str, str]:
    """Digests as SAM is told them, by logical id: stand-ins for those of functions."""
    return {
        asset.logical_id: stand_in(asset.logical_id) if asset.kind == "function" else digests[asset.logical_id]
        for asset in assets
    }


def filled(made: dict[str, Json], digests: Mapping[str, str]) -> dict[str, Json]:
    """What SAM made, with the digests in place of their stand-ins."""
    text = json.dumps(made)
    for logical_id, digest in digests.items():
        text = text.replace(stand_in(logical_id), digest)
    return json.loads(text)


def translated(
    template: Template, value: dict[str, Json], parameters: Mapping[str, str], memory: Memory | None
) -> dict[str, Json]:
    """The template as SAM makes it, from the memory when it was made before.

    Args:
        value: the template's prepared content, with stand-ins; it may be changed.
        parameters: see `translate`.

    Raises:
        SpecError: what `translate`, `check_properties` and `check_policies` find; `SpecErrors` for several.
    """
    versions = [version(name) for name in _PACKAGES]
    key = digest_of("translated", versions, template.value, value, sorted(parameters.items()))
    if memory is not None and "Resources" in (found := mapping(memory.recall(key))):
        return found
    made = _translate(template, value, parameters)
    if memory is not None:
        memory.remember(key, made)
    return made


def _translate(template: Template, value: dict[str, Json], parameters: Mapping[str, str]) -> dict[str, Json]:
    from shoreward.spec.template.translate import check_policies, check_properties, translate

    refuse(list(check_properties(template)))
    made = translate(template, value, parameters)
    refuse(list(check_policies(template, made)))
    return made


def refuse(errors: Sequence[SpecError]) -> None:
    """Raise mistakes, if there are any."""
    if errors:
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
