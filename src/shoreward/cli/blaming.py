"""`shoreward blame`: which commit of a release that harmed did it, and the branch that takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.markup import escape

from shoreward.adapters.git import RevertBranch
from shoreward.app.blame import Bisected, Blame, Suspect
from shoreward.app.blame.inquest import failed_looks
from shoreward.app.quarantine.ancestry import CommitNote
from shoreward.bootstrap import Project
from shoreward.bootstrap.blaming import FOUND, LIKELY
from shoreward.cli.interrupts import interruptible
from shoreward.cli.output import console, print_json
from shoreward.cli.show import chosen
from shoreward.cli.sites import Here
from shoreward.core import Release
from shoreward.domain import Refused, UserError


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
    state = chosen(Here(project), release)
    notes = project.blaming().batch(state)
    blame = _order(project, state, notes)
    found = _bisect(project, state, blame, notes, asked) if asked.checks else None
    likely = found.culprit if found and found.culprit else blame.suspects[0].commit.id
    sure = bool(found and found.culprit)
    made = _revert(project, state, notes, likely, asked, sure=sure) if asked.revert else None
    if asked.json:
        print_json(_plain(state, blame, found, made))
    else:
        _tell(state, blame)
        if found:
            _tell_bisected(state, found, notes)
        if made:
            _tell_branch(made)
    return int(made is not None and bool(made.conflicts))


def _order(project: Project, state: Release, notes: Sequence[CommitNote]) -> Blame:
    looks = failed_looks(project.journal, state.id)
    if not looks:
        raise Refused(
            "NOBODY_TO_BLAME",
            f"No look at release {state.id} found that it harms.",
            next=f"`shoreward why {state.id}` tells what became of it.",
        )
    return project.blaming().order(state, notes, looks)


def _bisect(project: Project, state: Release, blame: Blame, notes: Sequence[CommitNote], asked: Asked) -> Bisected:
    files = dict(map(partial(_file, project), asked.tests))
    with interruptible():
        return project.blaming().bisect(state, blame, notes, asked.checks, files)


def _file(project: Project, path: Path) -> tuple[str, bytes]:
    """A file's path in the repository, and what it holds now."""
    try:
        return path.resolve().relative_to(project.repository.root.resolve()).as_posix(), path.read_bytes()
    except (OSError, ValueError) as error:
        what = f"{path} is not a file of this repository that can be read."
        raise UserError("FILE_REFUSED", what, next="Name a file inside of it.") from error


def _revert(
    project: Project, state: Release, notes: Sequence[CommitNote], likely: str, asked: Asked, *, sure: bool
) -> RevertBranch:
    repository = project.repository
    wanted = [repository.resolve(commit).id for commit in asked.commits] or [likely]
    if len(wanted) > 1:
        line = [note.id for note in notes]
        wanted.sort(key=lambda commit: line.index(commit) if commit in line else -1)
    how = "" if asked.commits else FOUND if sure else LIKELY
    onto = repository.resolve(asked.onto).id if asked.onto else ""
    return project.blaming().revert(state, wanted, onto, how)


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
