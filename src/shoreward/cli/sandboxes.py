"""`shoreward sandbox`: temporary stacks of the application, like production's."""

from __future__ import annotations

import secrets
import shlex
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.sandboxes.places import check_plan, placed
from shoreward.app.sandboxes.plan import plan_of
from shoreward.app.sandboxes.ports import Progress, Proof
from shoreward.app.sandboxes.reaping import Fate, Known
from shoreward.app.sandboxes.sandboxes import Order, Sandbox, Sandboxes, Survey
from shoreward.bootstrap import Project, owner
from shoreward.cli.output import console, moment, print_json, span, warn
from shoreward.domain import Pipeline, Refused, ShorewardError, SpecError, Target

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
    say = _sayer(json=json)
    say("building")
    order = Order(
        pipeline=pipeline,
        plan=plan,
        revision=project.builder().build(pipeline, commit),
        owner=owner(),
        branch=branch or project.branch(rev),
        nonce=secrets.token_hex(8) if fresh else "",
        seed=seed,
    )
    try:
        made = project.sandboxes().up(order, Progress(say=say))
    except SpecError as error:
        raise placed(error, repository.read(commit, pipeline.template)) from error
    if json:
        print_json(_made_json(made))
    else:
        _show_made(made)


def show_list(project: Project, *, json: bool) -> int:
    """All sandboxes that the ledger or the cloud knows; returns the exit code."""
    sandboxes = project.sandboxes()
    survey = sandboxes.survey(_places(project))
    fates = sandboxes.fates(survey, owner=owner())
    now = sandboxes.clock.now()
    if json:
        print_json({"sandboxes": [_fate_json(one, now) for one in fates], "unseen": _unseen_json(survey)})
        return LEFT if survey.unseen else 0
    _warn_unseen(survey)
    if not fates:
        console.print("There are no sandboxes." if not survey.unseen else "The ledger knows no sandboxes.")
        return LEFT if survey.unseen else 0
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("sandbox", "owner", "branch", "commit", "age", "expires", "state", "cost so far", "to come"):
        table.add_column(title, no_wrap=True)
    for one in fates:
        told = _fate_json(one, now)
        table.add_row(
            escape(told["name"]),
            escape(told["owner"]),
            escape(told["branch"]),
            told["commit"][:10],
            _ago(told["age"]),
            _until(told["expires"], now),
            told["state"],
            _dollars(told["cost"]["so_far"]),
            _dollars(told["cost"]["to_come"]),
        )
    console.print(table)
    for one in fates:
        if one.doomed:
            console.print(f"[yellow]{escape(one.known.target.stack)}[/]: {escape(one.why)}; `shoreward sandbox reap`.")
    return LEFT if survey.unseen else 0


def take_down(project: Project, name: str | None, *, abandon: bool, json: bool) -> int:
    """Remove a sandbox, and prove that nothing is left; returns the exit code.

    Args:
        name: the sandbox's name; the one of the branch that is checked out when None.
        abandon: whether its lease ends even if something is left.
    """
    sandboxes = project.sandboxes()
    known = _chosen(project, sandboxes, name)
    proof = sandboxes.down(known, Progress(say=_sayer(json=json)), abandon=abandon)
    if json:
        print_json({"name": known.target.stack, **_proof_json(proof)})
    else:
        _show_proof(known.target, proof)
    return 0 if proof.clean else LEFT


