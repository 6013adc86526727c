"""Aliases and versions: what serves, and putting it back.

A version's number says little: applying an earlier template publishes the old code under a new number. Two versions
are the same when Lambda would run the same thing: code and configuration alike. Code that stands in the template itself
gets another sha256 each time, for CloudFormation packs it into a zip that holds the time; there the revision's mark
in the version's description says what is the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.domain import Retryable, ServingFunction, StagedFunction, Target, Terminal

_BEHAVIOUR = (
    "Architectures",
    "CodeSha256",
    "DeadLetterConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfigResponse",
    "KMSKeyArn",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
"""What makes two versions behave alike."""

CONFIGURED = (*_BEHAVIOUR, "Layers")
"""What a version takes from its function when it is published."""

_INLINE_BEHAVIOUR = ("CodeSize", *(name for name in _BEHAVIOUR if name != "CodeSha256"))
_MARK = re.compile(r"(?:^|[( ])revision ([0-9a-f]{10})\)?$")
"""The fingerprint that `spec.template.versions` ends a function's description with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasState:
    """Where an alias points: its version, and further versions with their share of the traffic (fractions)."""

    version: str
    revision_id: str
    weights: Mapping[str, float] = field(default_factory=dict[str, float])

    def percent(self, baseline: str, candidate: str) -> float | None:
        """Traffic that the candidate gets, or None when the alias is somewhere else altogether."""
        if self.version == candidate and not self.weights:
            return 100.0
        if self.version == baseline and set(self.weights) <= {candidate}:
            return 100.0 * self.weights.get(candidate, 0.0)
        return None

    def on_its_way(self, version: str) -> bool:
        """Whether the alias points to a version and another one still has weight.

        Lambda does so by itself while it moves provisioned concurrency from one version to the other.
        """
        return self.version == version and bool(self.weights)

    def __str__(self) -> str:
        shares = "".join(f", {share:.2%} to version {version}" for version, share in self.weights.items())
        return f"version {self.version}{shares}"


def alias_state(aws: Aws, target: Target, name: str, alias: str, *, patience: float = 20.0) -> AliasState | None:
    """Where a function's alias points; None when there is no such alias or function.

    Args:
        patience: seconds to wait for one answer.
    """
    client = aws.lambda_(target, read_timeout=patience)
    try:
        found = aws.call(target, client.get_alias, FunctionName=name, Name=alias)
    except Terminal as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise
    weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return AliasState(version=found["FunctionVersion"], revision_id=found["RevisionId"], weights=dict(weights))


def alias_that(
    aws: Aws, target: Target, name: str, alias: str, fits: Callable[[AliasState], bool]
) -> tuple[AliasState | None, bool]:
    """Where an alias points, and whether that fits; one that does not is looked at thrice, lest the look was stale."""
    now = alias_state(aws, target, name, alias)
    for pause in (0.1, 0.4):
        if now is not None and fits(now):
            return now, True
        aws.timing.sleep(pause)
        now = alias_state(aws, target, name, alias)
    return now, now is not None and fits(now)


def point(
    aws: Aws,
    target: Target,
    name: str,
    alias: str,
    version: str,
    *,
    weights: Mapping[str, float] | None = None,
    revision_id: str | None = None,
) -> None:
    """Point an alias at a version and nothing else but `weights`; with `revision_id`, only if nobody moved it since."""
    client = aws.lambda_(target)
    lock = {"RevisionId": revision_id} if revision_id else {}
    aws.call(
        target,
        client.update_alias,
        FunctionName=name,
        Name=alias,
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": dict(weights or {})},
        **lock,
    )


def configuration(aws: Aws, target: Target, name: str, version: str) -> Mapping[str, Any] | None:
    """A version's configuration as Lambda tells it; None when there is no such version."""
    client = aws.lambda_(target)
    try:
        return dict(aws.call(target, client.get_function_configuration, FunctionName=name, Qualifier=version))
    except Terminal as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise


def require_code(aws: Aws, target: Target, function: StagedFunction, code: str) -> None:
    """Raise `Terminal` (CODE_DIFFERS) unless a candidate runs the code with a sha256, as Lambda tells it."""
    found = configuration(aws, target, function.name, function.candidate)
    if found is None or found.get("CodeSha256") != code:
        raise Terminal(
            "CODE_DIFFERS",
            f"Version {function.candidate} of {function.name} runs other code than what was checked and uploaded.",
            where=target.key,
            next="The release goes back. Find out who writes to the artifact bucket, or to the function.",
        )


