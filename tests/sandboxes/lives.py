"""Lives of sandboxes whose makers are killed: commands in processes of their own, and a killer watching the cloud."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoreward.adapters.ledger import SqliteLedger
from shoreward.app.sandboxes import Lease, State
from shoreward.cloud import EmbeddedCloud

from .shop import Shop

_FORKS = multiprocessing.get_context("forkserver")
"""Processes that begin with everything imported: a hundred of them would take minutes otherwise."""
_FORKS.set_forkserver_preload(
    [
        "boto3",
        "shoreward.cli.app",
        "shoreward.cli.sandboxes",
        "shoreward.adapters.aws.sandboxes.cloud",
        "shoreward.adapters.aws.sandboxes.seeding",
        "shoreward.adapters.build",
        "shoreward.adapters.ledger",
    ]
)


def command(arguments: list[str], folder: str, environment: dict[str, str], log: str) -> None:
    """What a process does: one command in a folder."""
    from shoreward.cli import main

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    main(arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that was killed.

    Attributes:
        act: what it was doing: up, down or reap.
        state: what the ledger said of the sandbox then; "nothing" when it did not know it yet.
        lived: seconds.
    """

    act: str
    state: str
    lived: float


@dataclass(slots=True)
class Shore:
    """A cloud, the application's repository, and everybody who works with its sandboxes."""

    cloud: EmbeddedCloud
    shop: Shop
    environment: Mapping[str, str]
    log: Path
    kills: list[Kill] = field(default_factory=list[Kill])
    ended: Counter[str] = field(default_factory=Counter[str])
    _calls: Counter[str] = field(default_factory=Counter[str])
    _seen: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def run(self, *arguments: str) -> int:
        """Run a command undisturbed; returns its exit code."""
        process = self._start(arguments)
        process.join()
        self.ended[f"{arguments[0]} {process.exitcode}"] += 1
        return process.exitcode or 0

    def struck(self, chance: random.Random, about: str, *arguments: str) -> bool:
        """Run a command and kill it at some instant; whether it was struck, or was quicker.

        Half of the kills come at any moment, the others within milliseconds after the cloud was asked something about
        the sandbox: between an act and its record, if they can.
        """
        process = self._start(arguments)
        born = time.monotonic()
        if chance.random() < 0.5:
            self._await(process, lambda: time.monotonic() > born + wait, wait := chance.uniform(0.0, 3.0))
        else:
            enough = self.calls(about) + chance.randint(1, 12)
            self._await(process, lambda: self.calls(about) >= enough, 20.0)
            time.sleep(chance.uniform(0.0, 0.03))
        process.kill()
        process.join()
        if process.exitcode != -9:  # 255: its end was not told, and it is not counted
            self.ended[f"{arguments[0]} {process.exitcode}"] += 1
            return False
        kill = Kill(act=arguments[0], state=self.state(about), lived=time.monotonic() - born)
        with self._guard:
            self.kills.append(kill)
        return True

    def calls(self, about: str) -> int:
        """How many calls the cloud has had about a sandbox, or about anything."""
        with self._guard:
            for call in self.cloud.calls(since=self._seen):
                self._seen = max(self._seen, call.seq)
                if call.account == self.shop.account.account_id:
                    self._calls[""] += 1
                    for name in {one for one in _words(call.parameters) if "--" in one}:
                        self._calls[name] += 1
            if about:
                return sum(amount for name, amount in self._calls.items() if name and name.startswith(about))
            return self._calls[""]

    def leases(self) -> tuple[Lease, ...]:
        """What the ledger says."""
        with closing(SqliteLedger(self.shop.root / ".shoreward" / "sandboxes.db")) as ledger:
            return tuple(ledger.all())

    def state(self, name: str) -> str:
        """What the ledger says of a sandbox whose name begins so, "-" for all of them."""
        if not name:
            return "-"
        return next((str(one.state) for one in self.leases() if one.name.startswith(name)), "nothing")

    def unfinished(self) -> list[Lease]:
        """Leases that have not ended."""
        return [lease for lease in self.leases() if lease.state is not State.GONE]

    def said(self) -> str:
        """What the commands printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _start(self, arguments: tuple[str, ...]) -> Any:
        given = (["sandbox", *arguments], str(self.shop.root), dict(self.environment), str(self.log))
        process = _FORKS.Process(target=command, args=given)
        process.start()
        return process

    def _await(self, process: Any, seen: Callable[[], bool], limit: float) -> None:
        until = time.monotonic() + limit
        while process.is_alive() and time.monotonic() < until and not seen():
            time.sleep(0.01)


def _words(parameters: Mapping[str, Any]) -> set[str]:
    """Names in the parameters of a call, also those in ARNs and paths."""
    found: set[str] = set()
    for value in parameters.values():
        if isinstance(value, str):
            found.update(value.replace(":", "/").split("/"))
    return found


def live(shore: Shore, branch: str, chance: random.Random, *, strikes: int) -> None:
    """A sandbox comes, is used and goes, and whoever works with it is killed again and again."""
    about = f"shop-sandbox-{branch}--"
    left = strikes
    while left:
        act = chance.choices(["up", "down", "reap"], [5, 3, 1])[0]
        arguments = {"up": ("up", "--branch", branch), "down": ("down", branch), "reap": ("reap", "--yes")}[act]
        left -= shore.struck(chance, about if act != "reap" else "", *arguments)
        if chance.random() < 0.3:
            shore.run("up", "--branch", branch)
            use(shore, about, chance)


def use(shore: Shore, about: str, chance: random.Random) -> None:
    """What tests do with a sandbox: functions write logs, and buckets are filled."""
    functions, s3 = shore.shop.account.client("lambda", "eu-north-1"), shore.shop.account.client("s3", "eu-north-1")
    for function in functions.list_functions()["Functions"]:
        if function["FunctionName"].startswith(about):
            try:
                functions.invoke(FunctionName=function["FunctionName"])["Payload"].read()
            except functions.exceptions.ClientError:
                continue  # somebody has just reaped it
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].startswith(about):
            try:
                for number in range(chance.randint(1, 3)):
                    s3.put_object(Bucket=bucket["Name"], Key=f"shell-{number}", Body=b"shell")
            except s3.exceptions.ClientError:
                continue
