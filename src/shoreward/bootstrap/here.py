"""This machine: its clock, who works at it, and what it says of its own."""

from __future__ import annotations

import getpass
import os
import time
from dataclasses import replace

from shoreward.app.releases import Wish
from shoreward.domain import Pipeline, UserError


class SystemClock:
    """This machine's clock."""

    def now(self) -> float:
        """UNIX seconds, UTC."""
        return time.time()


def owner() -> str:
    """Whose sandboxes this process makes: SHOREWARD_OWNER, or whoever runs it."""
    return os.environ.get("SHOREWARD_OWNER") or getpass.getuser()


def wish(why: str = "") -> Wish:
    """A wish of whoever runs this process, now."""
    return Wish(by=getpass.getuser(), at=time.time(), why=why)


def as_here(pipeline: Pipeline) -> Pipeline:
    """The pipeline, with advisories from where this machine has them (SHOREWARD_ADVISORIES), if it says so."""
    source = os.environ.get("SHOREWARD_ADVISORIES")
    if not source or pipeline.checks is None:
        return pipeline
    if not source.startswith(("/", "http://", "https://")):
        what = f"SHOREWARD_ADVISORIES is {source!r}, which is neither an address nor an absolute path."
        raise UserError("USAGE", what, next="Give it the address of an OSV API, or a folder with OSV's archives.")
    advisories = replace(pipeline.checks.advisories, source=source)
    return replace(pipeline, checks=replace(pipeline.checks, advisories=advisories))


def engine() -> str:
    """Which Shoreward this is: its version, and while it runs from its sources, they."""
    from importlib.metadata import version

    from shoreward.domain import digest_of
    from shoreward.installed import sources

    found = sources()
    return f"{version('shoreward')} {digest_of(found)}" if found else version("shoreward")
