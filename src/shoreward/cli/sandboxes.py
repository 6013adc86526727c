"""`shoreward sandbox`: temporary stacks of the application, like production's."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from shoreward.app.sandboxes.orders import Order, Survey
from shoreward.app.sandboxes.places import check_plan, placed
from shoreward.app.sandboxes.plan import plan_of, template_of
from shoreward.app.sandboxes.ports import Progress, Proof
from shoreward.app.sandboxes.reaping import Fate, Known
from shoreward.app.sandboxes.sandboxes import Sandboxes
from shoreward.bootstrap import Project, owner
from shoreward.cli.output import console, print_json
from shoreward.cli.sandbox_words import (
    fate_json,
    made_json,
    proof_json,
    result_json,
    sayer,
    show_fates,
    show_made,
    show_proof,
    show_reaping,
    show_result,
    unseen_json,
    warn_unseen,
)
from shoreward.domain import Pipeline, Refused, SpecError

LEFT = 3
"""What a command exits with when something could not be removed."""


def bring_up(project: Project, rev: str | None, *, branch: str, fresh: bool, seed: bool, json: bool) -> None:
    """Have the branch's sandbox with a revision in it, or a fresh one.

    Args:
        rev: a branch, tag or commit; the work tree as it is when None.
        branch: whose sandbox it is, "" for the revision's own branch.
    """
    repository = project.repository
    commit = (repository.resolve(rev) if rev is not None else repository.snapshot()).id
    pipeline = project.pipeline_at(commit)
    plan = plan_of(pipeline)
    check_plan(repository, commit, pipeline)
    say = sayer(json=json)
    say("building")
    order = Order(
        pipeline=pipeline,
        plan=plan,
        revision=project.builder().trial(pipeline, commit),
        owner=owner(),
        branch=branch or project.branch(rev),
        nonce=secrets.token_hex(8) if fresh else "",
        seed=seed,
    )
    try:
        made = project.sandboxes().up(order, Progress(say=say))
    except SpecError as error:
        raise placed(error, repository.read(commit, template_of(pipeline))) from error
    if json:
        print_json(made_json(made))
    else:
        show_made(made)


def show_list(project: Project, *, json: bool) -> int:
    """All sandboxes that the ledger or the cloud knows; returns the exit code."""
    sandboxes = project.sandboxes()
    survey = _survey(project, sandboxes)
    fates = sandboxes.fates(survey, owner=owner())
    now = sandboxes.clock.now()
    if json:
        print_json({"sandboxes": [fate_json(one, now) for one in fates], "unseen": unseen_json(survey)})
        return LEFT if survey.unseen else 0
    warn_unseen(survey)
    if not fates:
        console.print("There are no sandboxes." if not survey.unseen else "The ledger knows no sandboxes.")
        return LEFT if survey.unseen else 0
    show_fates(fates, now)
    return LEFT if survey.unseen else 0


def take_down(project: Project, name: str | None, *, abandon: bool, json: bool) -> int:
    """Remove a sandbox, and prove that nothing is left; returns the exit code.

    Args:
        name: the sandbox's name; the one of the branch that is checked out when None.
        abandon: whether its lease ends even if something is left.
    """
    sandboxes = project.sandboxes()
    known = _chosen(project, sandboxes, name)
    proof = sandboxes.down(known, Progress(say=sayer(json=json)), abandon=abandon)
    if json:
        print_json({"name": known.target.stack, **proof_json(proof)})
    else:
        show_proof(known.target, proof)
    return 0 if proof.clean else LEFT


def reap(project: Project, *, yes: bool, orphans: bool, json: bool) -> int:
    """Show what would be removed, or remove it; returns the exit code."""
    sandboxes = project.sandboxes()
    now = sandboxes.clock.now()
    survey = _survey(project, sandboxes)
    fates = sandboxes.fates(survey, owner=owner(), orphans=orphans)
    if not yes:
        show_reaping(fates, survey, now, json=json)
        return LEFT if survey.unseen else 0
    results = sandboxes.reap(
        fates,
        lambda known: Progress(say=sayer(json=json, name=known.target.stack)),
        owner=owner(),
        orphans=orphans,
    )
    stays = [one for one in fates if not one.doomed and not one.broken]
    stays += [one for _, one in results if isinstance(one, Fate)]
    tried = [(known, one) for known, one in results if not isinstance(one, Fate)]
    if json:
        removed = [result_json(known, result) for known, result in tried]
        kept = [fate_json(one, now) for one in stays]
        print_json({"removed": removed, "kept": kept, "unseen": unseen_json(survey)})
    else:
        warn_unseen(survey)
        for known, result in tried:
            show_result(known, result)
        if not tried:
            console.print("There is nothing to remove.")
    failed = any(not isinstance(result, Proof) or not result.clean for _, result in tried)
    return LEFT if failed or survey.unseen else 0


def test(project: Project, directory: Path, names: Sequence[str], *, config: Path | None, json: bool) -> int:
    """Run suites against the branch's sandbox; returns the exit code.

    Args:
        names: suites, or kinds of suites; all that run in a sandbox when there are none.
    """
    from shoreward.cli.checking import Asked, begin

    commit = project.repository.snapshot().id
    pipeline = project.pipeline_at(commit)
    plan_of(pipeline)
    chosen = _suites(project, pipeline, commit, names)
    asked = Asked(only=chosen, keep_going=True, fresh=True, json=json)
    return begin(directory, asked, config=config, journal=None, watch=False, show=False)


def _suites(project: Project, pipeline: Pipeline, commit: str, names: Sequence[str]) -> tuple[str, ...]:
    there = [one.name for one in project.graph(pipeline, commit).checks if "sandbox" in one.needs]
    there = [one for one in there if one not in ("parity", "reversibility")]  # which are no suites
    kinds = {suite.name: str(suite.kind) for suite in (pipeline.checks.suites if pipeline.checks else ())}
    chosen = tuple(one for one in there if not names or {one, kinds.get(one, one)} & set(names))
    missing = [name for name in names if not any(name in (one, kinds.get(one)) for one in there)]
    if missing or not chosen:
        what = f"No suite is called {', '.join(missing)}." if missing else "No suite runs in a sandbox."
        advice = f"There are: {', '.join(there)}." if there else "Declare one under checks: suites in shoreward.yaml."
        raise Refused("SANDBOX_NO_SUITE", what, next=advice)
    return chosen


def _survey(project: Project, sandboxes: Sandboxes) -> Survey:
    """Where this application's sandboxes are made now; the ledger knows where they were made earlier."""
    pipeline = project.pipeline()
    plan = pipeline.checks.sandbox if pipeline.checks is not None else None
    return sandboxes.survey((plan.target,) if plan is not None else (), pipeline.application)


def _chosen(project: Project, sandboxes: Sandboxes, name: str | None) -> Known:
    survey = _survey(project, sandboxes)
    known = survey.known
    warn_unseen(survey)
    branch = project.branch() if name is None else name
    exact = [one for one in known if one.target.stack == name]
    alike = [one for one in known if one.owner == owner() and _branch(one) == branch]
    found = exact or alike
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.target.stack for one in (found or known))
    if found:
        raise Refused("SANDBOX_UNKNOWN", f"Several sandboxes are of branch {branch}.", next=f"Name one of: {names}.")
    what = f"There is no sandbox {name}." if name else f"There is no sandbox of branch {branch}."
    raise Refused("SANDBOX_UNKNOWN", what, next=f"There are: {names}." if names else "There are none.")


def _branch(known: Known) -> str:
    found = known.lease or known.seen
    return found.branch if found is not None else ""
