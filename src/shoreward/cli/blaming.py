"""`shoreward blame`: which commit of a release that harmed did it, and the branch that takes it back."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from rich.markup import escape

from shoreward.adapters.git import MAIN_BRANCHES, GitAncestry, RevertBranch, prepare_revert
from shoreward.app.blame import Blame, Suspect, order
from shoreward.bootstrap import Project
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Judgement, Refused, UserError, Verdict


def show_blame(
    project: Project, release: str | None, *, revert: bool, commits: Sequence[str], onto: str, json: bool
) -> int:
    """Tell the order and the reasons, and prepare the revert if it is wanted; returns the exit code.

    Args:
        commits: those to revert; the likeliest one when there are none.
        onto: where the branch begins; "" for the main branch's last commit.

    Raises:
        Refused: NOBODY_TO_BLAME, and those of `prepare_revert`.
        Retryable, Refused: those of an `Ancestry`.
    """
    if (commits or onto) and not revert:
        raise UserError("USAGE", "--commit and --onto say how to revert.", next="Add --revert, or leave them out.")
    state = chosen(project, release)
    blame = _blame(project, state)
    made = _revert(project, state, blame, commits, onto) if revert else None
    if json:
        print_json(_plain(state, blame, made))
    else:
        _tell(state, blame)
        if made:
            _tell_branch(made)
    return int(made is not None and bool(made.conflicts))


def _blame(project: Project, state: Release) -> Blame:
    judgements = _failed(project, state)
    if not judgements:
        raise Refused(
            "NOBODY_TO_BLAME",
            f"No look at release {state.id} found that it harms.",
            next=f"`shoreward why {state.id}` tells what became of it.",
        )
    history, opened = GitAncestry(project.repository.root), state.opened
    notes = history.between(opened.before, opened.commit) or history.between(None, opened.commit)
    return order(project.repository, state.pipeline, opened.commit, notes, judgements)


def _failed(project: Project, state: Release) -> tuple[Judgement, ...]:
    """The last look at each target that failed."""
    found: dict[str, Judgement] = {}
    for recorded in project.journal.events(state.id):
        match recorded.event:
            case e.TargetJudged(target=target, judgement=judgement) if judgement.verdict is Verdict.FAIL:
                found[target] = judgement
            case _:
                pass
    return tuple(found.values())


def _revert(project: Project, state: Release, blame: Blame, commits: Sequence[str], onto: str) -> RevertBranch:
    root, repository = project.repository.root, project.repository
    chosen_ones = [repository.resolve(commit).id for commit in commits] or [blame.suspects[0].commit.id]
    batch = [suspect.commit.id for suspect in blame.suspects]
    if len(chosen_ones) > 1:
        line = [note.id for note in GitAncestry(root).between(state.opened.before, state.opened.commit)]
        chosen_ones.sort(key=lambda commit: line.index(commit) if commit in line else -1)
    tip = repository.resolve(onto).id if onto else _main(project, state, chosen_ones)
    why = f"Release {state.id} was rolled back"
    why += f": {state.rollback.reason.rstrip('.')}." if state.rollback and state.rollback.reason else "."
    if not commits:
        why += f" Of its {len(batch)} commits this is the likeliest one to have done it." if len(batch) > 1 else ""
    return prepare_revert(root, chosen_ones, tip, why=textwrap.fill(why, 72))


def _main(project: Project, state: Release, culprits: Sequence[str]) -> str:
    """The end of the main branch, if it has the culprits; else what was released."""
    history = GitAncestry(project.repository.root)
    for branch in MAIN_BRANCHES:
        try:
            tip = project.repository.resolve(branch).id
        except UserError:
            continue
        if all(history.contains(tip, culprit) for culprit in culprits):
            return tip
    return state.opened.commit


def _tell(state: Release, blame: Blame) -> None:
    whom = "; ".join(f"{harm.function}, {harm.words}" for harm in blame.harms) or "its targets as a whole"
    console.print(f"[bold]{escape(state.id)}[/] hurt {escape(whom)}.")
    for number, suspect in enumerate(blame.suspects, start=1):
        note = suspect.commit
        head = f"{number}. {_share(suspect)}  {note.id[:10]} {note.subject}"
        console.print(f"{escape(head)} [dim]({escape(note.author)})[/]", style="bold" if number == 1 else None)
        for reason in suspect.reasons:
            console.print(f"        {escape(reason)}", style="dim")


def _share(suspect: Suspect) -> str:
    return f"{100 * suspect.share:3.0f} %"


def _tell_branch(made: RevertBranch) -> None:
    if made.conflicts:
        console.print(
            f"git cannot take it back on {made.onto[:10]} by itself; these files were changed since: "
            f"{escape(', '.join(made.conflicts))}.",
            style="yellow",
        )
        return
    there = "is there already" if made.existed else f"takes it back on {made.onto[:10]}"
    console.print(f"The branch [bold]{escape(made.branch)}[/] {there}; nothing was pushed.")


def _plain(state: Release, blame: Blame, made: RevertBranch | None) -> dict[str, Any]:
    return {
        "id": state.id,
        "harms": [{"function": harm.function, "metric": harm.metric, "words": harm.words} for harm in blame.harms],
        "suspects": [
            {
                "commit": suspect.commit.id,
                "subject": suspect.commit.subject,
                "author": suspect.commit.author,
                "share": round(suspect.share, 4),
                "reasons": list(suspect.reasons),
            }
            for suspect in blame.suspects
        ],
        "revert": _plain_branch(made) if made else None,
    }


def _plain_branch(made: RevertBranch) -> dict[str, Any]:
    return {
        "branch": made.branch,
        "commit": made.commit or None,
        "onto": made.onto,
        "conflicts": list(made.conflicts),
        "existed": made.existed,
    }
