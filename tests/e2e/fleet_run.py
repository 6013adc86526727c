"""Certification of a fleet: merges in several repositories, carried by one controller that is killed again and again.

    PYTHONPATH=tests python -m e2e.fleet_run [--pipelines 5] [--merges 30] [--minutes 10] [--kills 15] [--seed 1]

Real git remotes, real Lambda code in the embedded cloud, six regions, customers on every target. Somebody merges at
random; a sixth of the merges harm customers in one region, and are reverted once they are known to. Afterwards:

- what harmed went back and never stayed; nothing that contained it, without the revert, was released after that;
- no wave of a pipeline had two releases at once;
- every target serves what its newest release that stayed brought, asked of the function itself.

Prints a line for each merge, times from merge to everywhere, what customers suffered, and what was not as it should be.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from shoreward.adapters.git import GitAncestry
from shoreward.adapters.journal import SqliteJournal
from shoreward.cloud import EmbeddedCloud
from shoreward.core import events as e
from shoreward.core.header import Header
from shoreward.domain import Outcome
from shoreward.testing.builders import NO_CHECKS
from shoreward.testing.cloud import CloudAccount

ACCOUNT = "411111111111"
REGIONS = ("eu-north-1", "sa-east-1", "eu-west-1", "us-west-2", "ap-southeast-2", "us-east-1")
GIT = {
    **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
       (("NAME", "Kim"), ("EMAIL", "kim@example.com"))},
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${AWS::StackName}-greet"
      Runtime: python3.12
      Handler: greet.handler
      CodeUri: greet/
      Timeout: 5
      AutoPublishAlias: live
"""
PIPELINE = """\
application: {name}
template: template.yaml
accounts: {{all: {{id: "{account}"}}}}
defaults:
  steps: [50%]
  bake: {{minimum: 1s, requests: 6, deadline: 240s, on-deadline: rollback}}
waves:
  - {{name: first, targets: [all/eu-north-1]}}
  - {{name: second, targets: [all/sa-east-1, all/eu-west-1]}}
  - {{name: third, targets: [all/us-west-2, all/ap-southeast-2, all/us-east-1]}}
judge:
  interval: 1s
  delay: 1s
  dispersion: 1
  alpha: 5%
  beta: 10%
  promote-margin: {{ratio: 1.5, points: 30%}}
  skip: [latency]
"""
GOOD = "def handler(event, context):\n    return {{'word': '{word}'}}\n"
BAD = """\
import os
import random


def handler(event, context):
    if os.environ["AWS_REGION"] == "{region}" and random.random() < 0.7:
        raise RuntimeError("lost")
    return {{"word": "{word}"}}
"""