def require_at(aws: Aws, target: Target, function: ServingFunction | StagedFunction, version: str) -> None:
    """Raise `Terminal` (ALIAS_MOVED) unless an alias sends all traffic to a version."""
    now, right = alias_that(
        aws, target, function.name, function.alias, lambda one: one.version == version and not one.weights
    )
    if not right:
        raise Terminal(
            "ALIAS_MOVED",
            f"The alias {function.alias} of {function.name} should be at version {version} and is "
            f"{'gone' if now is None else f'at {now}'}.",
            where=target.key,
            next="Somebody else moved it; find out who, then start a new release.",
        )


def await_at(aws: Aws, target: Target, function: StagedFunction, version: str, *, limit: float = 900.0) -> None:
    """The same, but first wait while Lambda moves provisioned concurrency to the version (`AliasState.on_its_way`)."""

    def look() -> bool | None:
        now = alias_state(aws, target, function.name, function.alias)
        return None if now is not None and now.on_its_way(version) else True

    late = Retryable(
        "ALIAS_BUSY",
        f"The alias {function.alias} of {function.name} points to version {version}, and another still has weight.",
        where=target.key,
        next="If Lambda is not moving provisioned concurrency, take the weights off the alias.",
    )
    aws.timing.poll(look, limit=limit, late=lambda: late)
    require_at(aws, target, function, version)


def put_back(aws: Aws, target: Target, function: ServingFunction, *, inline: bool = False) -> None:
    """Let an alias serve what it served in the snapshot, and nothing else; harmless when it does.

    An alias at another version that behaves the same stays there: that is what applying the earlier template leaves.

    Args:
        inline: whether the function's code stands in the snapshot's template.
    """
    now = alias_state(aws, target, function.name, function.alias)
    if now is None:
        return  # the alias came with the release, or went with its function; the stack decides
    if now.version == function.version or _alike(aws, target, function, now.version, inline=inline):
        if now.weights:
            point(aws, target, function.name, function.alias, now.version)
        return
    point(aws, target, function.name, function.alias, version_of(aws, target, function))


def _alike(aws: Aws, target: Target, function: ServingFunction, version: str, *, inline: bool) -> bool:
    theirs = configuration(aws, target, function.name, version)
    if theirs is None or not (inline or theirs.get("CodeSha256") == function.code):
        return False
    ours = configuration(aws, target, function.name, function.version)
    if ours is None:
        return theirs.get("CodeSha256") == function.code
    return alike({**ours, "CodeSha256": function.code}, theirs, inline=inline)


def alike(ours: Mapping[str, Any], theirs: Mapping[str, Any], *, inline: bool = False) -> bool:
    """Whether two versions behave alike, by their configurations.

    Args:
        inline: whether the function's code stands in its template.
    """
    if ours.get("CodeSha256") == theirs.get("CodeSha256"):
        return _agree(ours, theirs, _BEHAVIOUR)
    # Not for code from elsewhere: a mark holds its address only, and what is there may have changed.
    return inline and _mark(ours) == _mark(theirs) is not None and _agree(ours, theirs, _INLINE_BEHAVIOUR)


def _agree(ours: Mapping[str, Any], theirs: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    return all(plain(ours.get(name)) == plain(theirs.get(name)) for name in names)


def _mark(about: Mapping[str, Any]) -> str | None:
    found = _MARK.search(about.get("Description") or "")
    return found[1] if found else None


def plain(value: Any) -> Any:
    """Empty and absent are the same."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items() if inner not in (None, {}, [], "")} or None  # pyright: ignore
    return value or None


def version_of(aws: Aws, target: Target, function: ServingFunction) -> str:
    """The snapshot's version, or the newest with its code should somebody have removed that one."""
    if configuration(aws, target, function.name, function.version) is not None:
        return function.version
    same = [version for version, code in versions(aws, target, function.name) if code == function.code]
    if not same:
        raise Terminal(
            "VERSION_GONE",
            f"No version of {function.name} has the code that served before (version {function.version}).",
            where=target.key,
            next="Release a revision that is known to work.",
        )
    return same[-1]


def versions(aws: Aws, target: Target, name: str) -> list[tuple[str, str]]:
    """Published versions of a function with their code's sha256, oldest first; none when there is no such function."""
    client = aws.lambda_(target)
    try:
        found = [
            (one.get("Version", ""), one.get("CodeSha256", ""))
            for page in pages(
                lambda more: aws.call(target, client.list_versions_by_function, FunctionName=name, **more),
                asks="Marker",
                tells="NextMarker",
            )
            for one in page.get("Versions", [])
            if one.get("Version", "") != "$LATEST"
        ]
    except Terminal as error:
        if code_of(error) == "ResourceNotFoundException":
            return []
        raise
    return sorted(found, key=lambda pair: int(pair[0]))
