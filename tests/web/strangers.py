"""What others write: a release, a group and a configuration in which every text that comes from outside is hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from shoreward.app.people import orders
from shoreward.app.ports import Journal
from shoreward.app.releases import Wish
from shoreward.app.sandboxes import Lease
from shoreward.core import events as e
from shoreward.domain import (
    Approval,
    Blamed,
    Change,
    Checked,
    CheckResult,
    Evidence,
    Finding,
    GroupRelease,
    Judgement,
    Member,
    Place,
    Revision,
    Severity,
    Slower,
    Snapshot,
    Staged,
    StagedFunction,
    Suspicion,
    Verdict,
)
from shoreward.domain.configuration import HeldParameter, HeldValues, Parameter, Values
from shoreward.testing.builders import a_lease, a_pipeline, a_target, an_opening

SHOWN = "{{ 7 * 7 }}"
"""What of it is to be seen as it is, wherever it is shown."""

EVIL = (
    '<img src=x onerror="document.title=`owned`">\'"</script><script>document.title="owned"</script>{{ 7 * 7 }} '
    "[fine](javascript:document.title='owned') ![x](http://evil.example/x.png) `x` <!channel> @everyone "
    '../../../etc/passwd\r\nSet-Cookie: a=b\r\nBcc: everybody@example.org\n{"event": "forged"}\n'
    "=HYPERLINK(0) \x1b[2J\x9b1m\u202egnp.exe\u2028-->"
)

WISH = Wish(by=EVIL, at=1_700_000_000.0, why=EVIL)
KEY = a_target().key


def strange_template(action: str) -> bytes:
    """A template whose every text is somebody else's."""
    statement = {"Effect": "Allow", "Action": action, "Resource": EVIL, "Condition": {"StringLike": {EVIL: EVIL}}}
    policies = [{"PolicyName": EVIL, "PolicyDocument": {"Statement": [statement]}}]
    return json.dumps(
        {"Resources": {f"{EVIL}Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}}}
    ).encode()


def strange_opening(at: float) -> e.ReleaseOpened:
    """A release of a group, of a commit, by somebody, in waves and before gates that all have strange names."""
    plain = a_pipeline()
    waves = (replace(plain.waves[0], name=EVIL, gates=(Approval(name=EVIL, of=EVIL),)), *plain.waves[1:])
    group = GroupRelease(id=EVIL, name=EVIL, members=(Member(application="app"), Member(application=EVIL)))
    return replace(an_opening(EVIL, replace(plain, waves=waves), at), subject=EVIL, by=EVIL, group=group)


def strange_events(journal: Journal, at: float) -> Iterator[e.Event]:
    """What is found, said and measured of it, up to its judgement and a hold."""
    before, after = (journal.put(strange_template(f"{service}:{EVIL}")) for service in ("s3", "sqs"))
    yield e.RevisionBuilt(
        at=at, revision=Revision(digest=EVIL, commit=EVIL, template=after, functions=(), artifacts=())
    )
    finding = Finding(
        rule=EVIL, severity=Severity.HIGH, what=EVIL, why=EVIL, fix=EVIL, subject=EVIL, where=Place(file=EVIL, line=1)
    )
    result = CheckResult(name=EVIL, verdict=Verdict.PASS, summary=EVIL, seconds=1.0, at=at)
    report = json.dumps({"results": [{"report": None}]}).encode()
    yield e.RevisionChecked(
        at=at,
        checked=Checked(
            revision=EVIL,
            verdict=Verdict.PASS,
            at=at,
            seconds=1.0,
            results=(result,),
            blocking=(finding,),
            report=journal.put(report),
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
    yield e.TargetJudged(at=at, target=KEY, judgement=_judgement(at))
    yield e.GateAsked(at=at, gate=EVIL, wave=EVIL, target="", answer="closed", why=EVIL)
    yield e.GateOpened(at=at, gate=EVIL, wave=EVIL, by=EVIL, why=EVIL)
    yield e.EffectFailed(at=at, effect="shift", target=KEY, code="NO", what=EVIL, next=EVIL, retryable=False)
    suspect = Suspicion(commit=EVIL, subject=EVIL, author=EVIL, share=1.0)
    yield e.CommitsBlamed(at=at, blamed=Blamed(suspects=(suspect,), culprit=EVIL, branch=EVIL, pushed=True))
    yield e.HoldPlaced(at=at, by=EVIL, why=EVIL)


def _judgement(at: float) -> Judgement:
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
    return Judgement(verdict=Verdict.PASS, until=at, reason=EVIL, evidence=evidence, alarms=(EVIL,))


def strange_values(journal: Journal, at: float) -> tuple[e.ReleaseOpened, tuple[e.Event, ...]]:
    """A release of a configuration whose names and values are somebody else's, up to where it was looked at."""
    wanted = Values(parameters=(Parameter(name=f"/{EVIL}", type="String", value=EVIL),))
    held = HeldValues(parameters=(HeldParameter(name=f"/{EVIL}", version=1, type="String", value="calm"),), profiles=())
    before, after = journal.put(held.packed()), journal.put(wanted.packed())
    opening = an_opening("values", replace(a_pipeline(), application="values"), at)
    return opening, (
        e.RevisionBuilt(
            at=at, revision=Revision(digest="v", commit="values", template=after, functions=(), artifacts=())
        ),
        e.WaveEntered(at=at, wave=0),
        e.TargetEntered(at=at, target=KEY),
        e.TargetInspected(at=at, target=KEY, snapshot=Snapshot(exists=True, template=before)),
    )


def strange_orders(journal: Journal) -> None:
    """What somebody says of more than one release."""
    orders.freeze(journal, EVIL, WISH.at - 9, WISH.at + 9_999_999, WISH, application="app")
    orders.stop(journal, "app", WISH)
    orders.set_variable(journal, EVIL, EVIL, WISH)


def strange_lease() -> Lease:
    """A sandbox of somebody who names things strangely."""
    return replace(a_lease("app", EVIL, branch=EVIL), commit=EVIL, unpriced=(EVIL,))
