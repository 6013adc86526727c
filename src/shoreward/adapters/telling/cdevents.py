"""CDEvents 0.5.1 over HTTP, as CloudEvents 1.0.2 in structured mode: the whole event is the body, and so all is signed.

A release is a pipelineRun, its waves are taskRuns, an application on a target is a service in an environment, and a
release that harms is an incident. What the standard has no word for is a custom event (`dev.cdeventsx.shoreward-...`).
https://github.com/cdevents/spec/tree/v0.5.1
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shoreward.adapters.telling.signing import keys_of, signed
from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.notice import Notice
from shoreward.core.header import HARM
from shoreward.domain import Outcome
from shoreward.domain.notifications import Kind, Webhook

SPEC = "0.5.1"

_OUTCOMES = {
    Outcome.SUCCEEDED: "success",
    Outcome.FAILED: "failure",
    Outcome.ROLLED_BACK: "failure",
    Outcome.ABORTED: "cancel",
    Outcome.SUPERSEDED: "cancel",
    Outcome.DISPLACED: "cancel",
    Outcome.ERRORED: "error",
}

_CUSTOM = {
    Kind.HELD: "shoreward-release.held",
    Kind.RESUMED: "shoreward-release.resumed",
    Kind.NEEDS_PERSON: "shoreward-release.needsperson",
    Kind.BLOCKED: "shoreward-release.blocked",
    Kind.ROLLBACK: "shoreward-release.goingback",
    Kind.ADVISORY: "shoreward-release.advised",
    Kind.CULPRIT: "shoreward-release.blamed",
    Kind.QUARANTINE_LIFTED: "shoreward-release.freed",
    Kind.STOPPED: "shoreward-pipeline.stopped",
    Kind.STOP_LIFTED: "shoreward-pipeline.resumed",
    Kind.TEST: "shoreward-receiver.tested",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CDEvents:
    """Implements `app.telling.ports.Messenger`: each event in a request of its own, in order.

    Attributes:
        page: address of the pages.
        secret: looks up an environment variable.
    """

    webhook: Webhook
    page: str
    secret: Callable[[str], str]
    now: Callable[[], float]
    wire: Wire

    @property
    def digests(self) -> bool:
        """Programs want to know of everything."""
        return False

    def deliver(self, notices: Sequence[Notice]) -> None:
        """See `Messenger.deliver`."""
        name = self.webhook.secret
        keys = keys_of(self.secret(name), name) if name else ()
        for notice in notices:
            for event in events_of(notice, self.page):
                body = json.dumps(cloud_event(event), ensure_ascii=False, separators=(",", ":")).encode()
                headers = signed(keys, event["context"]["id"], int(self.now()), body)
                self.wire.post(
                    self.webhook.url, body, {"Content-Type": "application/cloudevents+json; charset=utf-8", **headers}
                )


def cloud_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """The CloudEvent around a CDEvent, as the binding of CDEvents says it."""
    context = event["context"]
    return {
        "specversion": "1.0",
        "id": context["id"],
        "source": context["source"],
        "type": context["type"],
        "subject": event["subject"]["id"],
        "time": context["timestamp"],
        "datacontenttype": "application/json",
        "data": event,
    }


def events_of(notice: Notice, page: str) -> tuple[dict[str, Any], ...]:
    """The CDEvents of a notice; a release that harmed, or ended after that, is two of them."""
    return tuple(
        {
            "context": {
                "specversion": SPEC,
                "id": f"{notice.key}/{kind.replace('.', '-')}",
                "source": page,
                "type": kind,
                "timestamp": datetime.fromtimestamp(notice.at, UTC).isoformat(timespec="milliseconds"),
            },
            "subject": {"id": subject, "source": page, "content": content},
            "customData": _custom_data(notice, page),
            "customDataContentType": "application/json",
        }
        for kind, subject, content in _subjects(notice, page)
    )


_Subject = tuple[str, str, dict[str, Any]]
"""An event's type, what it is about, and what it says of that."""


