"""Runs the git command: the one place where a process is started for it.

What git does must depend on the repository alone, so hooks, pagers, prompts, replacement objects and locks are switched
off, and words come in English. A person's own configuration is still read, since it says which folders are trusted.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from shoreward.domain import UserError

_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.quotePath=false", "color.ui=false")
_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER", "SYSTEMROOT")
_WAY_OUT = ("SSH_AUTH_SOCK", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "GIT_SSL_CAINFO")


class GitFailed(Exception):
    """git said no; `words` are what it wrote to its standard error, `printed` what to its standard output."""

    def __init__(self, words: str, printed: bytes = b"") -> None:
        super().__init__(words)
        self.words = words
        self.printed = printed


def environment() -> dict[str, str]:
    """What git sees of this process's environment, and nothing else."""
    kept = {name: os.environ[name] for name in (*_KEPT, *_WAY_OUT) if name in os.environ}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
    }


def git(
    directory: Path,
    *arguments: str,
    stdin: bytes | None = None,
    extra: Mapping[str, str] | None = None,
    limit: float | None = None,
) -> bytes:
    """Run git in a directory and return what it printed.

    Args:
        extra: more of an environment, such as another index.
        limit: seconds after which it is ended, with all that it has started; for whatever asks a remote.

    Raises `GitFailed` when git exits with an error or has no answer in time, and UserError GIT_MISSING when there is
    no git.
    """
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    try:
        process = subprocess.Popen(
            ["git", "--no-pager", *settings, *arguments],
            cwd=directory,
            env={**environment(), **(extra or {})},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # What git starts for a remote would outlive it, and hold its pipes: they are ended as a group.
            start_new_session=limit is not None,
        )
    except FileNotFoundError as error:
        if not directory.is_dir():
            raise GitFailed(f"{directory} is not a directory") from error
        raise UserError(
            "GIT_MISSING", "The git command is not installed.", next="Install git 2.30 or newer."
        ) from error
    except NotADirectoryError as error:
        raise GitFailed(f"{directory} is not a directory") from error
    printed, words = _answer(process, stdin, limit)
    if process.returncode:
        raise GitFailed(words.decode(errors="replace").strip(), printed)
    return printed


def _answer(process: subprocess.Popen[bytes], stdin: bytes | None, limit: float | None) -> tuple[bytes, bytes]:
    with process:
        try:
            return process.communicate(stdin, timeout=limit)
        except subprocess.TimeoutExpired as late:
            os.killpg(process.pid, signal.SIGKILL)
            raise GitFailed(f"no answer within {limit:g} seconds") from late
        except BaseException:
            process.kill()
            raise
