"""What a release changes in the template of a target, or in its values: two sides, made alike to be compared.

Place in the flow: for whoever shows a change to people, before a release (the plan) and afterwards (the page).
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from shoreward.domain import BUCKET, HeldValues, Target, Values
from shoreward.spec.template import Difference, as_deployed, differences
from shoreward.spec.template.plain import mapping
from shoreward.spec.yaml import read_yaml

VALUES = frozenset({"parameters", "profiles"})
"""What the values of a configuration are kept under; a template has resources."""

_SECRET = "(secret)"


class Kept(Protocol):
    """Where templates are; a journal is one."""

    def get(self, digest: str) -> bytes:
        """The content; raises `Terminal` when it is not there."""
        ...


def both(kept: Kept, buckets: str, target: Target, before: str, after: str) -> tuple[Any, Any]:
    """A stack's template, and that of the revision that comes upon it with its artifacts in the target's bucket.

    Of a configuration, values by their names; a secret is nobody's to read.

    Args:
        buckets: how the pipeline names its buckets (`Pipeline.artifacts`).
        before, after: blob digests, as in `Snapshot` and `Revision`.

    Raises:
        SpecError: one of them is no template.
        Terminal: one of them is not there.
    """
    bucket = buckets.format(account=target.account, region=target.region, stack=target.stack)
    old = kept.get(before)
    new = kept.get(after).replace(BUCKET.encode(), bucket.encode())
    if mapping(_read(new)).keys() == VALUES:
        return _held(HeldValues.unpacked(old)), _wanted(Values.unpacked(new).on(target))
    return _unlabelled(_read(old)), _unlabelled(_read(new))


def changed(before: Any, after: Any) -> tuple[Difference, ...]:
    """What differs between two templates as CloudFormation takes them, property by property."""
    return tuple(differences(as_deployed(before), as_deployed(after)))


def _read(content: bytes) -> Any:
    """A template; those that Shoreward made are JSON, which is read much quicker than YAML."""
    try:
        return json.loads(content)
    except ValueError:
        return read_yaml(content.decode(), "template").value


def _held(values: HeldValues) -> dict[str, Any]:
    told: dict[str, Any] = {one.name: one.value or _SECRET for one in values.parameters if one.exists}
    return told | {one.name: _structure(one.content) for one in values.profiles if one.version}


def _wanted(values: Values) -> dict[str, Any]:
    told: dict[str, Any] = {one.name: one.value or _SECRET for one in values.parameters}
    return told | {one.name: _structure(one.content) for one in values.profiles}


def _structure(text: str) -> Any:
    """JSON as what it says, so that its differences are told one by one."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _unlabelled(template: Any) -> Any:
    """A template without the label that staging writes into it."""
    metadata = {name: one for name, one in mapping(mapping(template).get("Metadata")).items() if name != "Shoreward"}
    rest = {name: one for name, one in mapping(template).items() if name != "Metadata"}
    return {**rest, "Metadata": metadata} if metadata else rest
