"""What a release changes in the template of a target: two templates, made alike so that they can be compared.

Place in the flow: for whoever shows a change to people, before a release (the plan) and afterwards (the page).
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from shoreward.domain import BUCKET, Target
from shoreward.spec.template import Difference, as_deployed, differences
from shoreward.spec.template.plain import mapping
from shoreward.spec.yaml import read_yaml


class Kept(Protocol):
    """Where templates are; a journal is one."""

    def get(self, digest: str) -> bytes:
        """The content; raises `Terminal` when it is not there."""
        ...


def both(kept: Kept, buckets: str, target: Target, before: str, after: str) -> tuple[Any, Any]:
    """A stack's template, and that of the revision that comes upon it with its artifacts in the target's bucket.

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


def _unlabelled(template: Any) -> Any:
    """A template without the label that staging writes into it."""
    metadata = {name: one for name, one in mapping(mapping(template).get("Metadata")).items() if name != "Shoreward"}
    rest = {name: one for name, one in mapping(template).items() if name != "Metadata"}
    return {**rest, "Metadata": metadata} if metadata else rest
