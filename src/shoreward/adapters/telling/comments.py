"""The comment at a pull request: one that is written anew, a section for each thing that is said in it.

Sections are held apart by marks that nobody sees. Only a comment that the token's own user wrote is taken for ours:
marks can be copied by everybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from shoreward.adapters.telling.forges import Forge, forge_of
from shoreward.adapters.telling.wire import Wire
from shoreward.domain import UserError
from shoreward.domain.notifications import ForgeKind

LIMIT = 65_000
"""Characters; GitHub takes 65,536 for a comment."""

_CUT = "\n\nMore does not fit here: see the log.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A pull request's comment.

    Attributes:
        name: what tells it from those of other applications in the same repository.
    """

    forge: Forge
    number: int
    name: str

    def say(self, section: str, text: str) -> str:
        """Write a section, and leave the others as they are; returns the comment's address, "" if nobody tells it.

        Raises as `Wire.ask` does.
        """
        mark = f"<!-- shoreward {self.name} -->"
        found = next((note for note in self.forge.notes(self.number) if note.ours and mark in note.text), None)
        sections = _sections(found.text) if found else {}
        sections[section] = text.strip()
        room = (LIMIT - 200) // len(sections)
        parts = [
            f"<!-- section {name} -->\n{_fitting(said, room)}\n<!-- end -->" for name, said in sorted(sections.items())
        ]
        return self.forge.write(self.number, "\n".join([mark, *parts]), found.id if found else None)


def _sections(text: str) -> dict[str, str]:
    return dict(re.findall(r"<!-- section ([a-z]+) -->\n(.*?)\n<!-- end -->", text, re.DOTALL))


def _fitting(text: str, room: int) -> str:
    """Text that ends no section before its end, and fits."""
    kept = text.replace("<!--", "&lt;!--")
    return kept if len(kept) <= room else kept[: room - len(_CUT)].rpartition("\n")[0] + _CUT


def comment_here(environment: Mapping[str, str], name: str, wire: Wire | None = None) -> Comment:
    """The comment of the pull request that a CI job of GitHub, Gitea or GitLab is about, by its variables.

    Raises:
        UserError: COMMENT_NO_REQUEST where there is none, COMMENT_TOKEN_MISSING.
    """
    kind, url, repository, number = _request(environment)
    variables = ("GITLAB_TOKEN",) if kind == "gitlab" else ("GITHUB_TOKEN", "GITEA_TOKEN")
    token = next((environment[each] for each in variables if environment.get(each)), "")
    if not token:
        raise UserError(
            "COMMENT_TOKEN_MISSING",
            "There is no token to write a comment with.",
            next=f"Give the job one that may write comments, in {' or '.join(variables)}.",
        )
    return Comment(forge=forge_of(kind, url, repository, token, wire or Wire()), number=number, name=name)


def _request(environment: Mapping[str, str]) -> tuple[ForgeKind, str, str, int]:
    """The server, its API, the repository, and the number of the pull request."""
    found = environment.get
    if (number := found("CI_MERGE_REQUEST_IID", "")).isdecimal():
        return "gitlab", found("CI_API_V4_URL", ""), found("CI_MERGE_REQUEST_PROJECT_PATH", ""), int(number)
    number = _number(found("GITHUB_EVENT_PATH", ""))
    if number and found("GITHUB_REPOSITORY"):
        return "github", found("GITHUB_API_URL", "https://api.github.com"), found("GITHUB_REPOSITORY", ""), number
    raise UserError(
        "COMMENT_NO_REQUEST",
        "This is no job about a pull request, so there is nothing to write a comment at.",
        next="Run it in a pull request's job of GitHub, Gitea or GitLab, or write a file with --markdown.",
    )


def _number(path: str) -> int:
    """The number of the pull request that a job's event file names; 0 for none."""
    try:
        event: Any = json.loads(Path(path).read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return 0
    request = cast("dict[str, Any]", event).get("pull_request") if isinstance(event, dict) else None
    number = cast("dict[str, Any]", request).get("number") if isinstance(request, dict) else None
    return number if isinstance(number, int) else 0
