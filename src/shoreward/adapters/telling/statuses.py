"""Statuses of commits: what came of a commit's release, beside the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shoreward.adapters.telling.forges import State, forge_of
from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.notice import Notice
from shoreward.app.words.plain import one_line
from shoreward.domain import Outcome
from shoreward.domain.notifications import Kind, Statuses

_TOLD = frozenset(
    {
        Kind.OPENED,
        Kind.STARTED,
        Kind.WAVE_BAKED,
        Kind.HELD,
        Kind.RESUMED,
        Kind.NEEDS_PERSON,
        Kind.BLOCKED,
        Kind.ROLLBACK,
        Kind.ENDED,
        Kind.SUPERSEDED,
    }
)
"""What changes a status."""

_ENDS: dict[Outcome, State] = {
    Outcome.SUCCEEDED: "success",
    Outcome.SUPERSEDED: "success",
    Outcome.FAILED: "failure",
    Outcome.ROLLED_BACK: "failure",
    Outcome.ABORTED: "error",
    Outcome.DISPLACED: "error",
    Outcome.ERRORED: "error",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatuses:
    """Implements `app.telling.ports.Messenger`."""

    statuses: Statuses
    page: str
    secret: Callable[[str], str]
    wire: Wire

    @property
    def digests(self) -> bool:
        """Of a commit only the last status is of interest."""
        return True

    def deliver(self, notices: Sequence[Notice]) -> None:
        """See `Messenger.deliver`."""
        told = self.statuses
        forge = forge_of(told.forge, told.url, told.repository, self.secret(told.token), self.wire)
        if any(each.kind is Kind.TEST for each in notices):
            forge.look()
        last = {(each.application, each.commit): each for each in notices if each.kind in _TOLD}
        for (application, commit), notice in last.items():
            text = one_line(notice.what, most=140)
            forge.status(commit, state_of(notice), f"shoreward/{application}", text, self.page + notice.path)


def state_of(notice: Notice) -> State:
    """The state that a notice leaves a commit in."""
    if notice.outcome:
        return _ENDS[notice.outcome]
    return "failure" if notice.kind is Kind.ROLLBACK else "pending"
