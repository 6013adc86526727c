"""Finds the suites of a repository by looking at it, so that nothing needs to be declared where things are as usual.

Only the names of files and a few small files are looked at: this is done each time that checks are asked for.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from typing import get_args

from shoreward.adapters.suites.discover_node import node_suites
from shoreward.adapters.suites.discover_python import python_suites
from shoreward.adapters.suites.looking import Look
from shoreward.app.files import Source
from shoreward.domain import Checks, Pipeline, Suite, SuiteKind

_KINDS: tuple[SuiteKind, ...] = get_args(SuiteKind)
_SLUG = re.compile(r"[^a-z0-9]+")


def discover(source: Source, commit: str, pipeline: Pipeline) -> tuple[Suite, ...]:
    """Suites of a commit that nobody declared, each with the place that gave it away.

    A kind that `checks` declares a suite of is left out, and so is everything when `discover` is false there.
    Names are those of the kinds; of several of a kind all but the first bear their folder, too.
    Raises SpecError PACKAGE_INVALID and PYPROJECT_INVALID.
    """
    checks = pipeline.checks or Checks()
    if not checks.discover:
        return ()
    look = Look(source, commit, pipeline.template)
    declared = {suite.kind for suite in checks.suites}
    found = [suite for suite in (*python_suites(look), *node_suites(look)) if suite.kind not in declared]
    found.sort(key=lambda suite: _KINDS.index(suite.kind))
    return _named(found, {suite.name for suite in checks.suites})


def _named(suites: Sequence[Suite], taken: set[str]) -> tuple[Suite, ...]:
    named: list[Suite] = []
    for suite in suites:
        folder = _SLUG.sub("-", posixpath.basename(suite.folder).lower()).strip("-")
        long = f"{suite.kind}-{folder}"[:58].rstrip("-")
        numbered = (f"{long}-{number}" for number in count(2))
        name = next(name for name in chain((suite.kind, long), numbered) if name not in taken)
        taken.add(name)
        named.append(replace(suite, name=name))
    return tuple(named)
