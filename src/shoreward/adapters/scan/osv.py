"""Advisories in OSV's form, and whether one concerns a version: the evaluation that the OSV schema defines.

Read generously where nothing depends on it (times of any precision, unknown fields), strictly where a misreading would
let something pass: what is no advisory raises `Malformed`. Source: https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

from shoreward.adapters.scan.component import normalised
from shoreward.adapters.scan.shapes import Json, Malformed, listed, mapping, objects, text
from shoreward.adapters.scan.versions import Ecosystem, Order, order

Bound = Literal["introduced", "fixed", "last_affected", "limit"]
Events = tuple[tuple[Bound, str], ...]
"""A range of versions, as (bound, version)."""

_EDGES: Events = (("introduced", "0"), ("limit", "*"))
"""Before the first version, and behind the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Versions of one package that an advisory is about.

    Attributes:
        severity: CVSS vectors as (type, vector).
        word: how bad the one who published it calls it, in lower case; "" when nothing is said.
    """

    ecosystem: str
    name: str
    versions: tuple[str, ...] = ()
    ranges: tuple[Events, ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """Something that is known to be wrong with versions of packages.

    Attributes:
        aliases: what others call it.
        modified: UNIX seconds; None when the time cannot be read.
        severity: CVSS vectors as (type, vector), of all that it affects.
        word: how bad the one who published it calls it, in lower case; "" when nothing is said.
    """

    id: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    modified: float | None = None
    withdrawn: bool = False
    severity: tuple[tuple[str, str], ...] = ()
    word: str = ""
    affected: tuple[Affected, ...] = ()

    def about(self, ecosystem: Ecosystem, name: str) -> tuple[Affected, ...]:
        """What it says about a package; the name is normalised."""
        return tuple(one for one in self.affected if one.ecosystem == ecosystem and one.name == name)

    def concerns(self, ecosystem: Ecosystem, name: str, version: str) -> bool:
        """Whether a version has what it warns of; False for an advisory that was taken back."""
        return not self.withdrawn and any(
            _named(ecosystem, one, version) or _ranged(ecosystem, one, version) for one in self.about(ecosystem, name)
        )

    def fixes(self, ecosystem: Ecosystem, name: str) -> tuple[str, ...]:
        """Versions that end a range of bad ones."""
        ranges = (one for about in self.about(ecosystem, name) for one in about.ranges)
        return tuple(version for events in ranges for bound, version in events if bound == "fixed")


def _named(ecosystem: Ecosystem, affected: Affected, version: str) -> bool:
    if version in affected.versions:
        return True
    here = order(ecosystem, version)
    return here is not None and any(order(ecosystem, listed) == here for listed in affected.versions)


def _ranged(ecosystem: Ecosystem, affected: Affected, version: str) -> bool:
    here = order(ecosystem, version)
    return here is not None and any(_inside(ecosystem, events, here, affected) for events in affected.ranges)


@dataclass(frozen=True, slots=True)
class _Event:
    bound: Bound
    at: Order | None
    """None is before the first version, and behind the last."""


def _inside(ecosystem: Ecosystem, events: Events, here: Order, affected: Affected) -> bool:
    placed = [_Event(bound, order(ecosystem, at)) for bound, at in events if (bound, at) not in _EDGES]
    if any(one.at is None for one in placed):
        # A bound that cannot be read: the listed versions decide if there are any, else all versions are suspects.
        return not affected.versions
    placed = [*(_Event(bound, None) for bound, at in events if (bound, at) in _EDGES), *placed]
    limits = [one for one in placed if one.bound == "limit"]
    if limits and not any(one.at is None or here < one.at for one in limits):
        return False
    bad = False
    for one in sorted(placed, key=functools.cmp_to_key(_earlier)):
        match one.bound:
            case "introduced":
                bad = bad or one.at is None or here >= one.at
            case "fixed":
                bad = bad and here < one.at
            case "last_affected":
                bad = bad and here <= one.at
            case "limit":
                pass
    return bad


def _earlier(one: _Event, other: _Event) -> int:
    """Events in the order of their versions; "0" comes before all, and of equals the first one stays first."""
    if one.at is None or other.at is None:
        return (one.at is not None) - (other.at is not None)
    return (one.at > other.at) - (one.at < other.at)


def read_advisory(document: Any) -> Advisory:
    """An advisory from its JSON document; raises `Malformed`."""
    found = mapping(document, "the advisory")
    affected = tuple(_affected(one) for one in objects(found.get("affected")))
    return Advisory(
        id=text(found.get("id"), "its id"),
        aliases=tuple(alias for alias in listed(found.get("aliases")) if isinstance(alias, str)),
        summary=_summary(found),
        modified=moment(found.get("modified")),
        withdrawn=bool(found.get("withdrawn")),
        severity=_severity(found),
        word=_word(found),
        affected=affected,
    )


def _affected(found: Json) -> Affected:
    package = found.get("package")
    if package is None:  # a range of commits in some repository, without a package
        return Affected(ecosystem="", name="")
    about = mapping(package, "a package")
    ecosystem, name = text(about.get("ecosystem"), "an ecosystem"), text(about.get("name"), "a name")
    versions = listed(found.get("versions"))
    ranges = [mapping(one, "a range") for one in listed(found.get("ranges"))]
    return Affected(
        ecosystem=ecosystem,
        name=normalised(ecosystem, name),
        versions=tuple(str(version) for version in versions),
        ranges=tuple(_events(one) for one in ranges if one.get("type") != "GIT"),
        severity=_severity(found),
        word=_word(found),
    )


def _events(found: Json) -> Events:
    events = [mapping(event, "an event") for event in listed(found.get("events"))]
    if not events:
        raise Malformed("a range has no events")
    return tuple((bound, str(event[bound])) for event in events for bound in get_args(Bound) if bound in event)


def _severity(found: Json) -> tuple[tuple[str, str], ...]:
    return tuple((str(one.get("type")), str(one.get("score"))) for one in objects(found.get("severity")))


def _word(found: Json) -> str:
    for specific in (found.get("database_specific"), found.get("ecosystem_specific")):
        if isinstance(specific, dict) and isinstance(word := cast("Json", specific).get("severity"), str):
            return word.lower()
    return ""


def _summary(found: Json) -> str:
    for told in (found.get("summary"), found.get("details")):
        if isinstance(told, str) and told.strip():
            line = told.strip().splitlines()[0].lstrip("# ").rstrip(" .")
            return line if len(line) <= 200 else f"{line[:197]}..."
    return ""


_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d*)?)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE | re.ASCII,
)


def moment(written: Any) -> float | None:
    """UNIX seconds of a time in ISO 8601, to the second, of whatever precision; UTC unless it says otherwise."""
    found = _TIME.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        return None
    try:
        numbers = [int(part or 0) for part in found.groups()[:6]]
        at = datetime(*cast("tuple[int, int, int, int, int, int]", tuple(numbers)), tzinfo=UTC).timestamp()
    except ValueError:
        return None
    zone = (found[7] or "Z").replace(":", "")
    if zone in ("Z", "z"):
        return at
    return at - (-1 if zone[0] == "-" else 1) * (int(zone[1:3]) * 3600 + int(zone[3:5]) * 60)
