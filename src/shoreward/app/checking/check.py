"""A check: what it reads, and what it does; the node of the graph that runs before production.

    key(materials)   digest of *all* that the verdict depends on; the same key, the same verdict
    depends          what of that is not in the commit, so that nobody needs to ask for the key while none of it changes
    run(materials)   look; what was found is a `Report`

A check that cannot tell raises: `SpecError` is a mistake in the change (it fails), every other `ShorewardError` means
that we could not look (it errors). Nothing in between passes.

The severity from which findings fail a check, and waivers, are applied behind `run` by whoever runs the graph: a check
reports all that it finds, and a verdict that was kept is judged by today's waivers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shoreward.app.files import Source
from shoreward.domain import Finding, Pipeline, Place, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a check.

    Attributes:
        findings: what was found; those that are waived or below `Checks.block` do not fail it.
        summary: a few words for people: "21 tests", "42 rules on 17 resources".
        product: what checks that need this one read, as plain JSON text; their keys depend on it.
        files: digests of blobs to keep with the verdict (an SBOM, a log), by name.
        measures: figures, such as ("tests", 21.0).
        log: the end of what its command said, for whoever wants to know more.
        lasting: whether the verdict may be kept; False for one that another look might change.
    """

    findings: tuple[Finding, ...] = ()
    summary: str = ""
    product: str = ""
    files: tuple[tuple[str, str], ...] = ()
    measures: tuple[tuple[str, float], ...] = ()
    log: str = ""
    lasting: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What a check may read.

    Attributes:
        source: the repository; `commit` is what is checked.
        base: the commit that is compared with (live, or where the branch began), or None when there is none.
        products: what the checks that it needs produced, by their names.
    """

    source: Source
    commit: str
    pipeline: Pipeline
    base: str | None = None
    products: Mapping[str, str] = field(default_factory=dict[str, str])


def _silent(text: str) -> None:
    del text


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A check's line to whoever runs it.

    Attributes:
        stop: set when nobody waits for the answer any more; long work looks at it, and ends what it started.
        say: shows people what is going on, in a few words.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    say: Callable[[str], None] = _silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What a verdict depends on beside the commit's files, Shoreward's own version, and what the check needs.

    While none of it changes, and the commit's files do not, nothing is run and no key is asked for. So all that could
    change a key is named here. The environment's values are put into the key by the graph; of tools and files the
    check's own key says what matters (a version, a digest), since where they lie differs from machine to machine.

    Attributes:
        environment: names of variables of this process; `UV_*` stands for all that begin so.
        tools: programs, as names on the PATH or as paths; looked at are where they are found, size and time of change.
        files: files and folders outside of the repository (`~` is the home folder); looked at are size and time of
            change, of a folder those of what is directly in it, and that something is not there.
        good_for: seconds after which a verdict is too old to be kept, None for never.
    """

    environment: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    good_for: float | None = None


NOTHING_OUTSIDE = Outside()

Key = Callable[[Materials], str | None]
Run = Callable[[Materials, Running], Report]
Still = Callable[[Report], bool]
Sees = Callable[[str, str], str]


def _all(need: str, product: str) -> str:
    del need
    return product


def _always(report: Report) -> bool:
    del report
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A node of the graph.

    Attributes:
        name: unique in the graph; what `skip` and `--only` call it.
        about: one sentence: what it finds out.
        key: digest of all that it reads beside the products that it needs (the graph adds those), or None when a
            verdict cannot be kept. It may raise what `run` may raise.
        needs: checks that must have passed before it.
        sees: what it sees of a product that it needs, by the name of the check that made it; the rest is neither in
            its key nor in its materials.
        lane: checks of one lane never run side by side, "" for none.
        where: the place in `shoreward.yaml` where it is declared.
        depends: what it reads that is not in the commit.
        reads: the same and the files that it reads, in a few words for people: "functions/**, uv.lock, node".
        waits: whether it mostly waits for somebody else (AWS), and takes no core of this machine meanwhile.
        still: whether a kept report is still good, for one that speaks of things that may go away (a sandbox, an
            artifact on this machine); a cheap look. When it is not, the check is run.
    """

    name: str
    about: str
    key: Key
    run: Run
    needs: tuple[str, ...] = ()
    sees: Sees = _all
    lane: str = ""
    where: Place | None = None
    depends: Outside = NOTHING_OUTSIDE
    reads: str = ""
    waits: bool = False
    still: Still = _always


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a check could not look."""

    code: str
    what: str
    next: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A check's verdict.

    Attributes:
        verdict: PASS, FAIL, or ERROR; NO_DATA for one that was not run, with `report.summary` saying why.
        report: what came of it; its findings carry the check's name and the waivers that let them stay.
        seconds: what it took when it was run.
        kept: whether it is the recorded verdict of an earlier run.
        at: when it was run, UNIX seconds.
        key: what it was recorded under, or None.
        skipped: whether it was left out because somebody said so: it is said aloud, and does not count.
        error: why we could not look: code, sentence and advice, when the verdict is ERROR.
    """

    check: str
    verdict: Verdict
    report: Report
    seconds: float
    at: float
    kept: bool = False
    key: str | None = None
    skipped: bool = False
    error: Trouble | None = None
