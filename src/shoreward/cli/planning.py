"""The plan: what a release would change in each target, and how it would go; nothing is changed.

The change sets in it are CloudFormation's own: created, read and deleted again. Of a configuration, values are
compared with what their names hold.
"""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import groupby
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.drift import drifted
from shoreward.app.releases import live_commit
from shoreward.app.templates import both, changed
from shoreward.app.words.wording import counted
from shoreward.app.world import World
from shoreward.bootstrap import Project
from shoreward.cli.gating import planned, planned_words
from shoreward.cli.output import console, span
from shoreward.cli.schedule import schedule, show_schedule
from shoreward.cli.starting import prepare
from shoreward.core.schedule import shortest
from shoreward.domain import Difference, Pipeline, Revision, ShorewardError, Snapshot, Target
from shoreward.spec.template import ABSENT


def make_plan(project: Project, rev: str) -> dict[str, Any]:
    """The plan of a revision, as JSON.

    A target that cannot be looked at is in it with its error; everything else that is wrong raises.
    """
    commit = project.repository.resolve(rev)
    pipeline, built = prepare(project, commit)
    before = live_commit(project.journal, pipeline.application)
    world = project.world()

    def look(target: Target) -> dict[str, Any]:
        return _target(project, world, pipeline, built.revision, target)

    with ThreadPoolExecutor(16) as pool:
        looked = zip(pipeline.targets, pool.map(look, pipeline.targets), strict=True)
        targets = {target.key: told for target, told in looked}
    return {
        "application": pipeline.application,
        "kind": "application" if pipeline.configuration is None else "configuration",
        "commit": commit.id,
        "subject": commit.subject,
        "before": before,
        "revision": built.revision.digest,
        "files": list(project.repository.changed_files(before, commit.id)) if before else [],
        "git_diff": project.repository.diff(before, commit.id) if before else "",
        "notes": [{"code": note.code, "text": note.text, "where": str(note.where or "")} for note in built.notes],
        "waves": [
            {
                "name": wave.name,
                "steps": list(wave.steps),
                "bake": asdict(wave.bake),
                "soak": wave.soak,
                "at_least_seconds": shortest(wave, pipeline),
                "gates": planned(pipeline, wave, time.time()),
                "targets": [targets[target.key] for target in wave.targets],
            }
            for wave in pipeline.waves
        ],
        "at_least_seconds": sum(shortest(wave, pipeline) for wave in pipeline.waves),
        **schedule(pipeline),
    }


def _target(project: Project, world: World, pipeline: Pipeline, revision: Revision, target: Target) -> dict[str, Any]:
    told: dict[str, Any] = {"account": target.account, "region": target.region, "stack": target.stack}
    try:
        drift = drifted(world, pipeline, target)
        snapshot = world.stacks.inspect(pipeline, target, revision)
        staged = world.stacks.preview(pipeline, target, revision, snapshot)
    except ShorewardError as error:
        return {**told, "error": {"code": error.code, "what": error.what, "next": error.next}}
    return {
        **told,
        "exists": snapshot.exists,
        "drift": [asdict(one) for one in drift],
        "changes": [asdict(change) for change in staged.changes],
        ("template_changes" if pipeline.configuration is None else "value_changes"): _changes(
            project, pipeline, target, snapshot, revision
        ),
    }


def _changes(
    project: Project, pipeline: Pipeline, target: Target, snapshot: Snapshot, revision: Revision
) -> list[dict[str, Any]]:
    """What changes in the rendered template, or in the values; a side that has nothing there is left out."""
    if snapshot.template is None:
        return []
    return [
        {
            "path": list(one.path),
            **({} if one.before is ABSENT else {"before": one.before}),
            **({} if one.after is ABSENT else {"after": one.after}),
        }
        for one in changed(*both(project.journal, pipeline.artifacts, target, snapshot.template, revision.template))
    ]


