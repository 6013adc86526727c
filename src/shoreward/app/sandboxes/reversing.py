"""The check `reversibility`: a change is taken there and back in a sandbox of its own (`app.checking.reversibility`).

    base ──► its revision, up in a fresh sandbox ─┐
                                                  ├──► `reversal` ──► the sandbox is removed, whatever came of it
    commit ──► its revision, as a sandbox has it ─┘

Both revisions are taken in a sandbox's form (`forms.sandboxed`): the stack that it begins with and all that it becomes
on its way keep nothing back when it is removed. Nothing is brought up while verdicts are kept, when both commits make
the same revision, or when nobody would ask the old code anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shoreward.app.checking import Check, Materials, Outside, Report, Running
from shoreward.app.checking.graph import variables
from shoreward.app.sandboxes.plan import Build, plan_of
from shoreward.domain import (
    Checks,
    Finding,
    Pipeline,
    Place,
    Revision,
    Severity,
    SpecError,
    SuiteKind,
    Terminal,
    digest_of,
)

if TYPE_CHECKING:
    from shoreward.app.ports import Blobs
    from shoreward.app.sandboxes.access import SandboxAccess
    from shoreward.app.sandboxes.reach import Reach
    from shoreward.app.sandboxes.sandboxes import Sandbox

TRIED: frozenset[SuiteKind] = frozenset(("integration", "acceptance"))
"""Kinds of suites that say what customers rely on."""

NOTHING_LIVE = "nothing is live that it could go back to"
SAME = "the same revision as before"

_FORM = 1
"""Grows when the same walk would be judged otherwise."""

SuitesAt = Callable[[Pipeline, str], Sequence[Check]]
"""The integration and acceptance suites of a commit, as checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walks:
    """What the check works with.

    Attributes:
        suites: of any commit; those that its pipeline skips are not among them.
        environment: this process's variables.
    """

    build: Build
    blobs: Blobs
    suites: SuitesAt
    reach: Reach
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """One end of the walk: a commit, with what is tried of it."""

    materials: Materials
    suites: Sequence[Check]

    def key(self, environment: Mapping[str, str]) -> list[object]:
        """What of it a verdict depends on."""
        source, commit, plan = self.materials.source, self.materials.commit, plan_of(self.materials.pipeline)
        told = [
            [one.name, one.key(self.materials), variables(one.depends.environment, environment)] for one in self.suites
        ]
        return [source.tree(commit), plan.seed, [list(pair) for pair in plan.target.parameters], told]


def reversibility_check(suites: Sequence[Check], walks: Walks) -> Check:
    """The check `reversibility` of a pipeline that plans a sandbox.

    Args:
        suites: the commit's own integration and acceptance suites, which must have passed before; one at least.
    """

    def key(materials: Materials) -> str:
        ends = [_before(materials, walks), _End(materials=materials, suites=suites)]
        keys = [one.key(walks.environment) for one in ends if one is not None]
        return digest_of("reversibility", _FORM, keys if len(keys) > 1 else [])

    def run(materials: Materials, running: Running) -> Report:
        old = _before(materials, walks)
        return _tried(old, _End(materials=materials, suites=suites), walks, running) if old else _idle(NOTHING_LIVE)

    return Check(
        name="reversibility",
        about="Whether the change can be taken back once it has met data: there and back in a fresh sandbox.",
        key=key,
        run=run,
        needs=("build", "sandbox", *(one.name for one in suites)),
        lane="sandbox",
        where=suites[0].where,
        depends=_together(suites),
        reads="both commits: the one that is live, and this one",
        waits=True,
    )


def _idle(why: str) -> Report:
    return Report(summary=why)


def _together(suites: Sequence[Check]) -> Outside:
    every = [one.depends for one in suites]
    return Outside(
        environment=tuple(dict.fromkeys(name for one in every for name in one.environment)),
        tools=tuple(dict.fromkeys(name for one in every for name in one.tools)),
        files=tuple(dict.fromkeys(name for one in every for name in one.files)),
    )


def _before(materials: Materials, walks: Walks) -> _End | None:
    """The base, with the pipeline and the suites that it has itself; None when it was never to be released."""
    if materials.base is None:
        return None
    with _of_the_base(materials.base):
        try:
            pipeline = walks.reach.pipeline_at(materials.base)
        except SpecError as error:
            if error.code == "SPEC_FILE_MISSING":
                return None
            raise
        made = replace(materials, commit=materials.base, pipeline=_planned(pipeline, materials.pipeline), base=None)
        return _End(materials=made, suites=walks.suites(pipeline, materials.base))


def _planned(old: Pipeline, new: Pipeline) -> Pipeline:
    """The old pipeline, where today's sandboxes are, with the parameters and the seed that it had."""
    checks, plan = old.checks or Checks(), plan_of(new)
    if checks.sandbox is not None:
        target = replace(plan.target, parameters=checks.sandbox.target.parameters)
        plan = replace(plan, target=target, seed=checks.sandbox.seed)
    return replace(old, checks=replace(checks, sandbox=plan))


