"""Members of a group release: forward, providers come first; back, consumers do; and they end together.

Everything is decided by each member for itself, from what it sees of its fellows. What binds all of them is bound by
the first one that does it: a fellow that has ended well, or was replaced, has decided that for the others, whatever
they have found since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shoreward.core import events as e
from shoreward.core.decision import Blocker, lasts
from shoreward.core.outside import Fellow, Outside
from shoreward.core.revocation import outdated
from shoreward.core.sequence import ready, replaced
from shoreward.core.state import Deployment, Failure, Release, Restored
from shoreward.core.watching import blind
from shoreward.domain import Outcome, Target, relied_on

GROUP = "group/"
"""How the names of gates begin that keep members in order; the rest is the other one's application."""


def settled(state: Release, now: float, outside: Outside) -> e.ReleaseEnded | None:
    """The end of a member whose fellows have begun to end: that was for all of them."""
    first = next((each.state for each in outside.fellows if each.state.binds), None)
    if first is None:
        return None
    going = [each for each in outside.behind if each.ready and not each.back]
    return e.ReleaseEnded(at=now, outcome=replaced(state, going) if first.replaced else Outcome.SUCCEEDED)


def deserted(state: Release, now: float, outside: Outside) -> e.RollbackBegan | None:
    """The way back of a member one of whose fellows does not stay."""
    for fellow in outside.fellows:
        if fellow.leaves:
            reason = f"release {fellow.state.id} of the same group does not stay: {fellow.leaves}"
            return e.RollbackBegan(at=now, cause="group", reason=reason)
    return None


def turned_round(state: Release, now: float, outside: Outside) -> e.RollbackBegan | None:
    """The way back of a member that would wait for ever: the order of an older group release was the other way round.

    The older one, beneath it, lets its consumer go back first; upon that one is what this one comes after.
    """
    if not any(other.back and other.consumers for other in outside.ahead):
        return None
    upon = {each.application: each.state for each in _providers(state, outside) if _is_somewhere(each.state)}
    for deployment in state.deployments.values():
        beneath = outside.beneath(deployment.target.key)
        if deployment.entered or beneath is None:
            continue
        for name in sorted(beneath.consumers & upon.keys()):
            reason = (
                f"release {beneath.id} goes back beneath it on {deployment.target}, and waits for what release "
                f"{upon[name].id} of its group is upon: their order was the other way round"
            )
            return e.RollbackBegan(at=now, cause="in the way", reason=reason, target=deployment.target.key)
    return None


def _is_somewhere(state: Release) -> bool:
    return any(_has_anything(each) for each in state.deployments.values())


def held_through(state: Release, outside: Outside) -> Blocker | None:
    """Why nothing of a member moves forward: what it depends on is held."""
    for fellow in _providers(state, outside):
        if hold := fellow.state.hold:
            what = f"release {fellow.state.id}, which it depends on, is held by {hold.by}: {hold.why}"
            return Blocker(what=what, person=True)
    return None


def incomplete(outside: Outside, now: float) -> tuple[Blocker, ...]:
    """What a member that has come to its end waits for: its fellows; until then all of them can still go back."""
    away = [each.state for each in outside.fellows if not _arrived(each.state, now)]
    return tuple(
        Blocker(what=f"release {each.id} of its group has not come to its end", person=each.hold is not None)
        for each in away
    )


def _arrived(state: Release, now: float) -> bool:
    """Whether nothing keeps a release from its end but its fellows; one that nobody can see is not there."""
    if state.baked < len(state.pipeline.waves) or state.hold:
        return False
    return not (outdated(state, now) or any(blind(state, each) for each in state.deployments.values()))