def reap(project: Project, *, yes: bool, orphans: bool, json: bool) -> int:
    """Show what would be removed, or remove it; returns the exit code."""
    sandboxes = project.sandboxes()
    now = sandboxes.clock.now()
    survey = sandboxes.survey(_places(project))
    fates = sandboxes.fates(survey, owner=owner(), orphans=orphans)
    if not yes:
        _show_fates(fates, survey, now, json=json)
        return LEFT if survey.unseen else 0
    results = sandboxes.reap(fates, lambda known: Progress(say=_sayer(json=json, name=known.target.stack)))
    if json:
        kept = [_fate_json(one, now) for one in fates if not one.doomed]
        removed = [_result_json(known, result) for known, result in results]
        print_json({"removed": removed, "kept": kept, "unseen": _unseen_json(survey)})
    else:
        _warn_unseen(survey)
        for known, result in results:
            if isinstance(result, Proof):
                _show_proof(known.target, result)
            else:
                warn(f"{known.target.stack}: {result}")
        if not results:
            console.print("There is nothing to remove.")
    failed = any(not isinstance(result, Proof) or not result.clean for _, result in results)
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
    there = [one for one in there if one not in ("parity", "reversibility")]
    kinds = {suite.name: str(suite.kind) for suite in (pipeline.checks.suites if pipeline.checks else ())}
    chosen = tuple(one for one in there if not names or {one, kinds.get(one, one)} & set(names))
    missing = [name for name in names if not any(name in (one, kinds.get(one)) for one in there)]
    if missing or not chosen:
        what = f"No suite is called {', '.join(missing)}." if missing else "No suite runs in a sandbox."
        advice = f"There are: {', '.join(there)}." if there else "Declare one under checks: suites in shoreward.yaml."
        raise Refused("SANDBOX_NO_SUITE", what, next=advice)
    return chosen


def _places(project: Project) -> tuple[Target, ...]:
    """Where this application's sandboxes are made now; the ledger knows where they were made earlier."""
    pipeline = project.pipeline()
    plan = pipeline.checks.sandbox if pipeline.checks is not None else None
    return (plan.target,) if plan is not None else ()


def _chosen(project: Project, sandboxes: Sandboxes, name: str | None) -> Known:
    survey = sandboxes.survey(_places(project))
    known = survey.known
    _warn_unseen(survey)
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


def _unseen_json(survey: Survey) -> list[dict[str, str]]:
    return [{"place": place, "why": why} for place, why in survey.unseen]


def _warn_unseen(survey: Survey) -> None:
    for place, why in survey.unseen:
        warn(f"Nobody could look at {place}: {why}")


_turn = threading.Lock()


def _sayer(*, json: bool, name: str = "") -> Any:
    def say(text: str) -> None:
        if not json:
            with _turn:
                console.print(f"[dim]{escape(f'{name}: ' if name else '')}{escape(text)}[/]")

    return say


def _show_made(made: Sandbox) -> None:
    lease, target = made.lease, made.lease.target
    so = "is up" if made.changed else "is up as it was"
    console.print(f"[bold]{lease.name}[/] {so} in {target}, until {moment(lease.expires)}.")
    console.print(f"commit {lease.commit[:10]} of {escape(lease.branch)}, for {escape(lease.owner)}")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, value in made.outputs.items():
        table.add_row(f"  {escape(key)}", escape(value))
    if made.outputs:
        console.print("\n[bold]outputs[/]")
        console.print(table)
    console.print("\n[bold]for your own programs[/]")
    for name in ("AWS_SAM_STACK_NAME", "AWS_REGION"):
        console.print(f"  export {name}={shlex.quote(made.environment[name])}")
    costs = made.forecast
    console.print(
        f"\ncosts about {_dollars(costs.hourly)} an hour, and {_dollars(costs.thousand)} for 1,000 requests "
        f"(list prices of {costs.as_of})"
    )
    if costs.unknown:
        warn(f"Nobody here knows the price of: {', '.join(costs.unknown)}.")
    for quota in made.quotas:
        if quota.unread:
            warn(f"The quota of {quota.name} could not be read: {quota.unread}")


