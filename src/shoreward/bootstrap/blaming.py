"""Blame over a repository: the commits of a release that harmed, who of them did it, and the branch that takes it back.

For people (`shoreward blame`), and for whoever carries releases (`app.blame.inquest.Investigator`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shoreward.adapters.git import MAIN_BRANCHES, GitAncestry, RevertBranch, prepare_revert, push_branch
from shoreward.app.blame import Bisected, Blame, bisect, likelihoods, main_line, order
from shoreward.app.interruption import Interruption
from shoreward.app.quarantine.ancestry import CommitNote
from shoreward.core import Release
from shoreward.domain import Blamed, Judgement, Refused, ShorewardError, Suspicion, UserError

if TYPE_CHECKING:
    from shoreward.bootstrap.project import Project


class Blaming:
    """Looks for who did it in a repository."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def batch(self, state: Release) -> tuple[CommitNote, ...]:
        """The commits that a release brought; raises as an `Ancestry` does."""
        history, opened = GitAncestry(self._project.repository.root), state.opened
        return history.between(opened.before, opened.commit) or history.between(None, opened.commit)

    def order(self, state: Release, notes: Sequence[CommitNote], looks: Sequence[Judgement]) -> Blame:
        """A batch by likelihood; `looks` are those that failed."""
        return order(self._project.repository, state.pipeline, state.opened.commit, notes, looks)

    def bisect(
        self,
        state: Release,
        blame: Blame,
        notes: Sequence[CommitNote],
        checks: Sequence[str],
        files: Mapping[str, bytes],
        interruption: Interruption | None = None,
    ) -> Bisected:
        """Try commits of a batch out, with `files` put into each of them.

        Raises:
            Refused: NO_GOOD_COMMIT.
            UserError: CHECK_UNKNOWN.
            Abandoned: it was interrupted.
        """
        from shoreward.gate import GraphTrial

        opened = state.opened
        if not opened.before:
            what = f"Nothing was live before {state.id}, so no commit is known to be good."
            raise Refused("NO_GOOD_COMMIT", what, next="Leave --bisect out.")
        trial = GraphTrial(self._project, checks, opened.commit, files, interruption)
        return bisect(opened.before, main_line(notes), trial, likelihoods(blame))

    def revert(self, state: Release, culprits: Sequence[str], onto: str, how: str) -> RevertBranch:
        """The branch that takes commits back.

        Args:
            onto: where it begins; "" for the main branch's last commit.
            how: a sentence that says how the culprits are known, for its message; "" for none.

        Raises:
            Refused: those of `prepare_revert`.
        """
        reason = state.rollback.reason.rstrip(".") if state.rollback else ""
        why = f"Release {state.id} was rolled back{': ' if reason else ''}{reason}. {how}".rstrip()
        tip = onto or self._main(state, culprits)
        return prepare_revert(self._project.repository.root, culprits, tip, why=textwrap.fill(why, 72))

    def _main(self, state: Release, culprits: Sequence[str]) -> str:
        """The end of the main branch, if it has the culprits; else what was released."""
        repository, history = self._project.repository, GitAncestry(self._project.repository.root)
        for branch in MAIN_BRANCHES:
            try:
                tip = repository.resolve(branch).id
            except UserError:
                continue
            if all(history.contains(tip, culprit) for culprit in culprits):
                return tip
        return state.opened.commit

    def investigate(self, state: Release, looks: Sequence[Judgement], interruption: Interruption) -> Blamed:
        """See `Investigator.investigate`."""
        notes, policy, unknown = self.batch(state), state.pipeline.blame, list[str]()
        blame, culprit = self.order(state, notes, looks), ""
        if policy.bisect:
            try:
                found = self.bisect(state, blame, notes, policy.bisect, {}, interruption)
                culprit = found.culprit
                unknown += [f"bisection named nobody: {found.why}"] if found.why else []
            except UserError as error:
                unknown.append(f"nothing was bisected: {error}")
        branch, pushed = "", False
        if policy.revert != "none" and blame.suspects:
            try:
                branch = self._branch(state, culprit or blame.suspects[0].commit.id, sure=bool(culprit))
                pushed = policy.revert == "push" and push_branch(self._project.repository.root, branch)
            except ShorewardError as error:
                unknown.append(f"{'the revert was not pushed' if branch else 'there is no revert'}: {error}")
        suspects = tuple(
            Suspicion(
                commit=each.commit.id,
                subject=each.commit.subject,
                author=each.commit.author,
                share=each.share,
                reasons=each.reasons,
            )
            for each in blame.suspects
        )
        return Blamed(suspects=suspects, culprit=culprit, branch=branch, pushed=pushed, why="; ".join(unknown))

    def _branch(self, state: Release, culprit: str, *, sure: bool) -> str:
        made = self.revert(state, (culprit,), "", FOUND if sure else LIKELY)
        if made.conflicts:
            what = f"git cannot take {culprit[:10]} back by itself; changed since: {', '.join(made.conflicts)}."
            raise Refused("REVERT_BRANCH", what, next="Revert it by hand.")
        return made.branch


FOUND = "Bisection found this commit."
LIKELY = "This is the likeliest of its commits to have done it."