@dataclass(slots=True)
class Repository:
    """A remote, and somebody's clone of it; `fog` is where its code harms now, and `bad` the commit that brought it."""

    name: str
    remote: Path
    work: Path
    bad: str = ""
    fog: str = ""
    words: dict[str, str] = field(default_factory=dict[str, str])
    harmful: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def founded(cls, folder: Path, name: str) -> Repository:
        made = cls(name, folder / f"{name}.git", folder / f"{name}-work")
        _git(folder, "init", "-q", "--bare", "-b", "main", str(made.remote))
        _git(folder, "clone", "-q", str(made.remote), str(made.work))
        (made.work / "greet").mkdir()
        (made.work / "template.yaml").write_text(TEMPLATE)
        (made.work / "shoreward.yaml").write_text(PIPELINE.format(name=name, account=ACCOUNT) + NO_CHECKS)
        made.merge("begin")
        return made

    def merge(self, word: str, region: str = "") -> str:
        """Push a change; one that harms in a region when one is named. What harms already goes on to."""
        self.fog = region or self.fog
        code = BAD.format(word=word, region=self.fog) if self.fog else GOOD.format(word=word)
        (self.work / "greet" / "greet.py").write_text(code)
        _git(self.work, "add", "-A")
        _git(self.work, "commit", "-q", "-m", f"Say {word}{' in fog' if region else ''}")
        commit = self._pushed(word)
        if region:
            self.bad = self.harmful[commit] = commit
        return commit

    def mend(self) -> str:
        """Push what takes back what harms, and says so."""
        word = f"mended{len(self.words)}"
        (self.work / "greet" / "greet.py").write_text(GOOD.format(word=word))
        _git(self.work, "add", "-A")
        _git(self.work, "commit", "-q", "-m", f"Mend the fog\n\nThis reverts commit {self.bad}.")
        self.bad = self.fog = ""
        return self._pushed(word)

    def _pushed(self, word: str) -> str:
        _git(self.work, "push", "-q", "origin", "HEAD:main")
        commit = _git(self.work, "rev-parse", "HEAD")
        self.words[commit] = word
        return commit


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, env={**os.environ, **GIT})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@dataclass(slots=True)
class Harbour:
    """The cloud, the repositories, the fleet's file, and the controller's process."""

    folder: Path
    cloud: EmbeddedCloud
    repositories: list[Repository]
    process: subprocess.Popen[bytes] | None = None
    kills: int = 0
    _journal: SqliteJournal | None = None

    @property
    def journal(self) -> SqliteJournal:
        if self._journal is None:
            self._journal = SqliteJournal(self.folder / ".shoreward" / "journal.db")
        return self._journal

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [sys.executable, "-m", "shoreward", "run", "--fleet", str(self.folder / "fleet.yaml"), "--json"]
        with (self.folder / "controller.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def repository(self, application: str) -> Repository:
        return next(each for each in self.repositories if each.name == application)

    def said(self) -> str:
        return (self.folder / "controller.log").read_text(errors="replace")[-3000:]

    def serves(self, application: str, region: str) -> str:
        """The word that a target's function says, through its alias."""
        client = CloudAccount(self.cloud.endpoint, ACCOUNT).client("lambda", region)
        for _ in range(30):
            answer = client.invoke(FunctionName=f"{application}-greet", Qualifier="live")
            if "FunctionError" not in answer:
                return json.loads(answer["Payload"].read())["word"]
        return "nothing but errors"


@contextmanager
def harbour(pipelines: int) -> Iterator[Harbour]:
    folder = Path(tempfile.mkdtemp(prefix="shoreward-fleet-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        repositories = [Repository.founded(folder, f"pier{number}") for number in range(1, pipelines + 1)]
        listed = "".join(f"  - repository: {each.remote.name}\n" for each in repositories)
        (folder / "fleet.yaml").write_text(f"pipelines:\n{listed}poll: 1s\nlimits: {{targets: 12}}\n")
        made = Harbour(folder, stack.enter_context(EmbeddedCloud()), repositories)
        made.start()
        try:
            yield made
        finally:
            if made.process:
                made.process.kill()
                made.process.wait()
            if made._journal:
                made._journal.close()


class Customers:
    """They visit every target at a steady pace, and count what they suffer."""

    def __init__(self, ground: Harbour, rate: float) -> None:
        self._ground, self._rate = ground, rate
        self._over = threading.Event()
        self.served: Counter[str] = Counter()
        places = [(each.name, region) for each in ground.repositories for region in REGIONS]
        self._threads = [threading.Thread(target=self._visit, args=(places[start::6],)) for start in range(6)]

    def __enter__(self) -> Customers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, places: list[tuple[str, str]]) -> None:
        account = CloudAccount(self._ground.cloud.endpoint, ACCOUNT)
        clients: dict[str, Any] = {region: account.client("lambda", region) for _, region in places}
        while not self._over.is_set():
            began = time.monotonic()
            for application, region in places:
                self.served[self._ask(clients[region], application)] += 1
            self._over.wait(max(0.0, 1 / self._rate - (time.monotonic() - began)))

    def _ask(self, client: Any, application: str) -> str:
        try:
            answer = client.invoke(FunctionName=f"{application}-greet", Qualifier="live")
        except Exception:  # noqa: BLE001 - whatever it is, a customer had no answer
            return "cloud"
        return "failed" if "FunctionError" in answer else "ok"


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and answer with an exit code: 0 when everything was as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("pipelines", 5), ("merges", 30), ("kills", 15), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=2)
    asked = parser.parse_args(arguments)
    chance = random.Random(asked.seed)
    with harbour(asked.pipelines) as ground:
        _wait(ground, lambda: _everywhere(ground), 600, "the first releases do not get through")
        print(f"{asked.pipelines} first releases are everywhere", flush=True)
        with Customers(ground, asked.rate) as customers:
            _days_work(ground, chance, asked)
            _wait(ground, lambda: _settled(ground), 1200, "it does not come to rest")
        findings = _findings(ground)
        _report(ground, customers)
    print(f"{len(findings)} findings", *findings, sep="\n  ")
    return int(bool(findings))


def _wait(ground: Harbour, condition: Any, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert ground.process
        assert ground.process.poll() is None, ground.said()
        assert time.monotonic() < until, f"{what}: {ground.said()}"
        _mend(ground)
        time.sleep(0.5)


def _everywhere(ground: Harbour) -> bool:
    return sum(each.outcome is Outcome.SUCCEEDED for each in _headers(ground)) >= len(ground.repositories)


def _headers(ground: Harbour) -> tuple[Header, ...]:
    return tuple(ground.journal.releases()) if (ground.folder / ".shoreward" / "journal.db").exists() else ()


def _days_work(ground: Harbour, chance: random.Random, asked: argparse.Namespace) -> None:
    """Merges and kills at random instants; what is known to harm is reverted meanwhile."""
    length = asked.minutes * 60
    merges = sorted(chance.uniform(0, length * 0.8) for _ in range(asked.merges))
    kills = sorted(chance.uniform(5, length) for _ in range(asked.kills))
    began = time.monotonic()
    while merges or kills:
        now = time.monotonic() - began
        if merges and now >= merges[0]:
            merges.pop(0)
            _merge(ground, chance, asked.merges - len(merges))
        if kills and now >= kills[0]:
            kills.pop(0)
            ground.kill()
            ground.start()
        _mend(ground)
        time.sleep(0.1)


def _merge(ground: Harbour, chance: random.Random, number: int) -> None:
    repository = chance.choice(ground.repositories)
    harms = not repository.bad and chance.random() < 1 / 6
    region = chance.choice(REGIONS) if harms else ""
    commit = repository.merge(f"word{number}", region)
    print(f"{repository.name}: {commit[:10]} word{number}{f', which harms in {region}' if region else ''}", flush=True)


def _mend(ground: Harbour) -> None:
    """Whoever sees that a release harmed reverts it, some time later."""
    known = [each for each in _headers(ground) if each.harmed]
    for repository in ground.repositories:
        if not repository.bad:
            continue
        ancestry = GitAncestry(repository.work)
        if any(
            each.application == repository.name and ancestry.contains(each.commit, repository.bad) for each in known
        ):
            bad = repository.bad
            commit = repository.mend()
            print(f"{repository.name}: {commit[:10]} reverts {bad[:10]}", flush=True)


def _settled(ground: Harbour) -> bool:
    """Whether nothing is open, and every branch's newest commit has been released."""
    headers = _headers(ground)
    if any(each.open for each in headers) or any(each.bad for each in ground.repositories):
        return False
    tips = {each.name: _git(each.work, "rev-parse", "HEAD") for each in ground.repositories}
    return all(any((one.application, one.commit) == tip for one in headers) for tip in tips.items())


def _findings(ground: Harbour) -> list[str]:
    return [*_harm_stayed(ground), *_waves_shared(ground), *_reality(ground)]


def _harm_stayed(ground: Harbour) -> Iterator[str]:
    """What harmed went back; what contains it without the revert was not released after that."""
    headers = _headers(ground)
    for repository in ground.repositories:
        ancestry = GitAncestry(repository.work)
        own = [each for each in headers if each.application == repository.name]
        for bad in repository.harmful:
            carriers = [each for each in own if ancestry.contains(each.commit, bad)]
            tainted = [each for each in carriers if not ancestry.reverts(each.commit, [bad])]
            for each in tainted:
                if each.outcome is Outcome.SUCCEEDED:
                    yield f"{each.id} carried {bad[:10]}, which harms, and stayed"
            known = min((each.back_at for each in tainted if each.harmed), default=float("inf"))
            yield from (
                f"{each.id} was released after {bad[:10]} was known" for each in tainted if each.opened_at > known
            )


def _waves_shared(ground: Harbour) -> Iterator[str]:
    """No two releases of a pipeline were in the same wave at once."""
    spans: dict[tuple[str, int], list[tuple[float, float, str]]] = {}
    for header in _headers(ground):
        entered: dict[int, float] = {}
        for recorded in ground.journal.events(header.id):
            match recorded.event:
                case e.WaveEntered(at=at, wave=wave):
                    entered[wave] = at
                case e.WaveBaked(at=at, wave=wave):
                    spans.setdefault((header.application, wave), []).append((entered.pop(wave), at, header.id))
                case e.RollbackBegan(at=at) | e.ReleaseEnded(at=at):
                    for wave, since in entered.items():
                        spans.setdefault((header.application, wave), []).append((since, at, header.id))
                    entered.clear()
                case _:
                    pass
    for (application, wave), ones in spans.items():
        ones.sort()
        for (_, end, first), (since, _, second) in pairwise(ones):
            if since < end:
                yield f"{first} and {second} were both in wave {wave + 1} of {application}"


def _reality(ground: Harbour) -> Iterator[str]:
    """Every target serves what its newest release that stayed brought."""
    for repository in ground.repositories:
        own = [each for each in _headers(ground) if each.application == repository.name]
        live = [each for each in own if each.outcome is Outcome.SUCCEEDED][-1]
        for region in REGIONS:
            word = ground.serves(repository.name, region)
            brought = repository.words[live.commit]
            if word != brought:
                yield f"{repository.name} serves {word} in {region}, and {live.id} brought {brought}"


def _report(ground: Harbour, customers: Customers) -> None:
    headers = _headers(ground)
    print("outcomes", dict(Counter(str(each.outcome) for each in headers)), "kills", ground.kills)
    print("causes of going back", dict(Counter(each.cause for each in headers if each.back_at)))
    times = sorted(each.ended_at - each.committed_at for each in headers if each.outcome is Outcome.SUCCEEDED)
    told = ", ".join(f"{name} {times[int(share * (len(times) - 1))]:.0f} s" for name, share in
                     (("p50", 0.5), ("p90", 0.9), ("longest", 1.0)))  # fmt: skip
    print(f"from merge to everywhere: {told}, of {len(times)} releases")
    print("customers", dict(customers.served))


if __name__ == "__main__":
    with closing(sys.stdout):
        sys.exit(main())