def _subjects(notice: Notice, page: str) -> Sequence[_Subject]:
    uri = page + notice.path
    run = {"pipelineName": notice.application, "uri": uri}
    match notice.kind:
        case Kind.OPENED:
            return [("dev.cdevents.pipelinerun.queued.0.3.0", notice.release, run)]
        case Kind.STARTED:
            return [
                ("dev.cdevents.pipelinerun.started.0.3.0", notice.release, run),
                ("dev.cdevents.taskrun.started.0.3.0", _task(notice), _of_wave(notice, uri)),
            ]
        case Kind.WAVE_STARTED:
            return [("dev.cdevents.taskrun.started.0.3.0", _task(notice), _of_wave(notice, uri))]
        case Kind.WAVE_BAKED:
            content = {**_of_wave(notice, uri), "outcome": "success"}
            return [("dev.cdevents.taskrun.finished.0.3.0", _task(notice), content)]
        case Kind.DEPLOYED | Kind.RESTORED:
            return [_service(notice)]
        case Kind.ROLLBACK if notice.cause in HARM:
            return [_own(notice), ("dev.cdevents.incident.detected.0.3.0", *_incident(notice))]
        case Kind.ENDED | Kind.SUPERSEDED:
            return _end(notice, run)
        case _:
            return [_own(notice)]


def _end(notice: Notice, run: Mapping[str, Any]) -> Sequence[_Subject]:
    assert notice.outcome
    errors = {} if notice.outcome is Outcome.SUCCEEDED else {"errors": notice.why or notice.what}
    content = {**run, "outcome": _OUTCOMES[notice.outcome], **errors}
    finished: _Subject = ("dev.cdevents.pipelinerun.finished.0.3.0", notice.release, content)
    if notice.cause not in HARM:
        return [finished]
    return [finished, ("dev.cdevents.incident.resolved.0.3.0", *_incident(notice))]


def _task(notice: Notice) -> str:
    return f"{notice.release}/{notice.wave}"


def _of_wave(notice: Notice, uri: str) -> dict[str, Any]:
    return {"taskName": notice.wave, "uri": uri, "pipelineRun": {"id": notice.release}}


def _service(notice: Notice) -> _Subject:
    """What a target serves now; the release before is known by its commit alone."""
    content: dict[str, Any] = {"environment": {"id": notice.target}}
    if notice.kind is Kind.DEPLOYED:
        verb, commit = "deployed" if notice.first else "upgraded", notice.commit
    else:
        verb, commit = ("removed", "") if notice.first or not notice.before else ("rolledback", notice.before)
    if commit:
        content["artifactId"] = _artifact(notice, commit)
    return f"dev.cdevents.service.{verb}.0.3.0", notice.application, content


def _incident(notice: Notice) -> tuple[str, dict[str, Any]]:
    content = {
        "description": notice.why if notice.kind is Kind.ROLLBACK else notice.what,
        "environment": {"id": notice.target or "production"},
        "service": {"id": notice.application},
        "artifactId": _artifact(notice, notice.commit),
    }
    return f"{notice.release}/incident", content


def _artifact(notice: Notice, commit: str) -> str:
    """A package URL; applications' names hold letters, digits and hyphens only."""
    return f"pkg:generic/{notice.application}@{commit}"


def _own(notice: Notice) -> _Subject:
    subject = notice.release or notice.application or "all"
    return f"dev.cdeventsx.{_CUSTOM[notice.kind]}.0.1.0", subject, {}


def _custom_data(notice: Notice, page: str) -> dict[str, Any]:
    harm = notice.harm
    told = {
        "what": notice.what,
        "why": notice.why,
        "next": notice.next,
        "uri": page + notice.path,
        "application": notice.application,
        "release": notice.release,
        "commit": notice.commit,
        "wave": notice.wave,
        "target": notice.target,
        "cause": notice.cause,
        "outcome": notice.outcome.value if notice.outcome else None,
        "harm": {"failed": harm.failed, "requests": harm.requests} if harm else None,
    }
    return {name: value for name, value in told.items() if value}
