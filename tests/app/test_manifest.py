"""What was checked is what is deployed: a signed manifest is verified before anything is staged or finished."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from shoreward.adapters.sign import Ed25519Signer
from shoreward.app.manifest import seal, statement
from shoreward.app.perform import perform
from shoreward.app.ports import Blobs
from shoreward.app.world import World
from shoreward.core import Event, Phase, Release
from shoreward.core import effects as do
from shoreward.core import events as e
from shoreward.domain import Checked, CheckResult, Outcome, Terminal, TrustedKey, Verdict
from shoreward.testing.builders import some_checks
from shoreward.testing.gate import a_finding
from shoreward.testing.simulator import state_of

from .support import NORTH, Beach, a_pipeline_of_minutes


@pytest.fixture
def beach() -> Beach:
    """One whose pipeline has checks, whose revisions have an artifact, and on which `old` has been released."""
    beach = Beach(pipeline=replace(a_pipeline_of_minutes(), checks=some_checks()))
    beach.cloud.gate.keep(b"a zip")
    assert beach.release("old").outcome is Outcome.SUCCEEDED
    return beach


def inspected(beach: Beach) -> Release:
    """A release whose next effect is to stage its first target."""
    return beach.until(beach.open("new"), lambda state: state.deployments[NORTH].phase is Phase.INSPECTED)


def staged(beach: Beach, state: Release, world: World | None = None) -> Event:
    return perform(world or beach.cloud.world(), state, do.StageTarget(target=beach.pipeline.targets[0]))


def refused(beach: Beach, event: Event, code: str = "MANIFEST_INVALID") -> e.EffectFailed:
    """The failure, which trying again does not mend, and behind which nothing was deployed."""
    assert isinstance(event, e.EffectFailed)
    assert (event.code, event.retryable) == (code, False)
    assert beach.serving() == [{"old": 1.0}] * 3
    assert {beach.cloud.target(target).applied for target in beach.pipeline.targets} == {"old"}
    return event


def test_what_was_checked_is_staged(beach: Beach):
    assert isinstance(staged(beach, inspected(beach)), e.TargetStaged)


def test_the_manifest_is_an_in_toto_statement_about_all_that_is_deployed(beach: Beach):
    state = inspected(beach)
    assert state.checked is not None
    assert state.revision is not None
    told = json.loads(beach.cloud.world().signer.verify(beach.journal.get(state.checked.manifest), "new"))
    assert told["_type"] == "https://in-toto.io/Statement/v1"
    (artifact,) = beach.cloud.gate.artifacts
    assert {each["name"]: each["digest"]["sha256"] for each in told["subject"]} == {
        "revision": state.revision.digest,
        "template.json": state.revision.template,
        f"{artifact}.zip": artifact,
    }
    predicate = told["predicate"]
    assert (predicate["application"], predicate["commit"], predicate["verdict"]) == ("app", "new", "pass")
    assert [each["name"] for each in predicate["checks"]] == ["policies", "vulnerabilities"]
    assert predicate["report"] == state.checked.report
    assert predicate["time"].endswith("+00:00")
    assert predicate["made_by"].startswith("shoreward ")


def test_a_manifest_is_the_same_whoever_makes_it(beach: Beach):
    state = inspected(beach)
    assert state.checked is not None
    assert state.revision is not None
    assert statement(state.pipeline, state.revision, state.checked) == json.loads(
        json.dumps(statement(state.pipeline, state.revision, state.checked))
    )


# What somebody changed


@dataclass
class Changed:
    """Blobs in which somebody changed something."""

    blobs: Blobs
    digest: str
    content: bytes | None

    def put(self, content: bytes) -> str:
        return self.blobs.put(content)

    def get(self, digest: str) -> bytes:
        if digest != self.digest:
            return self.blobs.get(digest)
        if self.content is None:
            raise Terminal("BLOB_MISSING", "The journal does not hold it.")
        return self.content


def changed(beach: Beach, digest: str, content: bytes | None) -> World:
    world = beach.cloud.world()
    return replace(world, blobs=Changed(world.blobs, digest, content))


def test_a_template_that_was_changed_in_the_journal_is_not_deployed(beach: Beach):
    state = inspected(beach)
    assert state.revision is not None
    failed = refused(beach, staged(beach, state, changed(beach, state.revision.template, b"{}")))
    assert "template" in failed.what


def test_a_template_that_is_gone_is_not_deployed(beach: Beach):
    state = inspected(beach)
    assert state.revision is not None
    refused(beach, staged(beach, state, changed(beach, state.revision.template, None)))


def test_an_artifact_that_was_changed_on_the_disk_is_not_deployed(beach: Beach):
    state = inspected(beach)
    (digest,) = beach.cloud.gate.artifacts
    beach.cloud.gate.artifacts[digest] = b"another zip"
    refused(beach, staged(beach, state), "ARTIFACT_MISSING")


@pytest.mark.parametrize(
    "change",
    [
        lambda revision: replace(revision, template="0" * 64),
        lambda revision: replace(revision, digest="0" * 64),
        lambda revision: replace(revision, commit="another"),
        lambda revision: replace(revision, artifacts=()),
        lambda revision: replace(
            revision, artifacts=(*revision.artifacts, replace(revision.artifacts[0], digest="0" * 64))
        ),
    ],
    ids=["template", "digest", "commit", "without its artifact", "with another artifact"],
)
def test_a_revision_that_is_not_the_one_in_the_manifest_is_not_deployed(beach: Beach, change: Callable):
    state = inspected(beach)
    refused(beach, staged(beach, replace(state, revision=change(state.revision))))


def test_the_manifest_of_another_revision_does_not_help(beach: Beach):
    state = inspected(beach)
    other = state_of(beach.journal, "app-1").checked
    assert state.checked is not None
    assert other is not None
    refused(beach, staged(beach, replace(state, checked=replace(state.checked, manifest=other.manifest))))


def test_a_key_that_nobody_trusts_signs_nothing_that_counts(beach: Beach):
    beach.cloud.gate.signer = "somebody else"
    refused(beach, staged(beach, inspected(beach)))


def test_without_a_manifest_nothing_is_deployed(beach: Beach):
    state = inspected(beach)
    assert state.checked is not None
    refused(beach, staged(beach, replace(state, checked=replace(state.checked, manifest=""))))
    refused(beach, staged(beach, replace(state, checked=None)))
    refused(beach, staged(beach, state, changed(beach, state.checked.manifest, None)))
    refused(beach, staged(beach, state, changed(beach, state.checked.manifest, b"{}")))


def test_a_manifest_with_one_letter_changed_is_none(beach: Beach):
    state = inspected(beach)
    assert state.checked is not None
    envelope = beach.journal.get(state.checked.manifest)
    other = beach.journal.put(envelope.replace(b"commit", b"c0mmit", 1))
    refused(beach, staged(beach, replace(state, checked=replace(state.checked, manifest=other))))


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(_type="https://example.org/Statement"),
        lambda told: told.update(predicateType="https://slsa.dev/provenance/v1"),
        lambda told: told["predicate"].update(verdict="fail"),
        lambda told: told["predicate"].pop("verdict"),
        lambda told: told.update(subject=["revision"]),
        lambda told: told.update(subject=None),
        lambda told: told.clear(),
    ],
    ids=["type", "predicate", "fail", "no verdict", "subjects", "no subjects", "empty"],
)
def test_what_is_signed_and_says_something_else_is_no_manifest(beach: Beach, change: Callable):
    state = inspected(beach)
    assert state.checked is not None
    signer = beach.cloud.world().signer
    told = json.loads(signer.verify(beach.journal.get(state.checked.manifest), "new"))
    change(told)
    other = beach.journal.put(signer.sign(json.dumps(told).encode()))
    refused(beach, staged(beach, replace(state, checked=replace(state.checked, manifest=other))))


def test_a_release_whose_manifest_is_invalid_goes_back_as_errored(beach: Beach):
    beach.cloud.gate.signer = "somebody else"
    state = beach.release("new")
    assert state.outcome is Outcome.ERRORED
    assert state.rollback is not None
    assert "MANIFEST_INVALID" in state.rollback.reason
    assert not [event for event in beach.events(state.id) if isinstance(event, e.TargetStaged)]


def test_it_is_verified_once_more_before_the_stack_is_finished(beach: Beach):
    state = beach.until(beach.open("new"), lambda state: state.deployments[NORTH].phase is Phase.MOVED)
    assert state.revision is not None
    world = changed(beach, state.revision.template, b"{}")
    event = perform(world, state, do.FinishTarget(target=beach.pipeline.targets[0]))
    assert isinstance(event, e.EffectFailed)
    assert event.code == "MANIFEST_INVALID"


def test_with_real_signatures_a_release_arrives(beach: Beach, tmp_path):
    """Given a key file, what one world signs another one verifies, as after a crash."""
    world = replace(beach.cloud.world(), signer=Ed25519Signer(tmp_path / "signing-key"))
    state = inspected(beach)
    checked = perform(world, replace(state, checked=None), do.CheckRevision(commit="new"))
    assert isinstance(checked, e.RevisionChecked)
    later = replace(world, signer=Ed25519Signer(tmp_path / "signing-key"))
    assert isinstance(staged(beach, replace(state, checked=checked.checked), later), e.TargetStaged)
    foreign = replace(world, signer=Ed25519Signer(tmp_path / "another-key"))
    refused = staged(beach, replace(state, checked=checked.checked), foreign)
    assert isinstance(refused, e.EffectFailed)
    assert (refused.code, refused.retryable) == ("SIGNER_UNKNOWN", False)
    key = Ed25519Signer(tmp_path / "signing-key").public().splitlines()[1]
    told = Ed25519Signer(tmp_path / "another-key", lambda commit: [TrustedKey(name="ci", key=key)])
    trusting = replace(world, signer=told)
    assert isinstance(staged(beach, replace(state, checked=checked.checked), trusting), e.TargetStaged)


# A pass that is none


def a_pass(**more) -> Checked:
    result = CheckResult(name="policies", verdict=Verdict.PASS)
    made = {"revision": "r", "verdict": Verdict.PASS, "at": 1.0, "seconds": 1.0, "results": (result,), "report": "b"}
    return Checked(**{**made, **more})


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"revision": "another"}, "tried revision another"),
        ({"results": (CheckResult(name="unit", verdict=Verdict.FAIL),)}, "unit"),
        ({"results": (CheckResult(name="unit", verdict=Verdict.ERROR),)}, "unit"),
        ({"results": (CheckResult(name="unit", verdict=Verdict.NO_DATA),)}, "unit"),
        ({"results": ()}, "nothing was checked"),
        ({"results": (CheckResult(name="unit", verdict=Verdict.NO_DATA, skipped=True),)}, "nothing was checked"),
        ({"blocking": (a_finding(),)}, "IAM_BROADENED"),
    ],
)
def test_a_pass_that_something_speaks_against_is_not_signed(beach: Beach, more: dict, why: str):
    state = inspected(beach)
    assert state.revision is not None
    world = beach.cloud.world()
    revision = replace(state.revision, digest="r")
    assert seal(world.signer, world.blobs, state.pipeline, revision, a_pass())
    with pytest.raises(Terminal, match=why) as refusal:
        seal(world.signer, world.blobs, state.pipeline, revision, a_pass(**more))
    assert refusal.value.code == "VERDICT_INVALID"


def test_checks_that_tried_another_revision_let_nothing_pass(beach: Beach):
    class Confused:
        def check(self, pipeline, revision, commit, base, interruption) -> Checked:
            return a_pass(revision="0" * 64)

    world = replace(beach.cloud.world(), checker=Confused())
    event = perform(world, inspected(beach), do.CheckRevision(commit="new"))
    assert isinstance(event, e.EffectFailed)
    assert event.code == "VERDICT_INVALID"


def test_a_journal_keeps_the_first_findings_and_how_many_there_are(beach: Beach):
    beach.cloud.gate.verdicts["new"] = [Verdict.FAIL]
    beach.cloud.gate.findings["new"] = tuple(a_finding(line=line) for line in range(1, 101))
    checked = beach.release("new").checked
    assert checked is not None
    assert (len(checked.blocking), checked.blocked) == (20, 100)


def test_the_checks_are_told_what_is_live(beach: Beach):
    asked = []

    class Curious:
        def check(self, pipeline, revision, commit, base, interruption) -> Checked:
            asked.append((commit, base))
            return a_pass(revision=revision.digest)

    world = replace(beach.cloud.world(), checker=Curious())
    assert isinstance(perform(world, inspected(beach), do.CheckRevision(commit="new")), e.RevisionChecked)
    assert asked == [("new", "old")]


def test_a_world_in_which_nobody_checks_lets_nothing_pass(beach: Beach):
    whole = beach.cloud.world()
    ports = ("clock", "builder", "stacks", "traffic", "prober", "metrics", "alarms", "quarantine")
    bare = World(**{name: getattr(whole, name) for name in ports})
    state = inspected(beach)
    for effect in (
        do.CheckRevision(commit="new"),
        do.ReviewAdvisories(commit="new"),
        do.StageTarget(target=beach.pipeline.targets[0]),
    ):
        refused(beach, perform(bare, state, effect), "CHECKS_UNAVAILABLE")
