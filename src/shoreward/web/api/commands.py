"""What people ask for: every command has a reason, and is in the journal with who said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from pydantic import BaseModel, ConfigDict, Field

from shoreward.app import levers, orders
from shoreward.app.releases import Wish
from shoreward.core import Release
from shoreward.domain import Refused
from shoreward.domain.access import Role
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.routing import Ground, Stands, needs
from shoreward.web.views import shapes
from shoreward.web.views.under_way import under_way

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["commands"])

Why = Annotated[str, Field(min_length=1, max_length=1_000, description="Kept in the journal.", pattern=r"\S")]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="The same command with the same key is done once."),
]
ReleaseName = Annotated[str, Path(max_length=240)]


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Reason(_Command):
    """Why somebody steps in."""

    why: Why


class Part(Reason):
    """What of a release is meant: a wave, by name, or a target; all of it when neither is named."""

    wave: str = Field(default="", max_length=200)
    target: str = Field(default="", max_length=400)


class OnTarget(Reason):
    """The target that is meant: account/region/stack, account/region, or region."""

    target: str = Field(min_length=1, max_length=400)


class About(Reason):
    """The pipeline that is meant; every one when its name is empty."""

    application: str = Field(default="", max_length=200)


class Begin(_Command):
    """A branch, tag or commit to release; `despite` says why one in quarantine may go all the same."""

    rev: str = Field(min_length=1, max_length=400, pattern=r"^[^-]")
    despite: str = Field(default="", max_length=1_000)


class Opened(BaseModel):
    """The release that was opened, or is under way with the same commit already."""

    id: str


class Stopped(BaseModel):
    """Whether a person's word stops the pipeline, or all of them, now."""

    application: str
    stopped: bool


@routes.post("/releases", status_code=201)
@needs(Need.OPERATE)
def begin(ground: Stands, command: Begin, key: Key = None) -> Opened:
    """Open a release of a revision; whoever carries releases takes it up at once."""
    start = ground.begin
    if start is None:
        raise Refused(
            "NO_REPOSITORY",
            "This server cannot open releases: it was started without the application's repository.",
            next="Start it in the application's folder.",
        )
    role = Role.ADMIN if command.despite else Role.OPERATOR

    def ask(application: str) -> Wish:
        return ground.wish(application, "", role)

    opened = _once(ground, key, ("begin", command), lambda: start(command.rev, ask, command.despite))
    ground.hub.look_now()
    return Opened(id=opened)


def _once(ground: Ground, key: str | None, command: object, act: Callable[[], Any]) -> Any:
    """A command with a key is done once for each caller: nobody is told another one's answer."""
    return ground.remembered.once(key and f"{ground.caller.name} {key}", command, act)


_Lever = Callable[[Wish], Release]


def _pull(ground: Ground, key: str | None, command: Any, lever: _Lever) -> shapes.UnderWay:
    """Pull a lever, and say how the release stands then."""
    wish = ground.wish(command[1].rpartition("-")[0], command[-1].why)
    state = _once(ground, key, command, lambda: lever(wish).id)
    ground.hub.look_now()
    return under_way(ground.sight, ground.watch.carried(state), ground.header(state), ground.now())


@routes.post("/releases/{release}/hold")
@needs(Need.OPERATE)
def hold(ground: Stands, release: ReleaseName, part: Part, key: Key = None) -> shapes.UnderWay:
    """Let nothing of a release, or of a part of it, move forward; watching, and going back, go on."""

    def lever(wish: Wish) -> Release:
        return levers.hold(ground.journal, release, wish, wave=part.wave, target=part.target)

    return _pull(ground, key, ("hold", release, part), lever)


@routes.post("/releases/{release}/resume")
@needs(Need.OPERATE)
def resume(ground: Stands, release: ReleaseName, part: Part, key: Key = None) -> shapes.UnderWay:
    """Lift a hold."""

    def lever(wish: Wish) -> Release:
        return levers.resume(ground.journal, release, wish, wave=part.wave, target=part.target)

    return _pull(ground, key, ("resume", release, part), lever)


@routes.post("/releases/{release}/abort")
@needs(Need.OPERATE)
def abort(ground: Stands, release: ReleaseName, reason: Reason, key: Key = None) -> shapes.UnderWay:
    """Send a release that is under way back everywhere, at once."""
    command = ("abort", release, reason)
    return _pull(ground, key, command, lambda wish: levers.abort(ground.journal, release, wish))


@routes.post("/releases/{release}/rollback")
@needs(Need.OPERATE)
def rollback(ground: Stands, release: ReleaseName, reason: Reason, key: Key = None) -> shapes.UnderWay:
    """Take a release back, under way or finished, everywhere and at once."""
    command = ("rollback", release, reason)
    return _pull(ground, key, command, lambda wish: levers.roll_back(ground.journal, release, wish))


@routes.post("/releases/{release}/retry")
@needs(Need.OPERATE)
def retry(ground: Stands, release: ReleaseName, on: OnTarget, key: Key = None) -> shapes.UnderWay:
    """Try what failed on a target again, now."""
    command = ("retry", release, on)
    return _pull(ground, key, command, lambda wish: levers.retry(ground.journal, release, on.target, wish))


@routes.post("/releases/{release}/skip")
@needs(Need.OPERATE)
def skip(ground: Stands, release: ReleaseName, on: OnTarget, key: Key = None) -> shapes.UnderWay:
    """Leave a target out of a release."""
    command = ("skip", release, on)
    return _pull(ground, key, command, lambda wish: levers.skip(ground.journal, release, on.target, wish))


@routes.post("/stop")
@needs(Need.OPERATE)
def stop(ground: Stands, about: About, key: Key = None) -> Stopped:
    """Stop a pipeline, or everything: nothing moves forward; watching, and going back, go on."""
    return _order(ground, key, about, "stop")


@routes.post("/stop/lift")
@needs(Need.OPERATE)
def lift(ground: Stands, about: About, key: Key = None) -> Stopped:
    """Let a pipeline, or everything, move again."""
    return _order(ground, key, about, "lift")


def _order(ground: Ground, key: str | None, about: About, what: str) -> Stopped:
    if about.application:
        ground.sight.of(about.application)
    give = orders.stop if what == "stop" else orders.lift_stop
    wish = ground.wish(about.application, about.why)

    def act() -> Stopped:
        control = give(ground.journal, about.application, wish)
        return Stopped(application=about.application, stopped=about.application in control.stops)

    answer: Stopped = _once(ground, key, (what, about), act)
    ground.hub.look_now()
    return answer
