"""What is outside of each release: other releases, people's orders, and room, as a value for `decide`.

Pure, over all releases that are under way; the controller and the simulation of many pipelines use the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import dropwhile

from shoreward.app.quarantine import CLEAN, Taint
from shoreward.core import Deployment, Phase, Release
from shoreward.core.control import NO_CONTROL, Control
from shoreward.core.decide import leaves
from shoreward.core.header import Header
from shoreward.core.outside import Elsewhere, Fellow, Other, Outside
from shoreward.core.sequence import condemned, heirs, ready, to_come
from shoreward.domain import Limits, Outcome, Target

UNLIMITED = Limits()


def free(header: Header) -> Taint:
    """Nothing is in quarantine, as far as anybody here can tell."""
    return CLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What bears on releases beside what is in the journal.

    Attributes:
        limits: how much may be under way at once.
        taint: what quarantine says of a release.
    """

    limits: Limits = UNLIMITED
    taint: Callable[[Header], Taint] = free


UNCONDITIONAL = Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What of a release all others need to know.

    Attributes:
        working: the targets on which it is at work, or watches what is new.
    """

    application: str
    other: Other
    elsewhere: Elsewhere
    working: Mapping[str, Target]


class Glances:
    """Glances at releases, taken anew only where a release has changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Release, str, Glance]] = {}

    def of(self, state: Release, quarantine: str) -> Glance:
        """What others need to know of a release that is in quarantine for a reason, or for none."""
        known = self._known.get(state.id)
        if known is not None and known[0] is state and known[1] == quarantine:
            return known[2]
        glance = _glance(state, quarantine)
        self._known[state.id] = state, quarantine, glance
        return glance

    def keep(self, releases: Container[str]) -> None:
        """Forget all other releases."""
        self._known = {release: known for release, known in self._known.items() if release in releases}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that bears on each other at one moment.

    Attributes:
        releases: those that are open, newer ones of their applications that succeeded or went back lately, and the
            other members of their group releases, however those ended; each application's in order.
        taints: what quarantine says of releases, by id; nothing of one that is free to go.
        glances: what was seen of them before; whoever makes scene after scene gives them all the same.
    """

    releases: tuple[Release, ...]
    control: Control = NO_CONTROL
    limits: Limits = UNLIMITED
    taints: Mapping[str, Taint] = field(default_factory=dict[str, Taint])
    glances: Glances = field(default_factory=Glances)

    @classmethod
    def of(
        cls,
        opened: Iterable[Header],
        over: Iterable[Header],
        load: Callable[[str], Release],
        *,
        control: Control,
        limits: Limits = UNLIMITED,
        taints: Mapping[str, Taint],
        glances: Glances | None = None,
    ) -> Scene:
        """A scene of releases that are under way, and of those that are over and bear on them."""
        known = {header.id: header for header in (*opened, *over)}
        ordered = sorted(known.values(), key=lambda header: header.number)
        (glances := glances or Glances()).keep(known)
        return cls(
            releases=tuple(load(header.id) for header in ordered),
            control=control,
            limits=limits,
            taints=taints,
            glances=glances,
        )

    def around(self, state: Release) -> Outside:
        """The surroundings of one of the releases."""
        name = state.pipeline.application
        ahead, behind = self._line(state)
        return Outside(
            stop=self.control.stop_of(name),
            quarantine=self._reason(state),
            unsure=self.taints.get(state.id, CLEAN).unsure,
            ahead=tuple(self._other(each) for each in ahead if not each.ended),
            behind=tuple(self._other(each) for each in behind),
            crowded=self._crowded(state),
            freezes={key: freeze for key, freeze in self.control.freezes.items() if freeze.application in ("", name)},
            variables=self.control.variables,
            others=self._elsewhere(name),
            fellows=tuple(self._fellow(each) for each in self._fellows(state)),
            left=self._left(state),
        )

    def _line(self, state: Release) -> tuple[list[Release], list[Release]]:
        """Older releases of the same application that are open or stayed, and newer ones."""
        name = state.pipeline.application
        own = [each for each in self.releases if each.pipeline.application == name and (each is state or _counts(each))]
        place = next(index for index, each in enumerate(own) if each.id == state.id)
        return own[:place], own[place + 1 :]

    def _left(self, state: Release) -> Mapping[str, float]:
        """When newer releases left the targets that they went back from."""
        name, found = state.pipeline.application, dict[str, float]()
        for each in dropwhile(lambda each: each.id != state.id, self.releases):
            if each.id != state.id and each.pipeline.application == name and each.rollback:
                gone = {key: one.restored_at for key, one in each.deployments.items() if one.exposed_since}
                found |= {key: max(at, found.get(key, 0.0)) for key, at in gone.items() if at}
        return found

    def _fellows(self, state: Release) -> list[Release]:
        """The other members of a release's group, providers before their consumers."""
        group = state.opened.group
        if group is None:
            return []
        order = [member.application for member in group.members]
        found = [each for each in self.releases if each.id != state.id and group_of(each) == group.id]
        return sorted(found, key=lambda each: order.index(each.pipeline.application))

    def _fellow(self, state: Release) -> Fellow:
        _, behind = self._line(state)
        waits = state.waiting and not state.ended
        return Fellow(
            state=state,
            leaves=leaves(state, self._reason(state)),
            heirs=heirs(state, (self._other(each) for each in behind)) if waits else frozenset(),
        )

    def _other(self, state: Release) -> Other:
        """What a release is to those of its application; a member's group counts as one."""
        other = self._glance(state).other
        fellows = self._fellows(state)
        if not fellows:
            return other
        return replace(
            other,
            ready=other.ready and all(ready(each) for each in fellows),
            held=other.held or any(each.hold for each in fellows),
        )

    def _reason(self, state: Release) -> str:
        return self.taints.get(state.id, CLEAN).reason

    def _glance(self, state: Release) -> Glance:
        return self.glances.of(state, self._reason(state))

    def _crowded(self, state: Release) -> Mapping[str, str]:
        """Where the next targets of a release find no room."""
        if state.waiting or state.ended or state.rollback:
            return {}
        candidates = [each for each in state.in_wave(state.wave) if each.phase is Phase.WAITING and not each.entered]
        most = state.pipeline.waves[state.wave].at_once
        if not candidates or (most is None and self.limits == UNLIMITED):
            return {}
        own = sum(_busy(state, each) for each in state.in_wave(state.wave))
        if most is not None and own >= most:
            why = f"{own} targets of the wave are under way, and no more may be"
            return {each.target.key: why for each in candidates}
        busy = self.busy()
        full = {each.target.key: _full(each.target, busy, self.limits) for each in candidates}
        return {key: why for key, why in full.items() if why}

    def busy(self) -> tuple[Target, ...]:
        """The targets that are under way, each once.

        What goes back under a newer release is not: it can only wait for that one, which may need the room.
        """
        found: dict[str, Target] = {}
        for place, state in enumerate(self.releases):
            working = self._glance(state).working
            if working:
                above = self._above(state, place) if state.rollback else frozenset[str]()
                found.update((key, target) for key, target in working.items() if key not in above)
        return tuple(found.values())

    def _above(self, state: Release, place: int) -> frozenset[str]:
        """What newer releases of the same application than the one in that place have."""
        newer = (self._glance(each) for each in self.releases[place + 1 :] if _counts(each))
        return frozenset[str]().union(
            *(each.other.on for each in newer if each.application == state.pipeline.application)
        )

    def _elsewhere(self, application: str) -> Mapping[str, tuple[Elsewhere, ...]]:
        found: dict[str, tuple[Elsewhere, ...]] = {}
        for each in self.releases:
            name = each.pipeline.application
            if name != application and not each.ended:
                found[name] = (*found.get(name, ()), self._glance(each).elsewhere)
        return found


