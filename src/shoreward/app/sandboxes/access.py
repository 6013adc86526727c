"""The sandbox of a run of checks: brought up when the first check needs it, once, and held until the run is over.

The check `sandbox` itself only says which revision would stand there; so suites whose verdicts were kept need none.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from shoreward.app.checking import Materials, Running
from shoreward.app.sandboxes.lease import Injected
from shoreward.app.sandboxes.mending import suffering
from shoreward.app.sandboxes.places import placed
from shoreward.app.sandboxes.plan import Build, plan_of, template_of
from shoreward.app.sandboxes.ports import Progress
from shoreward.app.sandboxes.reaping import Known
from shoreward.app.sandboxes.sandboxes import Order, Sandbox, Sandboxes, left_error
from shoreward.app.sandboxes.tags import Seen
from shoreward.domain import Refused, Retryable, ShorewardError, SpecError, Target


class SandboxAccess:
    """The sandbox that a run of checks shares. Safe between threads; close it when the run is over.

    Args:
        build: gives the revision of a commit, which has been built as a rule.
        owner, branch: whose sandbox is used.
        nonce: for one that is made anew and removed at the end (a release's); "" for the branch's own.
    """

    def __init__(self, sandboxes: Sandboxes, build: Build, *, owner: str, branch: str, nonce: str = "") -> None:
        self._sandboxes = sandboxes
        self._build = build
        self._owner = owner
        self._branch = branch
        self._nonce = nonce
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], Sandbox | ShorewardError] = {}
        self._taken: set[str] = set()
        self._afterwards = ExitStack()

    def __enter__(self) -> SandboxAccess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, materials: Materials, running: Running) -> Sandbox:
        """The sandbox with the materials' commit in it, brought up when it is not yet.

        Whoever comes while it is being brought up waits. What failed for good fails for all, until `close`.

        Raises:
            SpecError: the change is to blame: SANDBOX_NOT_MADE, SEED_FAILED.
            UserError, OperationError: the sandbox could not be had.
        """
        order = Order(
            pipeline=materials.pipeline,
            plan=plan_of(materials.pipeline),
            revision=self._build(materials.pipeline, materials.commit),
            owner=self._owner,
            branch=self._branch,
            nonce=self._nonce,
        )
        wanted = order.target.key, order.revision.digest
        with self._lock:
            if wanted not in self._known:
                self._known = {key: one for key, one in self._known.items() if key[0] != wanted[0]}
                self._known[wanted] = self._bring_up(order, materials, running)
            found = self._known[wanted]
        if isinstance(found, ShorewardError):
            raise found
        return found

    def product(self, materials: Materials, running: Running) -> str:
        """What suites read of the sandbox: JSON with stack, account, region, outputs and environment.

        The environment holds credentials: it is for the suite's process, and is kept nowhere.
        """
        sandbox = self.connect(materials, running)
        return self._product(sandbox.lease.target, sandbox.outputs)

    @contextmanager
    def met(self, materials: Materials, running: Running) -> Generator[str]:
        """For the time of the block the sandbox's `product`, and the certainty that nobody else changed it meanwhile.

        This machine's lock holds off those who share the ledger. Another machine, or another checkout, of the same
        owner and branch has the same stack: CloudFormation lets one operation at a time happen to it, and does not
        know that somebody tests what is there.

        Raises:
            Refused: SANDBOX_CHANGED; whatever was found is of no matter then.
        """
        sandbox = self.connect(materials, running)
        target, cloud = sandbox.lease.target, self._sandboxes.cloud
        before = _standing(cloud.look(target))
        if before is None:
            raise _changed(target)
        try:
            yield self._product(target, sandbox.outputs)
        except ShorewardError as error:
            after = before
            with suppress(ShorewardError):  # that nobody can look says less than what went wrong
                after = _standing(cloud.look(target))
            if after != before:
                raise _changed(target) from error
            raise
        if _standing(cloud.look(target)) != before:
            raise _changed(target)

    def product_now(self, sandbox: Sandbox) -> str:
        """The same of a sandbox whose stack was changed by others than `connect`.

        What is in it now is written down first, so that it is removed with the rest.
        """
        target, cloud = sandbox.lease.target, self._sandboxes.cloud
        self._sandboxes.ledger.note(target.key, cloud.things(target))
        return self._product(target, cloud.outputs(target))

    def suffering(
        self, target: Target, faults: Sequence[Injected], inject: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """Have faults in a sandbox that `connect` gave, for the time of the block (`mending.suffering`)."""
        return suffering(self._sandboxes.ledger, self._sandboxes.cloud, target.key, faults, inject)

    def environment(self, materials: Materials, running: Running | None = None) -> Mapping[str, str]:
        """All variables that a program needs to work with the sandbox, credentials included."""
        sandbox = self.connect(materials, running or Running())
        return {**sandbox.environment, **self._sandboxes.cloud.credentials(sandbox.lease.target)}

    def close(self) -> None:
        """Let others have the sandbox; one that was made for this run alone is removed.

        Raises `Terminal` (SANDBOX_LEFT) when not all of it could be removed.
        """
        with self._lock:
            self._known.clear()
            self._taken.clear()
            self._afterwards.close()

    def _product(self, target: Target, outputs: Mapping[str, str]) -> str:
        found = {
            "stack": target.stack,
            "account": target.account,
            "region": target.region,
            "outputs": dict(outputs),
            "environment": {"SHOREWARD_SANDBOX": target.stack, **self._sandboxes.cloud.credentials(target)},
        }
        return json.dumps(found)

    def _bring_up(self, order: Order, materials: Materials, running: Running) -> Sandbox | ShorewardError:
        progress = Progress(say=running.say, stop=running.stop)
        try:
            self._take(order, progress)
            return self._sandboxes.up_held(order, progress)
        except Retryable:
            raise
        except SpecError as error:
            return placed(error, materials.source.read(materials.commit, template_of(materials.pipeline)))
        except ShorewardError as error:
            return error

    def _take(self, order: Order, progress: Progress) -> None:
        """Hold the sandbox until `close`."""
        key = order.target.key
        if key in self._taken:
            return
        ledger, patience = self._sandboxes.ledger, self._sandboxes.patience
        self._afterwards.enter_context(ledger.hold(key, patience=patience, say=progress.say))
        self._afterwards.callback(self._let_go, order)
        self._taken.add(key)

    def _let_go(self, order: Order) -> None:
        lease = self._sandboxes.ledger.get(order.target.key)
        if lease is None:
            return
        if not order.nonce:
            self._sandboxes.renew(lease, order.plan)
            return
        proof = self._sandboxes.down_held(Known(lease=lease, seen=None), Progress())
        if not proof.clean:
            raise left_error(proof, order.target)


def _standing(seen: Seen | None) -> tuple[str, str, float | None] | None:
    """What stands there, so that another one can be told from it; None when nothing does, or it is being changed."""
    if seen is None or not seen.status.endswith(("CREATE_COMPLETE", "UPDATE_COMPLETE")):
        return None
    return seen.status, seen.commit, seen.created


def _changed(target: Target) -> Refused:
    return Refused(
        "SANDBOX_CHANGED",
        "Another machine or checkout of the same owner and branch changed the sandbox while it was being tested.",
        where=target.key,
        next="Check again when it has finished; with SHOREWARD_OWNER of its own each machine has a sandbox of its own.",
    )
