"""Rules that another git repository holds: fetched once, kept on this machine, read as commits are read everywhere.

A full commit id never changes, so one that is kept is never asked for again. A branch or a tag is resolved each time;
when nobody answers, that is an error and not the copy of yesterday: rules may have been added since.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shoreward.adapters.policy.errors import unreachable
from shoreward.app.files import Source
from shoreward.domain import PolicySource, UserError, digest_of

_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[^/\\]+:")
_SETTINGS = ("core.hooksPath=/dev/null", "protocol.ext.allow=never", "color.ui=false", "gc.auto=0")
_LIMIT = 120.0

Open = Callable[[Path], Source]
"""Opens a git repository on this machine; `adapters.git.Repository` does."""


def pinned(source: PolicySource) -> bool:
    """Whether what a source names can never change."""
    return not source.repository or _FULL.fullmatch(source.ref) is not None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A commit of another repository, on this machine."""

    source: Source
    commit: str


class Fetching:
    """Brings other repositories here.

    Args:
        folder: where they are kept; it may be deleted at any time.
        root: where relative addresses begin.
    """

    def __init__(self, folder: Path, root: Path, open: Open) -> None:
        self._folder = folder
        self._root = root
        self._open = open

    def resolve(self, source: PolicySource) -> str:
        """The full id of the commit that a source's ref stands for now.

        Raises:
            Retryable: POLICY_SOURCE_UNREACHABLE.
            UserError: POLICY_REF_UNKNOWN; GIT_MISSING.
        """
        if _FULL.fullmatch(source.ref):
            return source.ref
        wanted = source.ref or "HEAD"
        listed = self._ask(source, self._root, "ls-remote", "--", self._address(source))
        found = {name: commit for commit, name in (line.split("\t", 1) for line in listed.splitlines())}
        for name in (wanted, f"refs/heads/{wanted}", f"refs/tags/{wanted}^{{}}", f"refs/tags/{wanted}"):
            if name in found:
                return found[name]
        what = f"{source.repository} has no branch or tag {wanted!r}."
        raise UserError("POLICY_REF_UNKNOWN", what, where=source.where, next="A commit is named by its full id.")

    def fetch(self, source: PolicySource) -> Fetched:
        """The commit that a source names, fetched if it is not here.

        Raises what `resolve` raises.
        """
        commit = self.resolve(source)
        kept = self._folder / digest_of(self._address(source))[:20]
        kept.mkdir(parents=True, exist_ok=True)
        with _alone(kept):
            if not (kept / ".git").is_dir():
                self._ask(source, kept, "init", "--quiet", "--template=")
            if not self._has(kept, commit):
                self._bring(source, kept, commit)
        return Fetched(self._open(kept), commit)

    def _bring(self, source: PolicySource, kept: Path, commit: str) -> None:
        """Fetch one commit; from a server that gives no commits by their ids, everything."""
        address = self._address(source)
        options = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
        try:
            self._ask(source, kept, *options, "--depth=1", "--", address, commit)
        except UserError:
            raise
        except Exception:  # noqa: BLE001  whatever it was, the second attempt says it again
            self._ask(source, kept, *options, "--", address, "+refs/*:refs/shoreward/*")
        if not self._has(kept, commit):
            what = f"{source.repository} has no commit {commit}."
            advice = "Was the branch it was on deleted?"
            raise UserError("POLICY_REF_UNKNOWN", what, where=source.where, next=advice)

    def _has(self, kept: Path, commit: str) -> bool:
        done = _git(kept, "cat-file", "-e", f"{commit}^{{commit}}")
        return done.returncode == 0

    def _address(self, source: PolicySource) -> str:
        """The repository's address; a path on this machine is one from the root."""
        if _ADDRESS.match(source.repository):
            return source.repository
        return str((self._root / Path(source.repository).expanduser()).resolve())

    def _ask(self, source: PolicySource, folder: Path, *arguments: str) -> str:
        done = _git(folder, *arguments)
        if done.returncode == 0:
            return done.stdout.decode(errors="replace")
        words = done.stderr.decode(errors="replace").strip().splitlines()
        what = f"The rules' repository {source.repository} cannot be asked: {words[-1] if words else 'git failed'}."
        advice = "Check the address and that git may read it here; a full commit id needs nobody once it is kept."
        raise unreachable(what, source.where, advice)


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    quiet = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true"}
    shell = {"GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")}
    # Whose repository this process stands in is nothing to the other one.
    inherited = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    command = ["git", "--no-pager", *settings, *arguments]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=inherited | quiet | shell,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_LIMIT,
        )
    except subprocess.TimeoutExpired:
        late = f"no answer in {_LIMIT:.0f} seconds".encode()
        return subprocess.CompletedProcess(command, 1, stdout=b"", stderr=late)
    except FileNotFoundError as error:
        advice = "Install git 2.30 or newer."
        raise UserError("GIT_MISSING", "The git command is not installed.", next=advice) from error


_LOCAL = frozenset(("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
                    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"))  # fmt: skip


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One process at a time works on a kept repository."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
