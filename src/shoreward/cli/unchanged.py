"""The quickest answer of `shoreward check`: nothing has changed, so the last answer still holds.

Asked before anything heavy is imported, which is why only builtin modules are used here. A run that came to an answer
writes down what it depended on and what it said (`write`); the next one looks at the same things again (`answered`).
Any doubt (a submodule that moved, a file that cannot be read, an option) leaves it to the long way, which is never
wrong.

The record is fields with NUL bytes between them, for a parser of JSON costs more than all the rest.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECORD = ".shoreward/checks/last"
_FORM = b"shoreward-last-2"
_FIELDS = 13
_MOST = 64_000_000
"""Bytes of changed files that are read; whoever has changed more waits a little longer."""

_KEPT = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR", "USER", "SYSTEMROOT")
"""What git sees of this process's environment, as in `adapters.git`."""
_QUIET = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}
# fmt: off
_STATUS = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
    "status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--untracked-files=all", "--no-renames",
    "--ignore-submodules=dirty",
)
# fmt: on


class Doubt(Exception):
    """It cannot be told that nothing has changed."""


class Watched:
    """What an answer depends on beside the commit's files and Shoreward itself.

    Args:
        environment: names of variables; `UV_*` stands for all that begin so.
        tools: programs on the PATH, or paths of programs.
        files: files and folders; `~` is the home folder.
    """

    def __init__(self, environment: Iterable[str], tools: Iterable[str], files: Iterable[str]) -> None:
        self.environment = tuple(sorted(set(environment)))
        self.tools = tuple(sorted(set(tools)))
        self.files = tuple(sorted(set(files)))


class Answered:
    """What was answered: the exit code, and what is printed, in each of the three ways."""

    def __init__(self, code: int, plain: str, colour: str, json: str) -> None:
        self.code = code
        self.plain = plain
        self.colour = colour
        self.json = json


