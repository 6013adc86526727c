"""What people ask for: every command has a reason, and is in the journal with who said it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from fastapi.responses import Response
from pydantic import TypeAdapter

from shoreward.app.people import commands as c
from shoreward.app.people.answers import Answer
from shoreward.app.releases import Wish
from shoreward.domain import Refused
from shoreward.domain.access import Role
from shoreward.web.access.door import Door
from shoreward.web.access.policy import Need
from shoreward.web.api import bodies
from shoreward.web.routing import Ground, Stands, needs
from shoreward.web.views import shapes
from shoreward.web.views.in_force import InForce, in_force
from shoreward.web.views.under_way import under_way

routes = APIRouter(route_class=Door, prefix="/api/v1", tags=["commands"])

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The same command with the same key is done once, and answered alike, for a day.",
        examples=["6f1f0a52-7a1c-4d0c-9a55-0d6d7b0a2f63"],
    ),
]
ReleaseName = Annotated[str, Path(max_length=240, examples=["sandcastles-12"])]
Named = Annotated[str, Path(max_length=200)]

_UNDER_WAY = TypeAdapter(shapes.UnderWay)
_OPENED = TypeAdapter(bodies.Opened)
_IN_FORCE = TypeAdapter(InForce)


@routes.post("/releases", status_code=201, response_model=bodies.Opened)
@needs(Need.OPERATE)
def begin(ground: Stands, body: bodies.Begin, key: Key = None) -> Response:
    """Open a release of a revision; whoever carries releases takes it up at once."""
    start = ground.begin
    if start is None:
        raise Refused(
            "NO_REPOSITORY",
            "This server cannot open releases: it was started without the application's repository.",
            next="Start it in the application's folder.",
        )
    role = Role.ADMIN if body.despite else Role.OPERATOR

    def ask(application: str) -> Wish:
        return ground.wish(application, "", role)

    return _once(ground, key, body, lambda: _opened(start(body.rev, ask, body.despite)))


@routes.post("/releases/{release}/hold", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def hold(ground: Stands, release: ReleaseName, body: bodies.Part, key: Key = None) -> Response:
    """Let nothing of a release, or of a part of it, move forward; watching, and going back, go on."""
    return _pull(ground, key, c.Hold(release=release, wave=body.wave, target=body.target), body)


@routes.post("/releases/{release}/resume", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def resume(ground: Stands, release: ReleaseName, body: bodies.Part, key: Key = None) -> Response:
    """Lift a hold."""
    return _pull(ground, key, c.Resume(release=release, wave=body.wave, target=body.target), body)


@routes.post("/releases/{release}/abort", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def abort(ground: Stands, release: ReleaseName, body: bodies.Reason, key: Key = None) -> Response:
    """Send a release that is under way back everywhere, at once."""
    return _pull(ground, key, c.Abort(release=release), body)


@routes.post("/releases/{release}/rollback", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def rollback(ground: Stands, release: ReleaseName, body: bodies.Reason, key: Key = None) -> Response:
    """Take a release back, under way or finished, everywhere and at once."""
    return _pull(ground, key, c.RollBack(release=release), body)


@routes.post("/releases/{release}/back", status_code=201, response_model=bodies.Opened)
@needs(Need.OPERATE)
def bring_back(ground: Stands, release: ReleaseName, body: bodies.Reason, key: Key = None) -> Response:
    """Bring the revision of this earlier release back everywhere, as a new release, and stop its pipeline."""
    command = c.BringBack(release=release)
    return _once(ground, key, (command, body), lambda: _opened(_obey(ground, command, body.why)))


@routes.post("/releases/{release}/retry", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def retry(ground: Stands, release: ReleaseName, body: bodies.OnTarget, key: Key = None) -> Response:
    """Try what failed on a target again, now."""
    return _pull(ground, key, c.Retry(release=release, target=body.target), body)


@routes.post("/releases/{release}/skip", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def skip(ground: Stands, release: ReleaseName, body: bodies.OnTarget, key: Key = None) -> Response:
    """Leave a target out of a release."""
    return _pull(ground, key, c.Skip(release=release, target=body.target), body)


@routes.post("/releases/{release}/approve", response_model=shapes.UnderWay)
@needs(Need.OPERATE)
def approve(ground: Stands, release: ReleaseName, body: bodies.AtGate, key: Key = None) -> Response:
    """Open a gate that waits for a person's approval, for one wave."""
    return _pull(ground, key, c.Approve(release=release, gate=body.gate, wave=body.wave), body)


@routes.post("/releases/{release}/override", response_model=shapes.UnderWay)
@needs(Need.ADMINISTER)
def override(ground: Stands, release: ReleaseName, body: bodies.AtGate, key: Key = None) -> Response:
    """Open a gate for one wave, whatever keeps it closed. It takes an admin."""
    return _pull(ground, key, c.Override(release=release, gate=body.gate, wave=body.wave), body, Role.ADMIN)


@routes.post("/releases/{release}/quarantine/culprit", response_model=InForce)
@needs(Need.OPERATE)
def name_culprit(ground: Stands, release: ReleaseName, body: bodies.OfCommit, key: Key = None) -> Response:
    """Say which commit of a release that harmed is to blame: a revert of it is the fix."""
    return _order(ground, key, c.NameCulprit(release=release, commit=_commit(ground, release, body)), body)


