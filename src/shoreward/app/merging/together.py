"""From merge to group release: what was merged of a group's applications goes to production together.

Of each application the newest commit of its branch is looked at. Those whose revision is another one than the last that
counts are released, in one go; while one of the group is being built or checked, the next group release waits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shoreward.app.merging.groups import Part, members_of, together
from shoreward.app.merging.merges import Branch, Considered, Tip, in_preproduction, known, pass_over, same
from shoreward.app.ports import Journal
from shoreward.app.quarantine import Quarantine
from shoreward.app.releases import Wish, free_to_go, opening
from shoreward.core.events import ReleaseOpened
from shoreward.domain import Group, Refused, ShorewardError, UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """Where an application of a group comes from.

    Attributes:
        source: names the branch; applications of one branch are released at one commit.
    """

    source: str
    branch: Branch
    quarantine: Quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A group at the newest commits of its branches, by application, and which of those changed."""

    tips: Mapping[str, Tip]
    parts: Mapping[str, Part]
    changed: Sequence[str]


def consider_together(journal: Journal, group: Group, berths: Mapping[str, Berth], now: float) -> Considered:
    """Open a group release of the newest commits, unless there is a reason not to; see `app.merging.merges.consider`.

    Args:
        berths: by application; a group of which somebody is missing waits.
    """
    if missing := [name for name in group.applications if name not in berths]:
        return Considered(why=f"nobody knows the pipeline of {', '.join(missing)}")
    tips = _tips(berths)
    if all(known(journal, name, tip.commit) for name, tip in tips.items()):
        return Considered(tip=_newest(tips))
    try:
        seen = _look(journal, berths, tips)
        if busy := next(filter(None, (in_preproduction(journal, name) for name in group.applications)), ""):
            return Considered(tip=_newest(tips), why=f"release {busy} is being checked; the newest commits go after it")
        ids = _open(journal, group, berths, seen, lambda tip: Wish(by=tip.author, at=now, why="merged"))
    except Refused as error:
        # A person's word, a fix, or the end of another release may free it: it is looked at again.
        return Considered(tip=_newest(tips), why=f"{error.what} {error.next}".rstrip())
    except UserError as error:
        return _pass_all_over(journal, tips, f"the group {group.name} cannot be released: {error}", now)
    for name, tip in tips.items():
        if name not in seen.changed and not known(journal, name, tip.commit):
            pass_over(journal, tip, name, "it makes the same revision as the release before it", now)
    return Considered(tip=_newest(tips), opened=", ".join(ids), passed_over=not ids)


def open_together(
    journal: Journal, group: Group, berths: Mapping[str, Berth], wish: Wish, *, despite: str = ""
) -> tuple[str, ...]:
    """Open a group release of the newest commits, because a person asks for it; providers before their consumers.

    Raises:
        Refused: GROUP_UNCHANGED when nothing of it changed, QUARANTINED, RELEASE_UNDER_WAY, FLEET_GROUP_MEMBER.
        SpecError: a pipeline cannot be read, or FLEET_GROUP_CYCLE.
        Retryable: a branch cannot be read now.
    """
    ids = _open(journal, group, berths, look_at(journal, group, berths), lambda tip: wish, despite)
    if not ids:
        what = f"Nothing of the group {group.name} has changed since it was released last."
        raise Refused("GROUP_UNCHANGED", what, next="Push what is to be released, and ask again.")
    return ids


def look_at(journal: Journal, group: Group, berths: Mapping[str, Berth]) -> Seen:
    """What a group release that is opened now would carry; raises as `open_together`, but for what changed."""
    if missing := [name for name in group.applications if name not in berths]:
        what = f"Nobody knows the pipeline of {', '.join(missing)}, of the group {group.name}."
        raise Refused("FLEET_GROUP_MEMBER", what, next="Look whether its repository answers, and at its name.")
    return _look(journal, berths, _tips(berths))


def _tips(berths: Mapping[str, Berth]) -> dict[str, Tip]:
    """The newest commit for each application; each branch is asked once, so that there is one commit of it."""
    asked: dict[str, Tip] = {}
    for each in berths.values():
        if each.source not in asked:
            asked[each.source] = each.branch.tip()
    return {name: asked[each.source] for name, each in berths.items()}


def _newest(tips: Mapping[str, Tip]) -> Tip:
    return max(tips.values(), key=lambda tip: tip.time)


def _look(journal: Journal, berths: Mapping[str, Berth], tips: Mapping[str, Tip]) -> Seen:
    parts: dict[str, Part] = {}
    for name, each in berths.items():
        pipeline = each.branch.pipeline(tips[name].commit)
        try:
            revision = each.branch.build(pipeline, tips[name].commit)
        except ShorewardError:
            revision = None  # Its release says what is wrong with it, and the others do not start.
        parts[name] = Part(pipeline=pipeline, revision=revision)
    changed = [name for name, part in parts.items() if not (part.revision and same(journal, name, part.revision))]
    return Seen(tips=tips, parts=parts, changed=changed)


def _open(
    journal: Journal,
    group: Group,
    berths: Mapping[str, Berth],
    seen: Seen,
    wish: Callable[[Tip], Wish],
    despite: str = "",
) -> tuple[str, ...]:
    """Open what changed."""
    openings: list[ReleaseOpened] = []
    for name in seen.changed:
        tip, part = seen.tips[name], seen.parts[name]
        free_to_go(
            journal,
            name,
            tip.commit,
            digest=part.revision.digest if part.revision else "",
            artifacts=[artifact.digest for artifact in part.revision.artifacts] if part.revision else (),
            despite=despite,
            quarantine=berths[name].quarantine,
        )
        openings.append(
            opening(
                journal,
                part.pipeline,
                tip.commit,
                tip.subject,
                wish(tip),
                despite=despite,
                committed_at=tip.time,
                quarantine=berths[name].quarantine,
            )
        )
    if not openings:
        return ()
    return journal.open_all(together(group.name, openings, members_of(group, seen.parts, journal, seen.changed)))


def _pass_all_over(journal: Journal, tips: Mapping[str, Tip], why: str, now: float) -> Considered:
    for name, tip in tips.items():
        if not known(journal, name, tip.commit):
            pass_over(journal, tip, name, why, now)
    return Considered(tip=_newest(tips), passed_over=True, why=why)
