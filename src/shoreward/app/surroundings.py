"""What is outside of each release: other releases, people's orders, and room, as a value for `decide`.

Pure, over all releases that are under way; the controller and the simulation of many pipelines use the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shoreward.core import Deployment, Phase, Release
from shoreward.core.control import NO_CONTROL, Control
from shoreward.core.outside import Elsewhere, Other, Outside
from shoreward.core.sequence import ready
from shoreward.domain import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many targets may be under way at once, over all pipelines; None for any number.

    Attributes:
        account, region: of one account, of one region.
    """

    targets: int | None = None
    account: int | None = None
    region: int | None = None


UNLIMITED = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that bears on each other at one moment.

    Attributes:
        releases: those that are open, and newer ones of their applications that succeeded, each application's in order.
        quarantined: why a release's revision must not be anywhere, by its id.
    """

    releases: tuple[Release, ...]
    control: Control = NO_CONTROL
    limits: Limits = UNLIMITED
    quarantined: Mapping[str, str] = field(default_factory=dict[str, str])

    def around(self, state: Release) -> Outside:
        """The surroundings of one of the releases."""
        name = state.pipeline.application
        own = [each for each in self.releases if each.pipeline.application == name]
        place = next(index for index, each in enumerate(own) if each.id == state.id)
        return Outside(
            stop=self.control.stop_of(name),
            quarantine=self.quarantined.get(state.id, ""),
            ahead=tuple(_other(each) for each in own[:place] if not each.ended),
            behind=tuple(_other(each) for each in own[place + 1 :]),
            crowded=self._crowded(state),
            freezes={key: freeze for key, freeze in self.control.freezes.items() if freeze.application in ("", name)},
            variables=self.control.variables,
            others=self._elsewhere(name),
        )

    def _crowded(self, state: Release) -> Mapping[str, str]:
        """Where the next targets of a release find no room."""
        if state.waiting or state.ended:
            return {}
        candidates = [each for each in state.in_wave(state.wave) if each.phase is Phase.WAITING and not each.entered]
        busy = [
            each.target for release in self.releases for each in release.deployments.values() if _busy(release, each)
        ]
        own = sum(_busy(state, each) for each in state.in_wave(state.wave))
        most = state.pipeline.waves[state.wave].at_once
        found: dict[str, str] = {}
        for deployment in candidates:
            if most is not None and own >= most:
                found[deployment.target.key] = f"{own} targets of the wave are under way, and no more may be"
            elif full := _full(deployment.target, busy, self.limits):
                found[deployment.target.key] = full
        return found

    def _elsewhere(self, application: str) -> Mapping[str, tuple[Elsewhere, ...]]:
        found: dict[str, tuple[Elsewhere, ...]] = {}
        for each in self.releases:
            name = each.pipeline.application
            if name != application and not each.ended:
                found[name] = (*found.get(name, ()), _elsewhere(each))
        return found


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


def _other(state: Release) -> Other:
    return Other(
        id=state.id,
        open=not state.ended,
        back=state.rollback is not None,
        held=state.hold is not None,
        ready=ready(state),
        wave=state.wave,
        baked=state.baked,
        on=frozenset(key for key, each in state.deployments.items() if not each.restored_whole),
    )


def _elsewhere(state: Release) -> Elsewhere:
    ahead = (target for wave in state.pipeline.waves[state.baked :] for target in wave.targets)
    return Elsewhere(
        id=state.id,
        opened_at=state.opened.at,
        ahead=frozenset(str(target) for target in ahead),
        back=state.rollback is not None,
    )
