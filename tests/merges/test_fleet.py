"""A fleet on real git: clones of remotes that somebody pushes to, watched, and carried by one controller."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from shoreward.adapters.git import RemoteBranch
from shoreward.adapters.journal import SqliteJournal
from shoreward.bootstrap.fleet import Ships, launch
from shoreward.bootstrap.here import SystemClock
from shoreward.controller import Controller, Merges
from shoreward.domain import Fleet, Outcome, Refused, Retryable, Watched
from shoreward.testing.builders import an_opening
from shoreward.testing.simulated import SimulatedCloud

PLACE = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "kim",
    "GIT_AUTHOR_EMAIL": "kim@example.org",
    "GIT_COMMITTER_NAME": "kim",
    "GIT_COMMITTER_EMAIL": "kim@example.org",
}
PIPELINE = """\
application: {name}
template: template.yaml
accounts: {{production: {{id: "111111111111"}}}}
waves:
  - name: all
    targets: [production/eu-north-1]
    steps: [50%]
    bake: {{minimum: 1s, requests: 1}}
judge: {{interval: 1s, delay: 0s, skip: [latency], dispersion: 1, promote-margin: {{ratio: 1.5, points: 20%}}}}
"""
TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      TableName: {table}
"""


class Remote:
    """A bare repository, and somebody's clone of it from which they push."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path, self.work, self.name = folder / f"{name}.git", folder / f"{name}-work", name
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.path], check=True, env=PLACE)
        subprocess.run(["git", "clone", "-q", self.path, self.work], check=True, env=PLACE, capture_output=True)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], check=True, env=PLACE, cwd=self.work, capture_output=True, text=True)
        return done.stdout.strip()

    def push(self, subject: str, **files: str) -> str:
        for name, content in files.items():
            (self.work / name.replace("_", ".")).write_text(content)
        self.git("add", "--all")
        self.git("commit", "-qm", subject, "--allow-empty")
        self.git("push", "-q", "origin", "HEAD:main")
        return self.git("rev-parse", "HEAD")

    def first(self) -> str:
        pipeline = PIPELINE.format(name=self.name)
        return self.push("Begin", shoreward_yaml=pipeline, template_yaml=TEMPLATE.format(table="one"))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path, "beach")


def branch(remote: Remote, tmp_path: Path, name: str = "main") -> RemoteBranch:
    return RemoteBranch(str(remote.path), name, tmp_path / "clones" / "beach")


def test_a_tip_is_what_the_remote_has_now(remote: Remote, tmp_path: Path):
    first = remote.first()
    watched = branch(remote, tmp_path)
    assert watched.tip().id == first
    second = remote.push("More")
    assert (watched.tip().id, watched.tip().subject) == (second, "More")
    assert list((tmp_path / "clones" / "beach").glob("*.yaml")) == [], "nothing is checked out"


def test_a_branch_that_was_rewritten_is_followed(remote: Remote, tmp_path: Path):
    remote.first()
    remote.push("Wrong")
    watched = branch(remote, tmp_path)
    watched.tip()
    remote.git("reset", "-q", "--hard", "HEAD^")
    remote.git("commit", "-q", "--amend", "-m", "Right")
    remote.git("push", "-q", "--force", "origin", "HEAD:main")
    assert watched.tip().subject == "Right"


def test_a_remote_that_is_away_can_be_asked_again(remote: Remote, tmp_path: Path):
    remote.first()
    watched = branch(remote, tmp_path)
    watched.tip()
    remote.path.rename(tmp_path / "gone")
    with pytest.raises(Retryable) as away:
        watched.tip()
    assert away.value.code == "GIT_UNREACHABLE"
    (tmp_path / "gone").rename(remote.path)
    assert watched.tip().subject == "Begin"


def test_a_branch_that_is_not_there(remote: Remote, tmp_path: Path):
    remote.first()
    with pytest.raises(Refused) as missing:
        branch(remote, tmp_path, "release").tip()
    assert missing.value.code == "GIT_BRANCH_MISSING"


def test_a_folder_with_somebody_elses_clone_is_left_alone(remote: Remote, tmp_path: Path):
    remote.first()
    branch(remote, tmp_path).tip()
    other = Remote(tmp_path, "pier")
    other.first()
    with pytest.raises(Refused) as foreign:
        RemoteBranch(str(other.path), "main", tmp_path / "clones" / "beach").tip()
    assert foreign.value.code == "CLONE_FOREIGN"


def test_two_pipelines_with_one_name_are_refused(tmp_path: Path):
    remotes = [Remote(tmp_path / str(number), "beach") for number in range(2) if not (tmp_path / str(number)).mkdir()]
    for each in remotes:
        each.first()
    fleet = Fleet(pipelines=tuple(Watched(repository=str(each.path)) for each in remotes))
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal, pytest.raises(Refused) as twice:
        launch(fleet, tmp_path / "state", journal)
    assert twice.value.code == "FLEET_NAME_TWICE"


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_a_hanging_remote_is_given_up_with_all_that_was_started_for_it(remote: Remote, tmp_path: Path):
    remote.first()
    pids = tmp_path / "pids"
    slow = tmp_path / "slow"
    slow.write_text(f"#!/bin/sh\necho $$ >> {pids}\nexec sleep 600\n")
    slow.chmod(0o755)
    watched = RemoteBranch(f"ext::{slow}", "main", tmp_path / "clones" / "slow", patience=0.5)
    subprocess.run(["git", "config", "protocol.ext.allow", "always"], check=True, cwd=watched.clone().root)
    with pytest.raises(Retryable, match="no answer within"):
        watched.tip()
    until(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids.read_text().split()))


def recalled(fleet: Fleet, folder: Path) -> list[str]:
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        return [each.application for each in launch(fleet, folder / "state", journal).branches()]


def test_a_fleet_comes_back_without_its_remotes(remote: Remote, tmp_path: Path):
    """Given a fleet that was carried before, when a remote is away, then its releases are carried on all the same."""
    remote.first()
    fleet = Fleet(pipelines=(Watched(repository=str(remote.path)), Watched(repository=str(tmp_path / "never.git"))))
    assert recalled(fleet, tmp_path) == ["beach", ""]
    remote.path.rename(tmp_path / "gone")
    assert recalled(fleet, tmp_path) == ["beach", ""]


def test_a_fleet_comes_back_with_a_pipeline_that_is_broken_now(remote: Remote, tmp_path: Path):
    """Given a release under way, when the newest commit's pipeline cannot be read, then the release is still known."""
    first = remote.first()
    fleet = Fleet(pipelines=(Watched(repository=str(remote.path)),))
    assert recalled(fleet, tmp_path) == ["beach"]
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        opening = an_opening()
        journal.open(replace(opening, commit=first, pipeline=replace(opening.pipeline, application="beach")))
        journal.open(opening)
    remote.push("Broken", shoreward_yaml="waves: [")
    clone = RemoteBranch(str(remote.path), "main", next((tmp_path / "state" / "clones").iterdir()))
    clone.tip()
    assert recalled(fleet, tmp_path) == ["beach"]


