"""The sandbox that the checks of one run share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from shoreward.domain import Target

if TYPE_CHECKING:
    from shoreward.app.checking.check import Materials, Running
    from shoreward.app.sandboxes import Injected
    from shoreward.app.sandboxes.access import SandboxAccess
    from shoreward.app.sandboxes.sandboxes import Sandbox
    from shoreward.bootstrap.project import Project


class SharedSandbox:
    """The sandbox of a run of checks, which most runs do not need: nothing of AWS is imported before one does.

    Args:
        rev: what is checked: the branch that it stands for has the sandbox.
        nonce: for one that is made for this run alone.
    """

    def __init__(self, project: Project, rev: str | None = None, *, nonce: str = "") -> None:
        self._project = project
        self._rev = rev
        self._nonce = nonce
        self._lock = threading.Lock()
        self._access: SandboxAccess | None = None

    def met(self, materials: Materials, running: Running) -> AbstractContextManager[str]:
        """The sandbox for somebody who tests what is in it; see `SandboxAccess.met`."""
        return self._had().met(materials, running)

    def connect(self, materials: Materials, running: Running) -> Sandbox:
        """The sandbox itself; brings it up."""
        return self._had().connect(materials, running)

    def suffering(
        self, target: Target, faults: Sequence[Injected], inject: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """Faults in it for the time of a block, after which they are taken back."""
        return self._had().suffering(target, faults, inject)

    def another(self) -> SandboxAccess:
        """One of its own for somebody who changes it; it goes when that is closed."""
        from uuid import uuid4

        return self._project.sandbox_access(self._project.branch(self._rev), nonce=uuid4().hex)

    def close(self) -> None:
        """Let others have it, or remove it when it was made for this run alone; raises what that may raise."""
        with self._lock:
            access, self._access = self._access, None
        if access:
            access.close()

    def _had(self) -> SandboxAccess:
        with self._lock:
            if self._access is None:
                self._access = self._project.sandbox_access(self._project.branch(self._rev), nonce=self._nonce)
            return self._access
