"""`fleet.yaml` to a fleet: its format, and the way in. Read as `shoreward.yaml` is, all mistakes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shoreward.domain import Fleet, Limits, SpecErrors, Watched
from shoreward.spec._kinds import Duration, Number, Text, duration_text
from shoreward.spec._shapes import At, Field, ListOf, Record
from shoreward.spec.groups import GROUPS, read_groups
from shoreward.spec.load import decoded, in_order, read_file
from shoreward.spec.notifications import SECTION
from shoreward.spec.yaml import read_yaml

_WATCHED = Watched(repository="")
_POLL = Fleet(pipelines=()).poll
_ROOM = Number(1, 10_000, whole=True)

PIPELINE = Record(
    "a pipeline of the fleet",
    (
        Field("repository", Text(r"\S.*", "what `git clone` takes"), "An address or a path.", required=True),
        Field("branch", Text(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", "a branch"), "Its branch.", default=_WATCHED.branch),
        Field("file", Text(r"[^/\s].*", "a path"), "The pipeline's file in it.", default=_WATCHED.file),
        Field(
            "secret",
            Text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable"),
            "Environment variable with the secret of its webhooks.",
        ),
    ),
)

FLEET = Record(
    "the file",
    (
        Field("pipelines", ListOf(PIPELINE, empty=("FLEET_EMPTY", "Name at least one.")), "What is carried."),
        Field("poll", Duration(), "How often each branch is looked at.", default=duration_text(_POLL)),
        Field(
            "limits",
            Record(
                "'limits'",
                (
                    Field("targets", _ROOM, "Targets that may be under way at once."),
                    Field("account", _ROOM, "The same for each account."),
                    Field("region", _ROOM, "The same for each region."),
                ),
            ),
            "How much may be under way at once, over all pipelines.",
        ),
        Field("groups", GROUPS, "Applications that are released, and go back, together."),
        Field("notifications", SECTION, "Who is told of what happens."),
    ),
)


def load_fleet(path: Path) -> Fleet:
    """Read a fleet.

    Paths of repositories are relative to the file.

    Raises:
        SpecError: the file cannot be read or is wrong; `SpecErrors` when several things are.
    """
    document = read_yaml(decoded(read_file(path), str(path)), str(path), intrinsics=False)
    at = At(document, [])
    found: dict[str, Any] = FLEET.read(document.value, at) or {}
    fleet = Fleet(
        pipelines=tuple(
            _watched(each, at / "pipelines" / index, path.parent)
            for index, each in enumerate(found.get("pipelines", ()))
        ),
        poll=found.get("poll", _POLL),
        limits=Limits(**found.get("limits", {})),
        groups=read_groups(found.get("groups", {}), at / "groups"),
        notifications=found.get("notifications"),
    )
    if not at.errors and not fleet.pipelines:
        at.complain("FLEET_EMPTY", "The file names no pipeline.", "List at least one under 'pipelines'.")
    _once(fleet, at)
    if errors := in_order(at.errors):
        raise errors[0] if len(errors) == 1 else SpecErrors(errors)
    return fleet


def _watched(found: dict[str, Any], at: At, folder: Path) -> Watched:
    repository = found.get("repository", "")
    if repository and "://" not in repository and (folder / repository).exists():
        repository = str((folder / repository).resolve())
    return Watched(
        repository=repository,
        branch=found.get("branch", _WATCHED.branch),
        file=found.get("file", _WATCHED.file),
        secret=found.get("secret", ""),
        where=at.place,
    )


def _once(fleet: Fleet, at: At) -> None:
    for index, each in enumerate(fleet.pipelines):
        if each in fleet.pipelines[:index]:
            (at / "pipelines" / index).complain("FLEET_TWICE", "This pipeline is named twice.", "Remove one.")
