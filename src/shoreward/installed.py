"""Which Shoreward this is: what a verdict depends on beside what it was given.

The quickest answer of the command line (`cli.unchanged`) comes before anything else is imported, and this module with
it: it needs nothing but `os` and `sys`.
"""

from __future__ import annotations

import os
import sys

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def installation() -> str:
    """Changes when Shoreward, a package beside it, or the Python that runs them does; means nothing elsewhere."""
    places = [place for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    packages = [f"{place}/{name}" for place in places for name in _packages(place)]
    return "\n".join((sys.version, sys.prefix, _PACKAGE, *packages, *sources()))


def sources() -> list[str]:
    """Size and time of change of every module of Shoreward, when it runs from its sources; nothing when installed."""
    if os.path.basename(os.path.dirname(_PACKAGE)) in ("site-packages", "dist-packages"):
        return []
    found: list[str] = []
    waiting = [_PACKAGE]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".mjs")):
                    about = entry.stat()
                    found.append(f"{entry.path} {about.st_size} {about.st_mtime_ns}")
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    waiting.append(entry.path)
    return sorted(found)


def _packages(place: str) -> list[str]:
    """Names with versions, as installers write them down."""
    try:
        return sorted(name for name in os.listdir(place) if name.endswith(".dist-info"))
    except OSError:
        return []
