"""Templates as CloudFormation takes them: bucket filled in, aliases pinned, parameters chosen."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from shoreward.domain import BUCKET, Parameters, Revision, Snapshot, Target, Terminal

INLINE_LIMIT = 51_200
"""Bytes of template that a request may carry; larger ones are read from S3 ..."""
S3_LIMIT = 1_048_576
"""... up to this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A revision's template for one target."""

    body: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        """The template as it is sent: compact JSON."""
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()

    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]:
        """Its resources by logical id."""
        return cast("Mapping[str, Mapping[str, Any]]", self.body.get("Resources", {}))


def filled(template: bytes, revision: Revision, *, application: str, bucket: str) -> Filled:
    """A revision's template with the target's artifact bucket in it, and word of what made it.

    The revision is named in the template's metadata and not in the stack's tags: CloudFormation hands a stack's tags
    down to each resource, so that a new tag value would touch all of them at every release.
    """
    body: dict[str, Any] = json.loads(template.decode().replace(BUCKET, bucket))
    label = {"Application": application, "Revision": revision.digest, "Commit": revision.commit}
    return Filled(body={**body, "Metadata": {**body.get("Metadata", {}), "Shoreward": label}})


def pinned(template: Filled, revision: Revision, snapshot: Snapshot) -> Filled:
    """The same with every alias at the version that serves now, so that publishing new versions moves no traffic."""
    serving = {function.logical_id: function.version for function in snapshot.functions}
    changed: dict[str, Any] = {}
    for function in revision.functions:
        alias = template.resources.get(function.alias_id)
        if alias is not None and function.logical_id in serving:
            properties = {**alias.get("Properties", {}), "FunctionVersion": serving[function.logical_id]}
            changed[function.alias_id] = {**alias, "Properties": properties}
    return Filled(body={**template.body, "Resources": {**template.resources, **changed}})


def values(template: Filled, target: Target) -> Parameters:
    """Values of the parameters that the template declares; raises `Terminal` (PARAMETER_MISSING) when one has none."""
    declared = cast("Mapping[str, Mapping[str, Any]]", template.body.get("Parameters", {}))
    given = dict(target.parameters)
    missing = [name for name, about in declared.items() if name not in given and "Default" not in about]
    if missing:
        raise Terminal(
            "PARAMETER_MISSING",
            f"The template declares {', '.join(missing)} without a default, and the target gives no value.",
            where=target.key,
            next="Add the parameter to the pipeline's or the target's parameters.",
        )
    return tuple((name, given[name]) for name in declared if name in given)


def expected_values(body: Mapping[str, Any], given: Parameters) -> dict[str, str]:
    """The parameters of a template as a stack of it shows them."""
    declared = cast("Mapping[str, Mapping[str, Any]]", body.get("Parameters", {}))
    chosen = dict(given)
    return {name: chosen[name] if name in chosen else _text(about.get("Default")) for name, about in declared.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def has_nested(template: Filled) -> bool:
    """Whether the template has stacks inside it, whose changes are to be read too."""
    return any(resource.get("Type") == "AWS::CloudFormation::Stack" for resource in template.resources.values())


def inline_functions(template: bytes) -> frozenset[str]:
    """Logical ids of the functions whose code stands in a stack's template; none for a template that is no JSON."""
    try:
        body = json.loads(template)
    except ValueError:
        return frozenset()  # a person's YAML, whose versions bear no mark that could be compared
    return frozenset(
        name
        for name, resource in _mapping(_mapping(body).get("Resources")).items()
        if "ZipFile" in _mapping(_mapping(_mapping(resource).get("Properties")).get("Code"))
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping: templates that others made have lists and more where one would expect none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def artifacts_of(template: bytes, bucket: str) -> tuple[str, ...]:
    """Digests of the artifacts in a bucket that a stack's template takes code from."""
    text = template.decode(errors="replace")
    return tuple(sorted(set(re.findall(r"\b([0-9a-f]{64})\.zip\b", text)))) if bucket in text else ()


def too_large(content: bytes, target: Target) -> Terminal | None:
    """The error for a template that CloudFormation takes in no way."""
    if len(content) <= S3_LIMIT:
        return None
    return Terminal(
        "TEMPLATE_TOO_LARGE",
        f"The rendered template has {len(content):,} bytes; CloudFormation takes {S3_LIMIT:,}.",
        where=target.key,
        next="Move resources into nested stacks.",
    )


def key_of(content: bytes) -> str:
    """The key of a template in an artifact bucket."""
    return f"templates/{hashlib.sha256(content).hexdigest()}.json"