def before_wave(state: Release, wave: int, outside: Outside) -> Iterator[tuple[str, Blocker | None]]:
    """The gates of a wave, and what closes them: all fellows' checks before the first wave, and what comes before."""
    going = [each.target for each in state.in_wave(wave) if not each.skipped]
    order = dict(before_target(state, going[0], outside)) if going else {}
    for fellow in outside.fellows:
        gate = GROUP + fellow.application
        if wave == 0 and not ready(fellow.state):
            yield gate, Blocker(what=f"release {fellow.state.id} has not passed its checks yet")
        elif wave == 0 or gate in order:
            yield gate, order.get(gate)


def before_target(state: Release, target: Target, outside: Outside) -> Iterator[tuple[str, Blocker | None]]:
    """The gates of a target, and what closes them: what it depends on has not baked there, or was left out there."""
    for fellow in _providers(state, outside):
        yield GROUP + fellow.application, _not_there(fellow.state, target)


def _not_there(provider: Release, target: Target) -> Blocker | None:
    needed = [provider.deployments[each.key] for each in relied_on(target, provider.pipeline.targets)]
    missing = [each for each in needed if each.wave >= provider.baked]
    if missing:
        return Blocker(what=f"release {provider.id} has not baked {missing[0].target} yet")
    if all(each.skipped for each in needed):
        what = f"release {provider.id} was left out there. Leave this one out, too: `shoreward skip {target}`"
        return Blocker(what=what, person=True)
    return None


def relying(state: Release, deployment: Deployment, outside: Outside, *, traffic: bool) -> Blocker | None:
    """Why a target cannot be taken back yet: a consumer has something there, or, for its `traffic`, customers."""
    still = _has_customers if traffic else _has_anything
    for fellow in outside.fellows:
        gate = GROUP + fellow.application
        if not depends(fellow.state, state) or (gate, state.wave_of(deployment).name) in state.unlocked:
            continue
        if fellow.state.replaced:
            continue  # its heir is on all that it had
        for each in _relying(fellow.state, state, deployment.target, still):
            return _first(state, deployment, fellow.state, each)
    return None


def _relying(
    consumer: Release, provider: Release, target: Target, still: Callable[[Deployment], bool]
) -> Iterator[Deployment]:
    for each in consumer.deployments.values():
        if still(each) and target in relied_on(each.target, provider.pipeline.targets):
            yield each


def _has_anything(deployment: Deployment) -> bool:
    return not deployment.restored_whole


def _has_customers(deployment: Deployment) -> bool:
    return deployment.may_have_traffic and deployment.restored is Restored.NOTHING and not deployment.restored_whole


def _first(state: Release, deployment: Deployment, consumer: Release, there: Deployment) -> Blocker:
    """That a consumer goes back first; and when it cannot, what a person is to do."""
    first = f"{deployment.target}: release {consumer.id} depends on it there, and goes back first"
    if consumer.ended:
        what = f"{first}. It has ended: `shoreward rollback {consumer.id}` takes it back"
        return Blocker(what=what, person=True)
    failed = [each for each in consumer.failures.values() if _keeps(each, there)]
    if not failed:
        return Blocker(what=first)
    event = failed[0].event
    anyhow = f"shoreward override {state.id} {GROUP}{consumer.pipeline.application}"
    what = (
        f"{first}, which failed: {event.what} {event.next}".rstrip()
        + f" Mend that, and both go on; or let this one go first: `{anyhow} --wave '{state.wave_of(deployment).name}'`"
    )
    return Blocker(what=what, person=True)


def _keeps(failure: Failure, there: Deployment) -> bool:
    """Whether something cannot be taken back without a person."""
    event = failure.event
    return event.effect.startswith("restore-") and event.target == there.target.key and lasts(failure)


def _providers(state: Release, outside: Outside) -> Iterator[Fellow]:
    return (each for each in outside.fellows if depends(state, each.state))


def depends(consumer: Release, provider: Release) -> bool:
    """Whether a release depends on another one of its group."""
    group = consumer.opened.group
    return bool(group) and group.depends(consumer.pipeline.application, provider.pipeline.application)
