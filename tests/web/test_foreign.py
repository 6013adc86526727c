"""What others write is shown and never run: every text that comes from outside, tried on every view."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from shoreward.app.people import orders
from shoreward.app.releases import Wish
from shoreward.app.sandboxes import Lease, State
from shoreward.core import events as e
from shoreward.domain import (
    Approval,
    Change,
    Checked,
    CheckResult,
    Evidence,
    Finding,
    Judgement,
    Place,
    Revision,
    Severity,
    Slower,
    Snapshot,
    Staged,
    StagedFunction,
    Verdict,
)
from shoreward.testing.builders import a_pipeline, a_target

from .browser import CHROMIUM, NEEDED, browser
from .conftest import Build, Site

EVIL = '<img src=x onerror="document.title=`owned`">\'"</script><script>document.title="owned"</script>{{ 7 * 7 }}'

WISH = Wish(by=EVIL, at=1_700_000_000.0, why=EVIL)

pytestmark = pytest.mark.skipif(not CHROMIUM and not NEEDED, reason="there is no Chromium")

KEY = a_target().key


def evil_template(action: str) -> bytes:
    """A template whose every text is somebody else's."""
    statement = {"Effect": "Allow", "Action": action, "Resource": EVIL, "Condition": {"StringLike": {EVIL: EVIL}}}
    policies = [{"PolicyName": EVIL, "PolicyDocument": {"Statement": [statement]}}]
    return json.dumps(
        {"Resources": {f"{EVIL}Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}}}
    ).encode()


def events(site: Site) -> Iterator[e.Event]:
    """A release that others filled with their texts, up to its judgement."""
    at = site.clock.now()
    before, after = (site.journal.put(evil_template(f"{service}:{EVIL}")) for service in ("s3", "sqs"))
    yield e.RevisionBuilt(
        at=at, revision=Revision(digest=EVIL, commit=EVIL, template=after, functions=(), artifacts=())
    )
    finding = Finding(
        rule=EVIL, severity=Severity.HIGH, what=EVIL, why=EVIL, fix=EVIL, subject=EVIL, where=Place(file=EVIL, line=1)
    )
    result = CheckResult(name=EVIL, verdict=Verdict.PASS, summary=EVIL, seconds=1.0, at=at)
    yield e.RevisionChecked(
        at=at,
        checked=Checked(
            revision=EVIL,
            verdict=Verdict.PASS,
            at=at,
            seconds=1.0,
            results=(result,),
            blocking=(finding,),
            report="0" * 64,
        ),
    )
    yield e.WaveEntered(at=at, wave=0)
    yield e.TargetEntered(at=at, target=KEY)
    yield e.TargetInspected(at=at, target=KEY, snapshot=Snapshot(exists=True, template=before))
    function = StagedFunction(logical_id=EVIL, name=EVIL, alias=EVIL, baseline="1", candidate="2")
    change = Change(action=EVIL, logical_id=EVIL, type=EVIL, replacement=EVIL)
    yield e.TargetStaged(at=at, target=KEY, staged=Staged(functions=(function,), changes=(change,)))
    yield e.TargetProbed(at=at, target=KEY)
    yield e.TrafficShifted(at=at, target=KEY, step=0, percent=10, since=at)
    slower = (Slower(than=100.0, requests=3), Slower(than=200.0, requests=1))
    evidence = (
        Evidence(function=EVIL, metric="errors", verdict=Verdict.PASS, canary_requests=9, baseline_requests=90),
        Evidence(
            function=EVIL,
            metric="latency",
            verdict=Verdict.PASS,
            canary_requests=9,
            baseline_requests=90,
            canary_slower=slower,
            baseline_slower=slower,
        ),
        Evidence(function=EVIL, metric=EVIL, verdict=Verdict.PASS, canary_value=1.0, baseline_value=2.0, controls=EVIL),
    )
    judgement = Judgement(verdict=Verdict.PASS, until=at, reason=EVIL, evidence=evidence, alarms=(EVIL,))
    yield e.TargetJudged(at=at, target=KEY, judgement=judgement)
    yield e.GateAsked(at=at, gate=EVIL, wave=EVIL, target="", answer="closed", why=EVIL)
    yield e.GateOpened(at=at, gate=EVIL, wave=EVIL, by=EVIL, why=EVIL)
    yield e.EffectFailed(at=at, effect="shift", target=KEY, code="NO", what=EVIL, next=EVIL, retryable=False)
    yield e.HoldPlaced(at=at, by=EVIL, why=EVIL)


def foreign(site: Site) -> None:
    plain = a_pipeline()
    waves = (replace(plain.waves[0], name=EVIL, gates=(Approval(name=EVIL, of=EVIL),)), *plain.waves[1:])
    release = site.opened(EVIL, replace(plain, waves=waves), subject=EVIL, by=EVIL)
    site.journal.append(release, 1, tuple(events(site)))
    orders.freeze(site.journal, EVIL, WISH.at - 9, WISH.at + 9_999_999, WISH, application="app")
    orders.stop(site.journal, "app", WISH)
    orders.set_variable(site.journal, EVIL, EVIL, WISH)


def lease() -> Lease:
    """A sandbox of somebody who names things strangely."""
    at = WISH.at
    return Lease(
        target=replace(a_target(), stack=EVIL),
        application="app",
        owner=EVIL,
        branch=EVIL,
        commit=EVIL,
        state=State.UP,
        created=at,
        used=at,
        expires=at + 60,
        unpriced=(EVIL,),
    )


def test_what_others_write_is_shown_and_never_run_on_any_view(build: Build):
    site = build(foreign, sandboxes=lambda: (lease(),))
    site.post("/api/v1/releases/app-1/skip", {"why": EVIL, "target": EVIL})
    complaints: list[str] = []
    with browser() as chromium:
        page = chromium.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for path in (
            "/pipelines",
            "/pipelines/app",
            "/releases/app-1",
            "/releases/app-1/judgement/eu-north-1",
            "/pipelines/app/releases",
            "/audit",
            "/sandboxes",
        ):
            page.goto(site.address + path)
            expect(page.locator("#pulse")).to_have_attribute("data-state", "live")
            expect(page.locator("main")).to_contain_text("{{ 7 * 7 }}")
            assert page.title() != "owned"
            assert page.locator("main img, main script").count() == 0, path
        page.goto(f"{site.address}/releases/app-1")
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Hold a wave").click()
        expect(page.get_by_role("dialog")).to_contain_text("{{ 7 * 7 }}")
        assert page.title() != "owned"
        assert page.locator("dialog img, dialog script").count() == 0
    assert complaints == []
