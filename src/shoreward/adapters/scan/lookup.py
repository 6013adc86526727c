"""What is known against an application's components, as findings.

    components ──► database.concerning(packages) ──► one finding for each package, place and group of advisories

A database answers for every package that it is asked about or raises; a package that cannot be asked about is a finding
of its own. So nothing is silently left out. The check `vulnerabilities` and whoever watches revisions that are live
both come through here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from shoreward.adapters.scan.component import Component, Package
from shoreward.adapters.scan.osv import Advisory
from shoreward.adapters.scan.rating import rate
from shoreward.adapters.scan.versions import order
from shoreward.domain import Finding, Place, Severity

LINK = "https://osv.dev/vulnerability/"
_PREFERRED = ("MAL-", "GHSA-", "PYSEC-", "CVE-")


class Database(Protocol):
    """Where advisories are looked up."""

    def concerning(self, packages: Sequence[Package]) -> Mapping[Package, tuple[Advisory, ...]]:
        """The advisories that concern each of the packages; all of them are in the answer.

        Raises:
            OperationError: ADVISORIES_UNREACHABLE, ADVISORIES_DAMAGED, ADVISORIES_STALE.
        """
        ...


def lookup(components: Iterable[Component], database: Database) -> tuple[Finding, ...]:
    """What is known against components, sorted by place, rule and subject. Raises as `Database.concerning` does."""
    merged = _merged(components)
    packages = sorted({one.package for one in merged if order(one.ecosystem, one.version) is not None})
    known: Mapping[Package, tuple[Advisory, ...]] = database.concerning(packages) if packages else {}
    findings: list[Finding] = []
    for one in merged:
        if one.package not in known:
            findings.append(_unidentified(one))
        else:
            findings.extend(_finding(one, group) for group in grouped(known[one.package]))
    return tuple(sorted(findings, key=_order))


def grouped(advisories: Iterable[Advisory]) -> tuple[tuple[Advisory, ...], ...]:
    """Advisories by what they are about: those that share a name or an alias are one, the best known name first."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for advisory in advisories:
        names = {advisory.id, *advisory.aliases}
        same = [group for group in groups if group[0] & names]
        groups = [group for group in groups if not group[0] & names]
        found = {one.id: one for one in [*(one for group in same for one in group[1]), advisory]}
        groups.append((names.union(*(group[0] for group in same)), list(found.values())))
    return tuple(sorted((tuple(sorted(found, key=_fame)) for _, found in groups), key=lambda group: _fame(group[0])))


def _fame(advisory: Advisory) -> tuple[int, str]:
    ranks = (rank for rank, prefix in enumerate(_PREFERRED) if advisory.id.startswith(prefix))
    return next(ranks, len(_PREFERRED)), advisory.id


def _merged(components: Iterable[Component]) -> list[Component]:
    """One component for each package and place, carried by all that carry it."""
    merged: dict[tuple[Package, Place | None], Component] = {}
    for one in components:
        before = merged.get((one.package, one.where), one)
        carriers = tuple(sorted({*before.carriers, *one.carriers}))
        merged[one.package, one.where] = dataclasses.replace(before, carriers=carriers)
    return list(merged.values())


def _finding(component: Component, advisories: tuple[Advisory, ...]) -> Finding:
    first = advisories[0]
    severity, said = rate(advisories, component.ecosystem, component.name)
    names = {name for one in advisories for name in (one.id, *one.aliases)} - {first.id}
    aliases = ", ".join(sorted(names))
    summary = next((one.summary for one in advisories if one.summary), "") or first.id
    fixed = fixed_by(component, advisories)
    details = {
        "advisory": first.id,
        "aliases": aliases,
        "installed": component.version,
        "fixed": fixed or "",
        "via": component.via,
        "severity": said,
        "seen": component.seen,
        "purl": component.purl,
        "link": f"{LINK}{first.id}",
    }
    return Finding(
        rule=first.id,
        severity=severity,
        what=f"{component.label}{_carried(component)} has a known vulnerability: {summary}.",
        why=f"{said[0].upper()}{said[1:]}." + (f" Also known as {aliases}." if aliases else ""),
        fix=_fix(component, first, fixed),
        where=component.where,
        subject=component.label,
        details=(*_functions(component), *((name, text) for name, text in details.items() if text)),
    )


def fixed_by(component: Component, advisories: Sequence[Advisory]) -> str | None:
    """The lowest newer version that none of the advisories concerns, as they tell; None when they name none."""
    ecosystem, name = component.ecosystem, component.name
    here = order(ecosystem, component.version)
    told = {version for one in advisories for version in one.fixes(ecosystem, name)}
    newer = [(at, version) for version in sorted(told) if (at := order(ecosystem, version)) is not None and at > here]
    for _, version in sorted(newer, key=lambda pair: pair[0]):
        if not any(one.concerns(ecosystem, name, version) for one in advisories):
            return version
    return None


def _fix(component: Component, advisory: Advisory, fixed: str | None) -> str:
    brought = f"; {component.via} brings it" if component.via else ""
    if advisory.id.startswith("MAL-"):
        return f"Remove it{brought}, and change every secret that it could have read."
    if fixed:
        return f"Upgrade to {component.name} {fixed}{brought}."
    return f"No version is known to mend it{brought}. Do without it, or waive this for a while, with a reason."


def _unidentified(component: Component) -> Finding:
    told = f"its version is '{component.version}'" if component.version else "it says no version"
    return Finding(
        rule="PACKAGE_UNIDENTIFIED",
        severity=Severity.MEDIUM,
        what=f"{component.name}{_carried(component)} cannot be looked up: {told}.",
        why="What cannot be looked up may have known vulnerabilities.",
        fix="Install it from its index at a published version, or commit a lock file that names one.",
        where=component.where,
        subject=component.label,
        details=_functions(component),
    )


def _carried(component: Component) -> str:
    return f" in {_and(component.carriers)}" if component.carriers else ""


def _functions(component: Component) -> tuple[tuple[str, str], ...]:
    return (("functions", ", ".join(component.carriers)),) if component.carriers else ()


def _and(names: tuple[str, ...]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    where = finding.where
    return (where.file if where else "", (where.line or 0) if where else 0, finding.rule, finding.subject)
