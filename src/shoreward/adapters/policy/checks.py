"""The checks `template` and `policies`: what their verdicts depend on.

Asking for a key must cost next to nothing, so this module imports little; what looks is imported when it is to look.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoreward.adapters.policy.fetching import Fetching, Open, pinned
from shoreward.adapters.policy.hands import Engines, Hand
from shoreward.adapters.policy.runtimes import standing
from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.ports import Blobs, Clock
from shoreward.domain import Pipeline, PolicySource, SpecError, canonical, digest_of

if TYPE_CHECKING:
    from shoreward.spec.template import Memory

Outlined = Callable[[Pipeline, str], str | None]

SETTINGS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
"""Where cfn-lint looks for its settings; the first one counts."""

_DAY = 86_400.0
_LANE = "template"
_ENGINES = ("cfn-lint", "cloudformation-validate", "regopy")


def policy_checks(
    policies: tuple[PolicySource, ...],
    *,
    blobs: Blobs,
    clock: Clock,
    stateful: Collection[str],
    open: Open,
    root: Path,
    state: Path,
    pipeline_at: Callable[[str], Pipeline],
    engines: Engines | None = None,
    memory: Memory | None = None,
    outlined: Outlined | None = None,
) -> tuple[Check, ...]:
    """`template` and `policies`; both read what `build` rendered.

    Args:
        policies: rules beside the starter pack.
        blobs: has rendered templates.
        stateful: resource types that hold what cannot be made again.
        open: opens a git repository on this machine, for rules that another one holds.
        root: the repository's root, where a relative address of another begins.
        state: a folder for what is kept on this machine; it may be deleted at any time.
        pipeline_at: the pipeline as a commit has it; raises `SpecError`, SPEC_FILE_MISSING when it has none.
        engines: kept from one call to the next, they need not be started again.
        memory: remembers what SAM made of templates.
        outlined: the digest of the template's outline of a commit that was built before, None for others.
    """
    fetching = Fetching(state / "rules", root, open)
    own = engines or Engines()
    return (
        _template(blobs, own.lint),
        _policies(policies, fetching, blobs, clock, stateful, pipeline_at, own.rules, memory, outlined),
    )


def _template(blobs: Blobs, hand: Hand) -> Check:
    def key(materials: Materials) -> str:
        source, commit = materials.source, materials.commit
        settings = [source.tree(commit, name) for name in SETTINGS]
        # What settings name is anywhere in the repository: all of it counts once there are settings.
        rules = source.tree(commit) if any(settings) else None
        written = source.tree(commit, materials.pipeline.template)
        return digest_of("template", _versions("cfn-lint"), _targets(materials), written, settings, rules)

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.policy.looking import look_at_template

        return look_at_template(materials, running, blobs, hand)

    return Check(
        name="template",
        about="CloudFormation will take the template in all regions.",
        key=key,
        run=run,
        needs=("build",),
        sees=_outline,
        lane=_LANE,
        reads="the template, .cfnlintrc",
    )


def _policies(
    policies: tuple[PolicySource, ...],
    fetching: Fetching,
    blobs: Blobs,
    clock: Clock,
    stateful: Collection[str],
    pipeline_at: Callable[[str], Pipeline],
    hand: Hand,
    memory: Memory | None,
    outlined: Outlined | None,
) -> Check:
    def today() -> datetime:
        return datetime.fromtimestamp(clock.now(), UTC)

    def key(materials: Materials) -> str:
        source, commit = materials.source, materials.commit
        rules = [_rules(policy, materials, fetching) for policy in policies]
        return digest_of(
            "policies",
            _versions(*_ENGINES),
            rules,
            source.tree(commit, materials.pipeline.template),
            _before(materials, pipeline_at, outlined),
            sorted(materials.pipeline.allow_replacement),
            sorted(stateful),
            _targets(materials),
            standing(today().date()),
        )

    def run(materials: Materials, running: Running) -> Report:
        from shoreward.adapters.policy.looking import Setting, look_at_policies

        setting = Setting(
            policies=policies,
            fetching=fetching,
            blobs=blobs,
            hand=hand,
            stateful=frozenset(stateful),
            pipeline_at=pipeline_at,
            memory=memory,
            today=today().date(),
        )
        return look_at_policies(materials, running, setting)

    return Check(
        name="policies",
        about="The change keeps the organisation's rules, widens no rights unseen, and loses no data.",
        key=key,
        run=run,
        needs=("build",),
        sees=_outline,
        # A branch of another repository may have other rules by now, and a runtime ends with a day.
        depends=Outside(good_for=_DAY if all(map(pinned, policies)) else 0.0),
        reads=", ".join(["the template", *(policy.repository or policy.path for policy in policies)]),
    )


def _outline(need: str, product: str) -> str:
    """Of what was built the template's outline only, so that an edit of code asks nothing again."""
    del need
    return canonical({"template": json.loads(product)["outline"]}).decode()


def _before(
    materials: Materials, pipeline_at: Callable[[str], Pipeline], outlined: Outlined | None
) -> list[str | None] | None:
    """What is compared with: its template's outline and its pipeline when it was built here, else all its files."""
    if materials.base is None:
        return None
    try:
        pipeline = pipeline_at(materials.base)
        outline = outlined(pipeline, materials.base) if outlined else None
    except SpecError:
        outline, pipeline = None, None
    return [outline, repr(pipeline)] if outline else [materials.source.tree(materials.base)]


def _versions(*names: str) -> list[str]:
    return [f"{name} {version(name)}" for name in names]


def _targets(materials: Materials) -> list[list[Any]]:
    return [[target.account, target.region, target.parameters] for target in materials.pipeline.targets]


def _rules(policy: PolicySource, materials: Materials, fetching: Fetching) -> list[str | None]:
    if policy.repository:
        return [policy.repository, policy.path, fetching.resolve(policy)]
    path = "" if policy.path in ("", ".") else policy.path
    return ["", path, materials.source.tree(materials.commit, path)]