def _show_fates(fates: Sequence[Fate], survey: Survey, now: float, *, json: bool) -> None:
    if json:
        doomed = [_fate_json(one, now) for one in fates if one.doomed]
        kept = [_fate_json(one, now) for one in fates if not one.doomed]
        print_json({"doomed": doomed, "kept": kept, "unseen": _unseen_json(survey)})
        return
    _warn_unseen(survey)
    for one in sorted(fates, key=lambda one: (not one.doomed, one.known.target.stack)):
        verb = "[red]would be removed[/]" if one.doomed else "[dim]stays[/]"
        console.print(f"{escape(one.known.target.stack)} {verb}: {escape(one.why)}")
    if any(one.doomed for one in fates):
        console.print("\nNothing was removed. Remove them with `shoreward sandbox reap --yes`.")
    elif not fates:
        console.print("There is nothing to remove.")


def _show_proof(target: Target, proof: Proof) -> None:
    if proof.clean:
        console.print(f"{escape(target.stack)}: nothing left. Looked at {', '.join(proof.looked)}.")
    else:
        console.print(f"[red]{escape(target.stack)}: something is left:[/]")
        for thing in proof.left:
            console.print(f"  {escape(str(thing))}")
    for kind, why in proof.unseen:
        warn(f"Nobody could look at {kind}: {why}")


def _made_json(made: Sandbox) -> dict[str, Any]:
    lease, target = made.lease, made.lease.target
    return {
        "name": lease.name,
        "stack": target.stack,
        "account": target.account,
        "region": target.region,
        "owner": lease.owner,
        "branch": lease.branch,
        "commit": lease.commit,
        "revision": lease.revision,
        "created": lease.created,
        "expires": lease.expires,
        "changed": made.changed,
        "seeded": made.seeded,
        "outputs": dict(made.outputs),
        "environment": dict(made.environment),
        "cost": {
            "hourly": made.forecast.hourly,
            "thousand_requests": made.forecast.thousand,
            "unknown": list(made.forecast.unknown),
            "prices_of": made.forecast.as_of,
            "resources": [asdict(one) for one in made.forecast.costs],
        },
        "quotas": [asdict(one) for one in made.quotas],
    }


def _fate_json(one: Fate, now: float) -> dict[str, Any]:
    known, lease, seen = one.known, one.known.lease, one.known.seen
    found = lease or seen
    assert found is not None
    created = found.created
    hourly = lease.hourly if lease is not None else None
    expires = known.expires
    ahead = max(0.0, expires - now) if expires is not None else None
    return {
        "name": known.target.stack,
        "account": known.target.account,
        "region": known.target.region,
        "owner": found.owner,
        "branch": found.branch,
        "commit": found.commit,
        "age": now - created if created is not None else None,
        "expires": expires,
        "state": _state(known),
        "doomed": one.doomed,
        "why": one.why,
        "cost": {
            "so_far": hourly * (now - created) / 3_600 if hourly is not None and created is not None else None,
            "to_come": hourly * ahead / 3_600 if hourly is not None and ahead is not None else None,
            "unknown": list(lease.unpriced) if lease is not None else None,
        },
    }


def _state(known: Known) -> str:
    """What the ledger says, and what the cloud says where that is another thing."""
    ours = str(known.lease.state) if known.lease is not None else "not in this ledger"
    if known.unseen:
        return f"{ours} (not seen)"
    if known.seen is None:
        return f"{ours} (no stack)"
    settled = known.seen.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return ours if settled else f"{ours} ({known.seen.status})"


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {
        "clean": proof.clean,
        "looked": list(proof.looked),
        "left": [asdict(one) for one in proof.left],
        "unseen": [{"kind": kind, "why": why} for kind, why in proof.unseen],
    }


def _result_json(known: Known, result: Proof | ShorewardError) -> dict[str, Any]:
    if isinstance(result, Proof):
        return {"name": known.target.stack, **_proof_json(result)}
    return {"name": known.target.stack, "clean": False, "error": {"code": result.code, "what": result.what}}


def _ago(seconds: float | None) -> str:
    return span(seconds) if seconds is not None else "?"


def _until(at: float | None, now: float) -> str:
    if at is None:
        return "?"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def _dollars(amount: float | None) -> str:
    if amount is None:
        return "?"
    return f"US$ {amount:.4f}" if amount < 1 else f"US$ {amount:,.2f}"
