"""Suites that a change takes away: what is not there cannot fail, so somebody must say that it may go.

A folder of tests that is renamed, a script that is taken out of `package.json`, a file that matches no pattern any
more: the suite is no longer found, and without a word about it the change would pass for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from shoreward.app.checking import Check, Materials, Report, Running
from shoreward.domain import Finding, Place, Severity, Suite, digest_of

GONE = "suite-gone"


def gone_suites(before: Sequence[Suite], after: Sequence[Suite]) -> tuple[Suite, ...]:
    """Suites of the base that have no successor; one of the same kind, whatever it is called, is one."""
    names = {suite.name for suite in after}
    runs = {(suite.kind, suite.folder, suite.command) for suite in after}
    missing = Counter(suite.kind for suite in before) - Counter(suite.kind for suite in after)
    lost: list[Suite] = []
    # Those that still run the same are the ones that stayed, then those whose names are there still.
    for suite in sorted(before, key=lambda one: ((one.kind, one.folder, one.command) in runs, one.name in names)):
        if missing[suite.kind] > 0:
            missing[suite.kind] -= 1
            lost.append(suite)
    return tuple(sorted(lost, key=lambda suite: suite.name))


def gone_check(suite: Suite, taken: Collection[str], files: Collection[str]) -> Check:
    """Stands where a suite stood, and fails.

    Args:
        suite: of the base.
        taken: names of other checks.
        files: what the commit has, by path.
    """
    there = suite.where if suite.where and suite.where.file in files else None
    finding = Finding(
        rule=GONE,
        severity=Severity.HIGH,
        what=f"The suite {suite.name} ({suite.command}) is there in the base, and this change takes it away.",
        why="Tests that are not run find nothing, and nobody would notice.",
        fix=f"Bring it back, or let somebody answer for it: a waiver of {GONE} with the subject {suite.name}.",
        where=Place(file=there.file) if there else None,
        subject=suite.name,
    )

    def run(materials: Materials, running: Running) -> Report:
        del materials, running
        return Report(findings=(finding,), summary="gone")

    name = suite.name if suite.name not in taken else f"{suite.name}-gone"
    return Check(
        name=name,
        about=f"Whether the suite {suite.name} may go.",
        key=lambda _: digest_of(GONE, suite.name, suite.kind, suite.command, str(finding.where)),
        run=run,
        reads="the base",
    )