def test_merges_in_several_repositories_are_carried_by_one_controller(tmp_path: Path):
    """Given two remotes, when somebody pushes, then each push goes to production in its own world."""
    remotes = [Remote(tmp_path, name) for name in ("beach", "pier")]
    for each in remotes:
        each.first()
    fleet = Fleet(pipelines=tuple(Watched(repository=str(each.path)) for each in remotes), poll=0.1)
    with closing(SqliteJournal(tmp_path / "journal.db")) as journal:
        ships = launch(fleet, tmp_path / "state", journal)
        worlds = {name: _world(ships, name) for name in ("beach", "pier")}
        merges = Merges(journal, SystemClock(), ships.branches(), fleet.poll)
        carrier = Controller(journal, worlds["beach"], worlds=worlds.get, branches=merges)
        failed: list[BaseException] = []
        thread = threading.Thread(target=lambda: _carry(carrier, failed), daemon=True)
        thread.start()
        done = lambda: [each.commit for each in journal.releases() if each.outcome is Outcome.SUCCEEDED]  # noqa: E731
        until(lambda: failed or len(done()) == 2)
        pushed = remotes[1].push("A larger table", template_yaml=TEMPLATE.format(table="two"))
        merges.wake()
        until(lambda: failed or pushed in done())
        remotes[0].push("Words", README_md="The beach.")
        until(lambda: failed or bool(journal.orders()))
        assert not failed
        assert [(each.id, each.by) for each in journal.releases()] == [
            ("beach-1", "kim"), ("pier-1", "kim"), ("pier-2", "kim")
        ]  # fmt: skip
        assert "the same revision" in journal.orders()[0].why
        journal.close()
        thread.join(60)


def _world(ships: Ships, application: str):
    """The fleet's own world, on a simulated cloud."""
    real = ships.world(application)
    assert real
    cloud = SimulatedCloud(clock=SystemClock(), journal=real.blobs)
    simulated = cloud.world()
    return type(simulated)(
        **{
            **{name: getattr(simulated, name) for name in simulated.__slots__},
            "builder": real.builder,
            "quarantine": real.quarantine,
            "blobs": real.blobs,
        }
    )


def _carry(carrier: Controller, failed: list[BaseException]) -> None:
    try:
        carrier.run(forever=True)
    except BaseException as error:  # noqa: BLE001 - the journal is closed under it at the end
        failed.append(error)
