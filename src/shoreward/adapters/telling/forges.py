"""Git servers: the few calls with which a commit gets a status and a pull request a comment.

- GitHub: https://docs.github.com/rest/commits/statuses, https://docs.github.com/rest/issues/comments
- Gitea and Forgejo have the same two calls, under another address: https://docs.gitea.com/api/
- GitLab: https://docs.gitlab.com/api/commits/, https://docs.gitlab.com/api/notes/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast
from urllib.parse import quote

from shoreward.adapters.telling.wire import Wire
from shoreward.domain import Retryable
from shoreward.domain.notifications import ForgeKind

State = Literal["pending", "success", "failure", "error"]
"""Of a commit; an error says nothing about the commit."""

_PAGES = 30
"""Pages of comments that are read at most, a hundred each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A comment as it is there; `ours` is whether whoever holds the token wrote it."""

    id: int
    text: str
    ours: bool


class Forge(Protocol):
    """A repository at a git server. Every method raises as `Wire.ask`."""

    def look(self) -> None:
        """Look whether the repository is there, and may be seen."""
        ...

    def status(self, commit: str, state: State, name: str, text: str, link: str) -> None:
        """Give a commit a status; one of the same name is replaced."""
        ...

    def notes(self, number: int) -> Iterator[Note]:
        """The comments of a pull request, oldest first."""
        ...

    def write(self, number: int, text: str, note: int | None) -> str:
        """Write a comment, or write it anew; returns its address, "" where the server does not tell."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHub:
    """GitHub, and Gitea, which has the same calls.

    Attributes:
        url: of the API.
        repository: `owner/name`.
    """

    url: str
    repository: str
    token: str
    wire: Wire

    def look(self) -> None:
        """See `Forge.look`."""
        self._ask("GET", f"/repos/{self._place}")

    def status(self, commit: str, state: State, name: str, text: str, link: str) -> None:
        """See `Forge.status`."""
        said = {"state": state, "context": name, "description": text[:140], "target_url": link}
        self._ask("POST", f"/repos/{self._place}/statuses/{quote(commit, safe='')}", said)

    def notes(self, number: int) -> Iterator[Note]:
        """See `Forge.notes`."""
        me = self._me()
        for page in range(1, _PAGES + 1):
            query = f"?per_page=100&limit=100&page={page}"
            found = _listed(self._ask("GET", f"/repos/{self._place}/issues/{number}/comments{query}"))
            for each in found:
                user: dict[str, Any] = each.get("user") or {}
                # A token of GitHub's own workflows may not ask who it is; it writes as a bot.
                ours = user.get("login") == me if me else user.get("type") == "Bot"
                yield Note(id=int(each["id"]), text=str(each.get("body") or ""), ours=ours)
            if not found:
                return

    def _me(self) -> str:
        try:
            return str(_object(self._ask("GET", "/user")).get("login", ""))
        except Retryable:
            return ""

    def write(self, number: int, text: str, note: int | None) -> str:
        """See `Forge.write`."""
        issues = f"/repos/{self._place}/issues"
        if note is None:
            told = self._ask("POST", f"{issues}/{number}/comments", {"body": text})
        else:
            told = self._ask("PATCH", f"{issues}/comments/{note}", {"body": text})
        return str(_object(told).get("html_url", ""))

    @property
    def _place(self) -> str:
        return quote(self.repository)

    def _ask(self, method: str, path: str, said: Any = None) -> Any:
        headers = {"Authorization": f"token {self.token}", "Accept": "application/json"}
        return self.wire.ask(method, self.url + path, headers, said).said


_STATES = {"pending": "running", "success": "success", "failure": "failed", "error": "canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GitLab:
    """GitLab; `repository` is the project's path, or its number."""

    url: str
    repository: str
    token: str
    wire: Wire

    def look(self) -> None:
        """See `Forge.look`."""
        self._ask("GET", "")

    def status(self, commit: str, state: State, name: str, text: str, link: str) -> None:
        """See `Forge.status`."""
        said = {"state": _STATES[state], "name": name, "description": text[:140], "target_url": link}
        self._ask("POST", f"/statuses/{quote(commit, safe='')}", said)

    def notes(self, number: int) -> Iterator[Note]:
        """See `Forge.notes`."""
        me = _object(self.wire.ask("GET", f"{self.url}/user", self._headers).said).get("id")
        for page in range(1, _PAGES + 1):
            found = _listed(self._ask("GET", f"/merge_requests/{number}/notes?sort=asc&per_page=100&page={page}"))
            for each in found:
                author: dict[str, Any] = each.get("author") or {}
                ours = author.get("id") == me and not each.get("system")
                yield Note(id=int(each["id"]), text=str(each.get("body") or ""), ours=ours)
            if not found:
                return

    def write(self, number: int, text: str, note: int | None) -> str:
        """See `Forge.write`."""
        notes = f"/merge_requests/{number}/notes"
        if note is None:
            self._ask("POST", notes, {"body": text})
        else:
            self._ask("PUT", f"{notes}/{note}", {"body": text})
        return ""

    @property
    def _headers(self) -> dict[str, str]:
        return {"PRIVATE-TOKEN": self.token}

    def _ask(self, method: str, path: str, said: Any = None) -> Any:
        url = f"{self.url}/projects/{quote(self.repository, safe='')}{path}"
        return self.wire.ask(method, url, self._headers, said).said


def forge_of(kind: ForgeKind, url: str, repository: str, token: str, wire: Wire) -> Forge:
    """The repository at its server."""
    made = GitLab if kind == "gitlab" else GitHub
    return made(url=url.rstrip("/"), repository=repository, token=token, wire=wire)


def _object(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Retryable("RECEIVER_SILENT", "The git server does not answer as one does.")
    return cast("dict[str, Any]", said)


def _listed(said: Any) -> list[dict[str, Any]]:
    if not isinstance(said, list):
        raise Retryable("RECEIVER_SILENT", "The git server does not answer as one does.")
    return [_object(each) for each in cast("list[Any]", said)]
