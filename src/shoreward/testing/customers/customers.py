"""The load as its parent holds it: starts the process of the customers, asks it, and keeps what it said at the end."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

from shoreward.testing.customers.account import Account
from shoreward.testing.customers.beach import Beach, checked_rate
from shoreward.testing.customers.settings import Settings
from shoreward.testing.customers.tally import Tally, account_of, chosen, read_tallies
from shoreward.testing.customers.visit import Visit

_CHILD = "from shoreward.testing.customers.process import serve; serve()"


class Customers:
    """The load and its account. Safe to use from several threads.

    timeout: seconds after which a request without a complete answer has failed.
    concurrency: requests under way at once at one beach; one more is dropped, and counts as failed.
    version_header: the response header that names the revision which answered.
    allow_remote: without it, ValueError for a beach that is not on this machine.
    """

    def __init__(
        self,
        beaches: Iterable[Beach],
        visits: Iterable[Visit],
        seed: int = 0,
        *,
        timeout: float = 5.0,
        concurrency: int = 128,
        version_header: str = "x-version",
        allow_remote: bool = False,
    ) -> None:
        self.beaches, self.visits = tuple(beaches), tuple(visits)
        self._names = tuple(beach.name for beach in self.beaches)
        if not self.beaches or not self.visits:
            raise ValueError("customers need at least one beach and one kind of visit")
        if len(set(self._names)) < len(self._names):
            raise ValueError("two beaches have the same name")
        if timeout <= 0 or concurrency < 1:
            raise ValueError("timeout and concurrency must be above 0")
        for beach in self.beaches:
            if not (allow_remote or beach.is_local):
                raise ValueError(
                    f"beach {beach.name!r} is not on this machine ({beach.url}); allow_remote=True permits it"
                )
        self._settings = Settings(self.beaches, self.visits, seed, timeout, concurrency, version_header.lower())
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._final: list[Tally] | None = None

    def start(self) -> None:
        """Let the customers come; returns once they do. RuntimeError if they came before."""
        with self._turn:
            if self._process or self._final is not None:
                raise RuntimeError("these customers have been started before")
            # A session of its own: Ctrl-C is for the parent, which then stops its customers in good order.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._ask(asdict(self._settings))

    def stop(self) -> None:
        """Send nobody any more, await the requests under way (at most `timeout`), keep the account. Idempotent."""
        with self._turn:
            if self._process is None:
                return
            try:
                self._final = read_tallies(self._ask({"do": "stop"}))
            finally:
                self._discard()

    def set_rate(self, name: str, rate: float) -> None:
        """From now on `rate` requests a second at beach `name`; 0 sends nobody. ValueError for an unknown name."""
        self._known(name)
        checked_rate(name, rate)
        with self._turn:
            self._ask({"do": "rate", "name": name, "rate": rate})

    def account(self, name: str | None = None, since: float | None = None, until: float | None = None) -> Account:
        """The account of one beach or of all, of requests sent in the seconds from `since` up to, not with, `until`.

        Both are Unix seconds and are cut to whole ones. Works while customers come and after they stopped.
        """
        if name is not None:
            self._known(name)
        with self._turn:
            if self._final is not None:
                return account_of(chosen(self._final, name, since, until))
            rows = self._ask({"do": "account", "name": name, "since": since, "until": until})
            return account_of(read_tallies(rows))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _known(self, name: str) -> None:
        if name not in self._names:
            raise ValueError(f"no beach is called {name!r}; there are {', '.join(self._names)}")

    def _ask(self, question: Mapping[str, Any]) -> Any:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the customers are not there: start them first")
        try:
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            self._discard()
            raise RuntimeError(f"the customers' process ended by itself (exit code {process.returncode})")
        return json.loads(answer)

    def _discard(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            process.communicate()