def show_plan(plan: dict[str, Any], *, diff: bool) -> None:
    """The plan for people."""
    console.print(f"[bold]{plan['application']}[/] {plan['commit'][:10]} {escape(plan['subject'])}")
    since = f"since {plan['before'][:10]}" if plan["before"] else "the first release"
    console.print(f"revision {plan['revision'][:10]}, {since}")
    for note in plan["notes"]:
        where = f"{note['where']}: " if note["where"] else ""
        console.print(f"[yellow]note[/] {escape(where + note['text'])} [dim]{escape('[' + note['code'] + ']')}[/]")
    _show_diff(plan, whole=diff)
    seen: dict[str, int] = {}
    for number, wave in enumerate(plan["waves"], start=1):
        _show_wave(number, wave, seen, plan["kind"])
    console.print(f"\nAt least {span(plan['at_least_seconds'])} from here to the last target.")
    if plan["kind"] == "application":
        show_schedule(plan)


def _show_diff(plan: dict[str, Any], *, whole: bool) -> None:
    if plan["files"]:
        files = plan["files"]
        more = f" and {len(files) - 8} more" if len(files) > 8 else ""
        console.print(f"\n[bold]{counted(len(files), 'file')} changed[/]: {escape(', '.join(files[:8]))}{more}")
    if whole:
        from rich.syntax import Syntax

        console.print(Syntax(plan["git_diff"], "diff", background_color="default"))
        shown: set[str] = set()
        for target in (each for wave in plan["waves"] for each in wave["targets"]):
            what = "values" if plan["kind"] == "configuration" else "template"
            lines = [_changed(one) for one in target.get("template_changes", target.get("value_changes", []))]
            if lines and (text := "\n".join(lines)) not in shown:
                shown.add(text)
                console.print(f"\n[bold]{what} on {target['account']}/{target['region']}[/]\n{text}")


def _changed(one: dict[str, Any]) -> str:
    path = escape(".".join(map(str, one["path"])))
    before, after = (escape(json.dumps(one[side])) if side in one else "" for side in ("before", "after"))
    match bool(before), bool(after):
        case True, True:
            return f"[yellow]~[/] {path}: {before} -> {after}"
        case True, False:
            return f"[red]-[/] {path}: {before}"
        case _:
            return f"[green]+[/] {path}: {after}"


def _show_wave(number: int, wave: dict[str, Any], seen: dict[str, int], kind: str) -> None:
    steps = ", ".join(f"{step:g} %" for step in wave["steps"])
    bake = wave["bake"]
    how = f"{steps}, then all; each step bakes" if steps else "all customers of a target at once, then it bakes"
    how = f"{how} {span(bake['minimum'])} and {bake['requests']} requests at least"
    console.print(f"\n[bold]wave {number} {wave['name']}[/]: {how}")
    for gate in wave["gates"]:
        console.print(f"  {escape(planned_words(gate))}")
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(no_wrap=True)
    # Most targets of a wave change alike.
    for told, targets in groupby(wave["targets"], partial(_told, kind=kind)):
        alike = list(targets)
        if (before := seen.setdefault(told, number)) < number and "\n" in told:
            told = f"as in wave {before}"
        table.add_row("\n".join(f"{each['account']}/{each['region']}" for each in alike), told)
    console.print(table)


def _told(target: dict[str, Any], *, kind: str) -> str:
    """What changes on a target: a line for each kind of change."""
    if "error" in target:
        return f"[red]{escape(target['error']['what'])} {escape('[' + target['error']['code'] + ']')}[/]"
    verbs: dict[str, list[str]] = {}
    for change in target["changes"]:
        # Staging pins every alias to what it serves; that is how customers notice nothing of it.
        if change["action"] == "Modify" and change["type"] == "AWS::Lambda::Alias":
            continue
        verbs.setdefault(change["action"].lower(), []).append(f"{change['logical_id']}{_replaced(change)}")
    lines = [f"{verb} {', '.join(names)}" for verb, names in verbs.items()]
    if not target["exists"] and kind == "application":
        lines = ["a new stack", *lines]
    changes = escape("\n".join(lines)) or "nothing changes"
    return "\n".join((changes, *(f"[yellow]drift[/] {escape(str(Difference(**one)))}" for one in target["drift"])))


def _replaced(change: dict[str, str]) -> str:
    return {"True": " (replaced)", "Conditional": " (perhaps replaced)"}.get(change["replacement"], "")
