"""The examples of docs/notifications.md, as they are really sent.

    PYTHONPATH=tests python -m telling.examples

writes them anew, between the page's marks.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shoreward.adapters.telling.cdevents import cloud_event, events_of
from shoreward.adapters.telling.chat import payload
from shoreward.adapters.telling.mail import letter
from shoreward.app.ports import Happened
from shoreward.app.surroundings import Scene
from shoreward.app.telling.notice import Notice
from shoreward.app.telling.noticing import noticed, said
from shoreward.app.telling.waiting import Moved, waits
from shoreward.core import control as c
from shoreward.core import events as e
from shoreward.core import replay
from shoreward.domain import (
    Approval,
    Blamed,
    Checked,
    CheckResult,
    Evidence,
    Finding,
    Judgement,
    Outcome,
    Place,
    Revision,
    Severity,
    Snapshot,
    Suspicion,
    Verdict,
)
from shoreward.domain.notifications import Kind, Mail
from shoreward.testing.builders import a_pipeline, an_opening

PAGE = "https://shoreward.example.org"
DOCS = Path(__file__).parents[2] / "docs" / "notifications.md"
BEGIN, END = "<!-- examples, written by tests/telling/examples.py -->\n", "<!-- end of examples -->\n"

_AT = 1_700_000_000.0
_WAVES = a_pipeline((("eu-north-1",), ("eu-west-1", "us-east-1"))).waves
_PIPELINE = replace(
    a_pipeline(),
    application="sandcastles",
    waves=tuple(replace(wave, name=name) for wave, name in zip(_WAVES, ("quiet bay", "every beach"), strict=True)),
    gates=(Approval(name="desk", of="the figures are good"),),
)
_NORTH = _PIPELINE.waves[0].targets[0].key
_COMMIT = "4f2c1a9e0b77d1c2a3f4e5d6c7b8a9f0e1d2c3b4"
_OPENED = replace(
    an_opening(_COMMIT, _PIPELINE, _AT),
    subject="Buckets without a bottom",
    by="ada",
    before="9f1c2ab7d04e55aa01b2c3d4e5f60718293a4b5c",
)
_FINDING = Finding(
    rule="E3012",
    severity=Severity.HIGH,
    what="Timeout must be a number",
    where=Place(file="template.yaml", line=14),
)


def _after(*events: e.Event) -> Notice:
    """The notice of the last of a release's events."""
    everything = (_OPENED, *events)
    state = replay("sandcastles-12", everything)
    found = noticed(state, Happened(id=1, release=state.id, seq=len(everything), event=everything[-1]))
    assert found
    return found


def _said(order: c.Order) -> Notice:
    found = said(order, 1)
    assert found
    return found


def _checked(verdict: Verdict) -> Checked:
    return Checked(
        revision="0" * 64,
        verdict=verdict,
        at=_AT,
        seconds=41.0,
        results=(CheckResult(name="template", verdict=verdict),),
        report="0" * 64,
        blocking=(_FINDING,) if verdict is Verdict.FAIL else (),
    )


_ERRORS = Evidence(
    function="Castles",
    metric="errors",
    verdict=Verdict.FAIL,
    canary_requests=240,
    canary_bad=14,
    baseline_requests=2_160,
    baseline_bad=2,
)
_REASON = (
    "111111111111/eu-north-1: Castles: errors on the canary 14 of 240 (5.8 %), on the baseline 2 of 2,160 (0.093 %) "
    "(evidence x 2,400, needed x 1,160)"
)
_REVISION = Revision(digest="0" * 64, commit=_COMMIT, template="0" * 64, artifacts=(), functions=())
_TOUCHED = (
    e.RevisionBuilt(at=_AT + 20, revision=_REVISION),
    e.WaveEntered(at=_AT + 30, wave=0),
    e.TargetEntered(at=_AT + 30, target=_NORTH),
    e.TargetInspected(at=_AT + 31, target=_NORTH, snapshot=Snapshot(exists=True)),
)
_FINISHED = tuple(e.TargetFinished(at=_AT + 250, target=target.key) for target in _PIPELINE.targets)
_BACK = (
    *_TOUCHED,
    e.TargetJudged(
        at=_AT + 200,
        target=_NORTH,
        judgement=Judgement(verdict=Verdict.FAIL, until=_AT + 190, reason=_REASON, evidence=(_ERRORS,)),
    ),
    e.RollbackBegan(at=_AT + 201, cause="judged", reason=_REASON, target=_NORTH),
)
_HELD = e.HoldPlaced(at=_AT + 60, by="kim", why="the database is being moved")