@routes.post("/releases/{release}/quarantine/fix", response_model=InForce)
@needs(Need.OPERATE)
def name_fix(ground: Stands, release: ReleaseName, body: bodies.OfCommit, key: Key = None) -> Response:
    """Say which commit mends a release that harmed: what contains it may go."""
    return _order(ground, key, c.LiftQuarantine(release=release, fix=_commit(ground, release, body)), body)


@routes.post("/releases/{release}/quarantine/lift", response_model=InForce)
@needs(Need.ADMINISTER)
def lift_quarantine(ground: Stands, release: ReleaseName, body: bodies.Reason, key: Key = None) -> Response:
    """Let what a release brought go again as it is. It takes an admin."""
    return _order(ground, key, c.LiftQuarantine(release=release), body, Role.ADMIN)


@routes.post("/stop", response_model=InForce)
@needs(Need.OPERATE)
def stop(ground: Stands, body: bodies.About, key: Key = None) -> Response:
    """Stop a pipeline, or everything: nothing moves forward; watching, and going back, go on."""
    return _order(ground, key, c.Stop(application=body.application), body)


@routes.post("/stop/lift", response_model=InForce)
@needs(Need.OPERATE)
def lift_stop(ground: Stands, body: bodies.About, key: Key = None) -> Response:
    """Let a pipeline, or everything, move again."""
    return _order(ground, key, c.LiftStop(application=body.application), body)


@routes.post("/freezes", response_model=InForce)
@needs(Need.OPERATE)
def freeze(ground: Stands, body: bodies.Freeze, key: Key = None) -> Response:
    """Let nothing enter a wave or a target between two times; what is there bakes on."""
    command = c.PlaceFreeze(name=body.name, start=body.start, end=body.end, application=body.application)
    return _order(ground, key, command, body)


@routes.post("/freezes/{name:path}/lift", response_model=InForce)
@needs(Need.OPERATE)
def lift_freeze(ground: Stands, name: Named, body: bodies.Reason, key: Key = None) -> Response:
    """End a freeze before its time."""
    return _order(ground, key, c.LiftFreeze(name=name), body)


@routes.post("/variables/{name:path}", response_model=InForce)
@needs(Need.OPERATE)
def set_variable(ground: Stands, name: Named, body: bodies.Value, key: Key = None) -> Response:
    """Set a variable that gates ask for; it is every pipeline's."""
    return _order(ground, key, c.SetVariable(name=name, value=body.value), body)


def _pull(
    ground: Ground, key: str | None, command: c.Lever, body: bodies.Reason, role: Role = Role.OPERATOR
) -> Response:
    """Do what is asked for about a release, and say how it stands then."""

    def act() -> Answer:
        release = _obey(ground, command, body.why, role)
        ground.hub.look_now()
        shown = under_way(ground.sight, ground.watch.carried(release), ground.header(release), ground.now())
        return Answer(status=200, body=_UNDER_WAY.dump_json(shown))

    return _once(ground, key, (command, body), act)


def _order(
    ground: Ground, key: str | None, command: c.Command, body: bodies.Reason, role: Role = Role.OPERATOR
) -> Response:
    """Do what is asked for about more than one release, and say what is in force then."""

    def act() -> Answer:
        _obey(ground, command, body.why, role)
        ground.hub.look_now()
        return Answer(status=200, body=_IN_FORCE.dump_json(in_force(ground.sight.control)))

    return _once(ground, key, (command, body), act)


def _obey(ground: Ground, command: c.Command, why: str, role: Role = Role.OPERATOR) -> str:
    """Do it as the caller, who must have the role on the pipeline that it is about."""
    application = _about(ground, command)
    return c.obey(ground.journal, command, ground.wish(application, why, role), ground.quarantine(application))


def _commit(ground: Ground, release: str, body: bodies.OfCommit) -> str:
    return ground.commit(ground.header(release).application, body.commit)


def _about(ground: Ground, command: c.Command) -> str:
    """The pipeline that a command is about, "" for every one."""
    match command:
        case c.Stop(application=application) | c.LiftStop(application=application) if application:
            ground.sight.of(application)
            return application
        case c.PlaceFreeze(application=application) if application:
            ground.sight.of(application)
            return application
        case c.LiftFreeze(name=name):
            known = ground.sight.control.freezes.get(name)
            return known.application if known else ""
        case c.Stop() | c.LiftStop() | c.PlaceFreeze() | c.SetVariable():
            return ""
        case _:
            return ground.header(command.release).application


def _opened(release: str) -> Answer:
    return Answer(status=201, body=_OPENED.dump_json(bodies.Opened(id=release)))


def _once(ground: Ground, key: str | None, command: Any, act: Callable[[], Answer]) -> Response:
    """A command with a key is done once for each caller: nobody is told another one's answer."""
    answer = ground.answers.once(f"{ground.caller.name} {key}", repr(command), act) if key else act()
    ground.hub.look_now()
    return Response(answer.body, status_code=answer.status, media_type="application/json")
