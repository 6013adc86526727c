"""`shoreward blame`: which commit of a release that harmed did it, and the branch that takes it back."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.markup import escape

from shoreward.adapters.git import MAIN_BRANCHES, GitAncestry, RevertBranch, prepare_revert
from shoreward.app.ancestry import CommitNote
from shoreward.app.blame import Bisected, Blame, Suspect, bisect, likelihoods, main_line, order
from shoreward.bootstrap import Project
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.core import Release
from shoreward.core import events as e
from shoreward.domain import Judgement, Refused, UserError, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks of `shoreward blame`.

    Attributes:
        checks: those to bisect with; none when nobody wants that.
        tests: files of the work tree that are put into every commit that is tried out.
        revert: whether to prepare a branch.
        commits: those to revert; the culprit that was found, or the likeliest one, when there are none.
        onto: where the branch begins; "" for the main branch's last commit.
    """

    checks: tuple[str, ...] = ()
    tests: tuple[Path, ...] = ()
    revert: bool = False
    commits: tuple[str, ...] = ()
    onto: str = ""
    json: bool = False


def show_blame(project: Project, release: str | None, asked: Asked) -> int:
    """Tell the order and the reasons, bisect and prepare the revert if that is wanted; returns the exit code.

    Raises:
        UserError: USAGE, FILE_REFUSED, CHECK_UNKNOWN.
        Refused: NOBODY_TO_BLAME, NO_GOOD_COMMIT, and those of `prepare_revert`.
        Retryable, Refused: those of an `Ancestry`.
    """
    if (asked.commits or asked.onto) and not asked.revert:
        raise UserError("USAGE", "--commit and --onto say how to revert.", next="Add --revert, or leave them out.")
    if asked.tests and not asked.checks:
        raise UserError("USAGE", "--test is for --bisect.", next="Name the check that runs it with --bisect CHECK.")
    state = chosen(project, release)
    notes = _batch(project, state)
    blame = _blame(project, state, notes)
    found = _bisect(project, state, blame, notes, asked) if asked.checks else None
    likely = found.culprit if found and found.culprit else blame.suspects[0].commit.id
    made = _revert(project, state, likely, asked, sure=bool(found and found.culprit)) if asked.revert else None
    if asked.json:
        print_json(_plain(state, blame, found, made))
    else:
        _tell(state, blame)
        if found:
            _tell_bisected(state, found, notes)
        if made:
            _tell_branch(made)
    return int(made is not None and bool(made.conflicts))


def _batch(project: Project, state: Release) -> tuple[CommitNote, ...]:
    history, opened = GitAncestry(project.repository.root), state.opened
    return history.between(opened.before, opened.commit) or history.between(None, opened.commit)


def _blame(project: Project, state: Release, notes: Sequence[CommitNote]) -> Blame:
    judgements = _failed(project, state)
    if not judgements:
        raise Refused(
            "NOBODY_TO_BLAME",
            f"No look at release {state.id} found that it harms.",
            next=f"`shoreward why {state.id}` tells what became of it.",
        )
    return order(project.repository, state.pipeline, state.opened.commit, notes, judgements)


def _bisect(project: Project, state: Release, blame: Blame, notes: Sequence[CommitNote], asked: Asked) -> Bisected:
    from shoreward.gate import GraphTrial

    opened = state.opened
    if not opened.before:
        what = f"Nothing was live before {state.id}, so no commit is known to be good."
        raise Refused("NO_GOOD_COMMIT", what, next="Leave --bisect out.")
    trial = GraphTrial(project, asked.checks, opened.commit, dict(map(partial(_file, project), asked.tests)))
    with interruptible():
        return bisect(opened.before, main_line(notes), trial, likelihoods(blame))


def _file(project: Project, path: Path) -> tuple[str, bytes]:
    """A file's path in the repository, and what it holds now."""
    try:
        return path.resolve().relative_to(project.repository.root.resolve()).as_posix(), path.read_bytes()
    except (OSError, ValueError) as error:
        what = f"{path} is not a file of this repository that can be read."
        raise UserError("FILE_REFUSED", what, next="Name a file inside of it.") from error


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


def _revert(project: Project, state: Release, likely: str, asked: Asked, *, sure: bool) -> RevertBranch:
    root, repository = project.repository.root, project.repository
    wanted = [repository.resolve(commit).id for commit in asked.commits] or [likely]
    if len(wanted) > 1:
        line = [note.id for note in _batch(project, state)]
        wanted.sort(key=lambda commit: line.index(commit) if commit in line else -1)
    tip = repository.resolve(asked.onto).id if asked.onto else _main(project, state, wanted)
    reason = state.rollback.reason.rstrip(".") if state.rollback else ""
    why = f"Release {state.id} was rolled back{': ' if reason else ''}{reason}."
    if not asked.commits:
        how = "Bisection found this commit." if sure else "This is the likeliest of its commits to have done it."
        why = f"{why} {how}"
    return prepare_revert(root, wanted, tip, why=textwrap.fill(why, 72))


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


def _tell_bisected(state: Release, found: Bisected, notes: Sequence[CommitNote]) -> None:
    subjects = {note.id: note.subject for note in notes}
    for commit, answer in found.tried:
        console.print(f"  tried {commit[:10]} {escape(subjects.get(commit, 'what was live'))}: {answer}", style="dim")
    if found.culprit:
        console.print(f"Bisection: {found.culprit[:10]} {escape(subjects[found.culprit])} did it.", style="bold")
        console.print(f"`shoreward quarantine {state.id} --culprit {found.culprit[:10]}` holds that one alone.")
    else:
        console.print(f"Bisection named nobody: {escape(found.why)}.", style="yellow")


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


def _plain(state: Release, blame: Blame, found: Bisected | None, made: RevertBranch | None) -> dict[str, Any]:
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
        "bisected": _plain_bisected(found) if found else None,
        "revert": _plain_branch(made) if made else None,
    }


def _plain_bisected(found: Bisected) -> dict[str, Any]:
    return {
        "culprit": found.culprit or None,
        "among": list(found.among),
        "tried": [{"commit": commit, "answer": answer} for commit, answer in found.tried],
        "why": found.why,
    }


def _plain_branch(made: RevertBranch) -> dict[str, Any]:
    return {
        "branch": made.branch,
        "commit": made.commit or None,
        "onto": made.onto,
        "conflicts": list(made.conflicts),
        "existed": made.existed,
    }