def _waiting() -> Notice:
    """A release before its first wave, whose gate waits for somebody."""
    state = replay("sandcastles-12", (_OPENED, _TOUCHED[0]))
    found = waits(state, Moved(seq=2, at=_AT + 20), Scene(releases=(state,)), _AT + 60, 7_200)
    assert found
    return found


def notices() -> Sequence[Notice]:
    """One of each kind that people are told of."""
    suspect = Suspicion(commit=_COMMIT, subject="Buckets without a bottom", author="linus", share=0.71)
    leak = Finding(rule="GHSA-652x-xj99-gmcc", severity=Severity.CRITICAL, what="sand leaks", subject="pypi pail 1.0")
    return (
        _after(*_TOUCHED[:2]),
        _after(*_TOUCHED, _HELD),
        _after(*_TOUCHED, _HELD, e.HoldLifted(at=_AT + 90, by="kim", why="it has been moved")),
        _waiting(),
        _blocked(),
        _after(*_BACK),
        _after(*_BACK, e.ReleaseEnded(at=_AT + 260, outcome=Outcome.ROLLED_BACK)),
        _after(e.RevisionChecked(at=_AT + 50, checked=_checked(Verdict.FAIL)), _end(Outcome.FAILED)),
        _after(*_TOUCHED, *_FINISHED, _end(Outcome.SUCCEEDED)),
        _after(*_TOUCHED, *_FINISHED, _end(Outcome.SUCCEEDED), e.AdvisoriesReviewed(at=_AT + 9e5, findings=(leak,))),
        _after(*_BACK, _end(Outcome.ROLLED_BACK), e.CommitsBlamed(at=_AT + 400, blamed=Blamed(suspects=(suspect,)))),
        _said(c.QuarantineLifted(at=_AT + 500, by="kim", why="it was the network", release="sandcastles-12")),
        _said(c.StopPlaced(at=_AT + 600, by="kim", why="we do not know yet")),
        _said(c.StopLifted(at=_AT + 700, by="kim", why="it was the network")),
    )


def _end(outcome: Outcome) -> e.ReleaseEnded:
    return e.ReleaseEnded(at=_AT + 300, outcome=outcome)


def _blocked() -> Notice:
    state = replay("sandcastles-12", (_OPENED,))
    pipeline = replace(_PIPELINE, gates=())
    older = replay("sandcastles-11", (replace(_OPENED, pipeline=pipeline, commit="9f1c"), *_TOUCHED))
    state = replay("sandcastles-12", (replace(_OPENED, pipeline=pipeline), _TOUCHED[0]))
    scene = Scene(releases=(older, state))
    found = waits(state, Moved(seq=2, at=_AT), scene, _AT + 10_800, 7_200)
    assert found
    return found


def examples() -> str:
    """The part of the page."""
    mail = Mail(server="SMTP_URL", sender="shoreward@example.org", recipients=("on-call@example.org",))
    told = notices()
    back = next(notice for notice in told if notice.kind is Kind.ROLLBACK)
    chats = "\n\n".join(payload([notice], PAGE)["text"] for notice in told)
    ferry = replace(told[8], release="ferry-3", what=told[8].what.replace("sandcastles-12", "ferry-3"))
    digest = payload((told[0], back, ferry, *told[-2:], told[6]), PAGE)["text"]
    event = json.dumps(cloud_event(events_of(back, PAGE)[1]), indent=2, ensure_ascii=False)
    sent = letter([back], PAGE, mail)
    head = "\n".join(f"{name}: {sent[name]}" for name in ("Subject", "From", "To", "Date", "Message-ID", "References"))
    return (
        f"Each kind that people are told of, as a chat has it:\n\n```text\n{chats}\n```\n\n"
        f"Six of them at once:\n\n```text\n{digest}\n```\n\n"
        f"The rollback as a mail:\n\n```text\n{head}\n\n{sent.get_content().rstrip()}\n```\n\n"
        f"The second of its events, the first of which is `shoreward-release.goingback`:\n\n```json\n{event}\n```\n"
    )


if __name__ == "__main__":
    page = DOCS.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n{examples()}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