@contextmanager
def _of_the_base(commit: str) -> Generator[None]:
    """A mistake in what is live already is not the change's."""
    try:
        yield
    except SpecError as error:
        raise Terminal(
            "REVERSIBILITY_UNKNOWN",
            f"What {commit[:10]} has cannot be tried: {error.what}",
            where=error.where,
            next="Nobody can tell whether a change can go back to it; " + (error.next or "mend it first."),
        ) from error


def _tried(old: _End, new: _End, walks: Walks, running: Running) -> Report:
    with _of_the_base(old.materials.commit):
        before = _form(old, walks)
    after = _form(new, walks)
    if before.revision.digest == after.revision.digest:
        return _idle(SAME)
    if not old.suites:
        return _untried(old, new)
    with walks.reach.fresh() as access:
        with _of_the_base(old.materials.commit):
            made = access.connect(old.materials, running)
        walk = _Walk(access=access, made=made, old=old, new=new, running=running)
        report = _walked(walk, before, after, walks.reach)
    # What a suite says in a sandbox may be otherwise tomorrow.
    return replace(report, lasting=not report.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A revision in a sandbox's form.

    Attributes:
        revision: its commit is the end's, though it may have been built as another one's that is the same.
        kept: logical ids of what outlives production's stack. A sandbox's form lets go of it; a release would not
            lose it, so here it may go.
    """

    revision: Revision
    kept: tuple[str, ...]


def _form(end: _End, walks: Walks) -> _Form:
    from shoreward.app.sandboxes.forms import kept_in_production, sandboxed

    revision = walks.build(end.materials.pipeline, end.materials.commit)
    template = json.loads(walks.blobs.get(revision.template))
    blob = walks.blobs.put(json.dumps(sandboxed(template)).encode())
    return _Form(
        revision=replace(revision, commit=end.materials.commit, template=blob), kept=kept_in_production(template)
    )


def _untried(old: _End, new: _End) -> Report:
    commit = old.materials.commit[:10]
    finding = Finding(
        rule="reversibility-untried",
        severity=Severity.LOW,
        what=f"Nobody knows whether this change can be taken back: {commit} has no integration or acceptance suites.",
        why="Without them nothing tells whether old code gets along with what new code wrote.",
        fix="Nothing has to be done: the next change will go back to this one, which has suites.",
        where=new.suites[0].where,
    )
    return Report(findings=(finding,), summary=f"not tried: {commit} has no suites to ask")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Walk:
    """A walk in a sandbox: runs the suites of either end against whatever stands there."""

    access: SandboxAccess
    made: Sandbox
    old: _End
    new: _End
    running: Running

    def suites(self, commit: str) -> Report:
        """`app.checking.reversibility.Suites`."""
        product = self.access.product_now(self.made)
        if commit != self.old.materials.commit:
            return self._run(self.new, product)
        with _of_the_base(commit):
            return self._run(self.old, product)

    def _run(self, end: _End, product: str) -> Report:
        materials = replace(end.materials, products={**end.materials.products, "sandbox": product})
        findings: list[Finding] = []
        for suite in end.suites:
            findings += suite.run(materials, self.running).findings
        return Report(findings=tuple(findings))


def _walked(walk: _Walk, before: _Form, after: _Form, reach: Reach) -> Report:
    from shoreward.app.checking import reversibility as going
    from shoreward.app.sandboxes.changed import first_change
    from shoreward.app.sandboxes.forms import bucket_of

    old, new, hands = walk.old.materials, walk.new.materials, reach.hands()
    plan, target = plan_of(new.pipeline), walk.made.lease.target
    sandbox = going.Sandbox(
        pipeline=replace(
            new.pipeline,
            artifacts=bucket_of(new.pipeline, plan.target),
            allow_replacement=(*new.pipeline.allow_replacement, *before.kept, *after.kept),
        ),
        target=replace(target, parameters=plan.target.parameters),
        before=replace(target, parameters=plan_of(old.pipeline).target.parameters),
        stacks=hands.stacks,
        traffic=hands.traffic,
    )
    where = first_change(new.source, old.commit, new.commit, new.pipeline)
    change = going.Change(old=before.revision, new=after.revision, where=where)
    try:
        return going.reversal(sandbox, change, walk.suites, walk.running)
    except Terminal as error:
        if error.code != "STATEFUL_REPLACEMENT":
            raise
        return Report(findings=(_lost(error, new.pipeline.template),), summary="cannot go back")


def _lost(error: Terminal, template: str) -> Finding:
    return Finding(
        rule="IRREVERSIBLE",
        severity=Severity.HIGH,
        what=error.what,
        why="What was in it would not come back when the release is rolled back.",
        fix=error.next,
        where=Place(file=template),
    )