def answered(arguments: Sequence[str]) -> int | None:
    """Print the last answer again and return its exit code, or None when it is not known that it still holds.

    Args:
        arguments: those of the command line; the last answer must have been asked for in the same words (`write`).
    """
    asked = [word for word in arguments if word != "--json"]
    if asked[:1] != ["check"] or any(word not in ("--only", "--skip") for word in asked if word.startswith("-")):
        return None
    if any(name in os.environ for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")):
        return None
    try:
        root = _root(os.getcwd())
        at, said = _read(root, asked[1:], time.time())
    except (Doubt, OSError, ValueError):
        return None
    people = f"{_since(at)}\n{said.colour if _colourful() else said.plain}"
    try:
        sys.stdout.write(said.json if "--json" in arguments else people)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return said.code


def write(
    root: str,
    config: str,
    asked: Sequence[str],
    seen: bytes,
    watched: Watched,
    until: float,
    at: float,
    said: Answered,
) -> None:
    """Write down an answer.

    Args:
        asked: the words of the command line behind `check`, without `--json`.
        seen: what `see` saw before the answer was sought, and saw again afterwards.
        until: when it is too old, UNIX seconds.
        at: when it was found.
    """
    lists = ("\n".join(names).encode() for names in (asked, watched.environment, watched.tools, watched.files))
    texts = (text.encode("utf-8", "surrogateescape") for text in (said.plain, said.colour, said.json))
    numbers = (repr(at).encode(), repr(until).encode(), str(said.code).encode())
    fields = (_FORM, *numbers, config.encode("utf-8", "surrogateescape"), *lists, seen.hex().encode(), *texts)
    made = f"{root}/{RECORD}.{os.getpid()}"
    os.makedirs(os.path.dirname(made), exist_ok=True)
    with open(made, "wb") as file:
        file.write(b"\0".join(fields))
    os.replace(made, f"{root}/{RECORD}")


def forget(root: str) -> None:
    """There is no answer that could be given again."""
    try:
        os.unlink(f"{root}/{RECORD}")
    except FileNotFoundError:
        return


def _read(root: str, asked: Sequence[str], now: float) -> tuple[float, Answered]:
    with open(f"{root}/{RECORD}", "rb") as file:
        fields = file.read().split(b"\0")
    if len(fields) != _FIELDS or fields[0] != _FORM:
        raise Doubt
    at, until, code = float(fields[1]), float(fields[2]), int(fields[3])
    if not at <= now < until or fields[4].decode("utf-8", "surrogateescape") != chosen_config(root):
        raise Doubt
    if fields[5] != "\n".join(asked).encode("utf-8", "surrogateescape"):
        raise Doubt
    watched = Watched(*(field.decode().split("\n") if field else () for field in fields[6:9]))
    if see(root, watched).hex().encode() != fields[9]:
        raise Doubt
    plain, colour, json = (field.decode("utf-8", "surrogateescape") for field in fields[10:])
    return at, Answered(code, plain, colour, json)


def chosen_config(root: str) -> str:
    """The pipeline's file when nobody names one, as `bootstrap.open_project` chooses it."""
    here = os.path.join(os.getcwd(), "shoreward.yaml")
    return os.path.realpath(here if os.path.exists(here) else f"{root}/shoreward.yaml")


def _root(directory: str) -> str:
    """The innermost repository that a folder is in."""
    while True:
        if os.path.lexists(f"{directory}/.git"):
            return directory
        above = os.path.dirname(directory)
        if above == directory:
            raise Doubt
        directory = above


def see(root: str, watched: Watched) -> bytes:
    """A digest of all that an answer depends on, as it is now.

    Raises:
        Doubt: it cannot be told.
    """
    status = _Spawned(root)
    try:
        parts = [installed(), *_variables(watched.environment), *_tools(watched.tools), *_files(watched.files)]
    finally:
        listed = status.output()
    return _digest("\0".join((*parts, *_changed(root, listed))).encode("utf-8", "surrogateescape"))


def installed() -> str:
    """Which Shoreward this is."""
    from shoreward.installed import installation

    return installation()


def _digest(content: bytes) -> bytes:
    try:
        # Where hashlib has it from; hashlib itself would load OpenSSL, for a tenth of all the time.
        from _blake2 import blake2b  # pyright: ignore
    except ImportError:
        from hashlib import blake2b

    return blake2b(content, digest_size=32).digest()


class _Spawned:
    """`git status`, which works while we look at other things."""

    def __init__(self, root: str) -> None:
        reading, writing = os.pipe()
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _QUIET
        silent = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writing, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        try:
            command = ["git", "-C", root, "--no-pager", *_STATUS]
            self._pid = os.posix_spawnp("git", command, environment, file_actions=silent)
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._reading = reading

    def output(self) -> str:
        """What it printed, when it is done."""
        with open(self._reading, "rb") as pipe:
            printed = pipe.read()
        _, status = os.waitpid(self._pid, 0)
        if status:
            raise Doubt
        return printed.decode("utf-8", "surrogateescape")


def _changed(root: str, listed: str) -> list[str]:
    """What git says of the last commit and of the files that differ from it, with their content."""
    parts: list[str] = [root]
    room = _MOST
    for line in listed.split("\0"):
        if line.startswith("# branch.oid"):
            parts.append(line)
        elif line.startswith("? "):
            room -= _content(root, line[2:], parts, room)
        elif line.startswith("1 "):
            words = line.split(" ", 8)
            if words[2] != "N...":  # a submodule
                raise Doubt
            parts.append(line)
            room -= _content(root, words[8], parts, room)
        elif line and not line.startswith("# "):
            raise Doubt
    return parts


def _content(root: str, path: str, parts: list[str], room: int) -> int:
    """Add a file's content to the parts; returns its size."""
    from stat import S_ISLNK, S_ISREG

    full = f"{root}/{path}"
    try:
        about = os.lstat(full)
    except FileNotFoundError:
        parts.append(f"{path} gone")
        return 0
    if S_ISLNK(about.st_mode):
        parts.append(f"{path} -> {os.readlink(full)}")
        return 0
    if not S_ISREG(about.st_mode) or about.st_size > room:
        raise Doubt
    with open(full, "rb") as file:
        parts.append(f"{path} {about.st_mode:o} {_digest(file.read()).hex()}")
    return about.st_size


def _variables(names: Sequence[str]) -> list[str]:
    """Values of the environment's variables; they are in the digest and nowhere else, for they may be secrets."""
    found: list[str] = []
    for name in names:
        if name.endswith("*"):
            found += sorted(f"{each}={value}" for each, value in os.environ.items() if each.startswith(name[:-1]))
        else:
            found.append(f"{name}={os.environ[name]}" if name in os.environ else f"{name} unset")
    return found


def _tools(names: Sequence[str]) -> list[str]:
    return [f"{name}: {_about(_which(name))}" for name in names]


def _which(name: str) -> str:
    """Where a program is found, or its name when it is not."""
    if "/" in name:
        return os.path.expanduser(name)
    for place in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = f"{place or '.'}/{name}"
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return name


def _files(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        path = os.path.expanduser(name)
        found.append(_about(path))
        if os.path.isdir(path):
            found += sorted(_about(entry.path) for entry in os.scandir(path))
    return found


def _about(path: str) -> str:
    """Which file it is, its size and time of change, where links lead; that it is not there says something, too.

    Not the time of its inode's change: another link to it, or SQLite opening it, sets that.
    """
    try:
        about = os.stat(path)
    except OSError:
        return f"{path} not there"
    return f"{os.path.realpath(path)} {about.st_mode:o} {about.st_ino} {about.st_size} {about.st_mtime_ns}"


def _since(at: float) -> str:
    ago = max(0, round(time.time() - at))
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
    words = f"{ago} s" if ago < 120 else f"{ago // 60} min" if ago < 7200 else f"{ago // 3600} h"
    return f"Nothing has changed since {when} ({words} ago), so nothing was run. What was found then:"


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")