def _counts(state: Release) -> bool:
    """Whether later releases are put upon it: it is open, or has stayed."""
    return not state.ended or state.outcome is Outcome.SUCCEEDED


def group_of(state: Release) -> str:
    """The id of a release's group release; "" when it goes alone."""
    return state.opened.group.id if state.opened.group else ""


def turn(state: Release) -> tuple[bool, int, float, str]:
    """Who is asked first, and so gets what room there is, lowest first: those who go back, then whoever has the least
    under way, then who came first. No two are alike, so the order does not depend on who asks.
    """
    under_way = sum(_busy(state, each) for each in state.deployments.values())
    return state.rollback is None, under_way, state.opened.at, state.id


def _busy(release: Release, deployment: Deployment) -> bool:
    """Whether somebody works on a target, or watches what is new there; going back takes room as well."""
    if release.ended:
        return False
    if release.rollback:
        return not deployment.restored_whole
    return deployment.entered and not deployment.done


def _full(target: Target, busy: Iterable[Target], limits: Limits) -> str:
    accounts, regions = Counter(each.account for each in busy), Counter(each.region for each in busy)
    for count, most, where in (
        (accounts.total(), limits.targets, ""),
        (accounts[target.account], limits.account, f" in account {target.account}"),
        (regions[target.region], limits.region, f" in {target.region}"),
    ):
        if most is not None and count >= most:
            return f"{count} targets{where} are under way, and no more may be"
    return ""


def _glance(state: Release, quarantine: str) -> Glance:
    working = {key: each.target for key, each in state.deployments.items() if _busy(state, each)}
    return Glance(
        application=state.pipeline.application,
        other=_other(state, quarantine),
        elsewhere=_elsewhere(state),
        working=working,
    )


def _other(state: Release, quarantine: str) -> Other:
    back = state.rollback is not None
    return Other(
        id=state.id,
        unit=group_of(state) or state.id,
        open=not state.ended,
        back=back or condemned(state, quarantine),
        held=state.hold is not None,
        ready=ready(state),
        wave=state.wave,
        baked=state.baked,
        on=frozenset(key for key, each in state.deployments.items() if _has(state, each)),
        serving=frozenset(key for key, each in state.deployments.items() if _serves(state, each)),
        ahead=to_come(state),
        consumers=_consumers(state),
        carries=state.opened.carries,
    )


def _consumers(state: Release) -> frozenset[str]:
    """Applications that depend on a release in its group release."""
    group, own = state.opened.group, state.pipeline.application
    members = group.members if group else ()
    return frozenset(each.application for each in members if group and group.depends(each.application, own))


def _has(state: Release, deployment: Deployment) -> bool:
    """Whether something of a release is on a target, or comes there next."""
    if not deployment.restored_whole:
        return True
    return deployment.entered and not (deployment.touched or deployment.skipped or state.rollback or state.ended)


def _serves(state: Release, deployment: Deployment) -> bool:
    if deployment.restored_whole:
        return False
    goes_back = state.rollback is not None or deployment.skipped is not None
    return goes_back or deployment.phase in (Phase.BAKING, Phase.MOVED, Phase.FINISHED)


def _elsewhere(state: Release) -> Elsewhere:
    ahead = (target for wave in state.pipeline.waves[state.baked :] for target in wave.targets)
    return Elsewhere(
        id=state.id,
        opened_at=state.opened.at,
        together=frozenset(member.application for member in state.opened.group.members)
        if state.opened.group
        else frozenset(),
        ahead=frozenset(str(target) for target in ahead),
        back=state.rollback is not None,
    )
