"""What was read of `checks` becomes its values; a part of `spec._assemble`, in the same manner."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Container
from typing import Any

from shoreward.domain import Advisories, Checks, PolicySource, SandboxPlan, Severity, Suite, Target, TrustedKey, Waiver
from shoreward.spec._shapes import At
from shoreward.spec._trials import assemble_dynamic, assemble_resilience

Found = dict[str, Any]
Settle = Callable[[Found, At], Target | None]
"""Makes the target that an entry names (`target`, `stack`, `parameters`); complains, and gives None, for none."""


def assemble_checks(
    found: Found, at: At, folder: str, settle: Settle, stack: str, production: Container[str]
) -> Checks:
    """What is looked at before production.

    Args:
        found: what `spec._checks.CHECKS` read.
        folder: the file's folder relative to the repository's root, '' for the root itself.
        stack: the pipeline's stack.
        production: keys of the waves' targets.
    """
    default = Checks()
    paths = _Paths(folder)
    plan, resilience, dynamic = found.get("sandbox"), found.get("resilience"), found.get("dynamic")
    return Checks(
        block=Severity(found.get("block", default.block)),
        skip=tuple(found.get("skip", default.skip)),
        discover=found.get("discover", default.discover),
        suites=_suites(found, at / "suites", paths),
        sandbox=_sandbox(plan, at / "sandbox", settle, stack, production, paths) if plan else None,
        policies=tuple(
            _policy(entry, at / "policies" / index, paths)
            for index, entry in enumerate(found.get("policies", ()))
            if entry
        ),
        advisories=_advisories(found.get("advisories", {}), at / "advisories", paths),
        waivers=tuple(
            Waiver(
                **{"rule": "", "reason": "", "owner": "", "expires": "", **entry}, where=(at / "waivers" / index).place
            )
            for index, entry in enumerate(found.get("waivers", ()))
            if entry
        ),
        cache=found.get("cache", default.cache),
        resilience=None if resilience is None else assemble_resilience(resilience, at / "resilience"),
        trusted_keys=_keys(found.get("trusted-keys", {}), at / "trusted-keys"),
        dynamic=None if dynamic is None else assemble_dynamic(dynamic, at / "dynamic"),
    )


class _Paths:
    """Paths as they are from the repository's root."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def settled(self, path: str, at: At) -> str:
        normal = posixpath.normpath(posixpath.join(self._folder, path))
        if normal == ".." or normal.startswith("../"):
            at.complain("SPEC_PATH", f"'{path}' leads out of the repository.", "Keep it in the repository.")
        return "" if normal == "." else normal

    def pattern(self, glob: str, at: At) -> str:
        del at
        return posixpath.join(self._folder, glob) if self._folder else glob


def _suites(found: Found, at: At, paths: _Paths) -> tuple[Suite, ...]:
    suites: list[Suite] = []
    for index, entry in enumerate(found.get("suites", ())):
        if entry is None:
            continue
        here = at / index
        suite = _suite(entry, here, paths)
        if suite.name in [earlier.name for earlier in suites]:
            place = here / "name" if here.holds("name") else here
            place.complain("SPEC_SUITE_TWICE", f"There is a suite '{suite.name}' above.", "Give one of them a name.")
        suites.append(suite)
    return tuple(suites)


def _suite(entry: Found, at: At, paths: _Paths) -> Suite:
    kind = entry.get("kind", "unit")
    values: Found = {key: entry[key] for key in ("report", "timeout", "repeat") if key in entry}
    lists: Found = {key: tuple(entry[key]) for key in ("environment", "tools") if key in entry}
    requirements = entry.get("requirements", ())
    inputs = entry.get("inputs", ())
    return Suite(
        name=entry.get("name", kind),
        kind=kind,
        command=entry.get("run", ""),
        folder=paths.settled(entry.get("folder") or ".", at / "folder"),
        inputs=tuple(paths.pattern(glob, at) for glob in inputs if glob),
        requirements=tuple(
            paths.settled(path, at / "requirements" / index) for index, path in enumerate(requirements) if path
        ),
        where=at.place,
        **values,
        **lists,
    )


def _sandbox(
    plan: Found, at: At, settle: Settle, stack: str, production: Container[str], paths: _Paths
) -> SandboxPlan | None:
    target = settle({"target": "/", "stack": f"{stack}-sandbox", **plan}, at)
    if target is None:
        return None
    if target.key in production:
        what = f"The stack '{target.stack}' there is one of the waves' targets: customers are on it."
        (at / "stack").complain("SPEC_SANDBOX_PRODUCTION", what, "Give sandboxes another stack name.")
    values = {key: plan[key] for key in ("lease", "seed") if key in plan}
    seeded = (at / "seed").place if "seed" in plan else None
    template = paths.settled(plan["template"], at / "template") if "template" in plan else ""
    return SandboxPlan(target=target, template=template, where=at.place, seeded=seeded, **values)


def _policy(entry: Found, at: At, paths: _Paths) -> PolicySource:
    path, repository, ref = entry.get("path", ""), entry.get("repository", ""), entry.get("ref", "")
    if ref and not repository:
        here = at / "ref"
        here.complain("SPEC_POLICY_REF", "A 'ref' without a 'repository' has no meaning.", "Name the repository.")
    place = at / "path" if at.holds("path") else at
    settled = path if repository else paths.settled(path, place)
    return PolicySource(path=settled, repository=repository, ref=ref, where=at.place)


def _keys(found: Found, at: At) -> tuple[TrustedKey, ...]:
    keys: dict[str, str] = {}
    for name, key in found.items():
        if key in keys:
            (at / name).complain("SPEC_KEY", f"This is the key of '{keys[key]}', too.", "Keep one of them.")
        elif key:
            keys[key] = name
    return tuple(TrustedKey(name=name, key=key) for key, name in keys.items())


def _advisories(found: Found, at: At, paths: _Paths) -> Advisories:
    plain = {key.replace("-", "_"): value for key, value in found.items()}
    source = plain.get("source", "")
    if source and not source.startswith(("/", "http://", "https://")):
        plain["source"] = paths.settled(source, at / "source")
    return Advisories(**plain)
