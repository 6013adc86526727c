"""What the scans cost, on the example application and against thousands of advisories.

    PYTHONPATH=tests .venv/bin/python -m scan.scan_run

CPU seconds are those of this process and of the engines that it started; wall seconds depend on who else is at work.
"""

from __future__ import annotations

import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from shoreward.adapters.scan.archive import OsvArchives
from shoreward.adapters.scan.component import Package
from shoreward.domain import Advisories
from shoreward.testing.advisories import AdvisoryServer, Document, an_advisory, write_archive

from .support import NOON, Yard

EXAMPLE = Path(__file__).parents[2] / "examples" / "sandcastles"


def spent() -> float:
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def timed(name: str, act: Callable[[], object]) -> None:
    cpu, wall = spent(), time.perf_counter()
    told = act()
    print(f"{name:<44} {spent() - cpu:7.3f} {time.perf_counter() - wall:8.3f}  {told}")


def example(place: Path) -> Yard:
    """The example application in a repository of its own."""
    files = {
        str(path.relative_to(EXAMPLE)): path.read_bytes()
        for path in EXAMPLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return Yard(place, files)


def generated(count: int) -> list[Document]:
    """Advisories on packages of Python's, with ranges of versions."""
    chance = random.Random(7)
    return [
        an_advisory(
            f"GHSA-{number:04d}",
            "PyPI",
            f"grain-{chance.randrange(count // 3)}",
            fixed=f"{chance.randrange(9)}.{chance.randrange(30)}",
            versions=[f"{chance.randrange(9)}.{minor}" for minor in range(20)],
            modified=NOON - 60,
        )
        for number in range(count)
    ]


def on_the_example(place: Path) -> None:
    yard = example(place / "example")
    yard.revision()
    with AdvisoryServer(generated(100)) as osv:
        source = Advisories(source=osv.address)

        def scan(name: str) -> str:
            report = yard.scan(name, source)
            return f"{report.summary}; {len(report.findings)} findings"

        for name in ("secrets", "security", "sbom", "vulnerabilities"):
            timed(f"{name}, first time", lambda name=name: scan(name))
            timed(f"{name}, again", lambda name=name: scan(name))
        yard.commit(
            {"functions/tides/tides.py": (EXAMPLE / "functions/tides/tides.py").read_bytes() + b"\n# The sea.\n"}
        )
        yard.revision()
        for name in ("secrets", "security", "sbom", "vulnerabilities"):
            timed(f"{name}, after an edit of one line", lambda name=name: scan(name))


def against_many(place: Path, count: int) -> None:
    write_archive(place / "shelf", "PyPI", generated(count))
    packages = [Package("PyPI", f"grain-{number}", "2.4") for number in (1, 20, 300, 600)]

    def ask() -> str:
        database = OsvArchives(place / "shelf", place / "memory", max_age=3600, now=NOON)
        return f"{sum(map(len, database.concerning(packages).values()))} advisories on 4 packages"

    timed(f"{count:,} advisories, archive read first", ask)
    timed(f"{count:,} advisories, again", ask)


def main() -> None:
    place = Path(tempfile.mkdtemp(prefix="shoreward-scan-run-"))
    try:
        print(f"{'':<44} {'CPU s':>7} {'wall s':>8}")
        on_the_example(place)
        for count in (2_500, 50_000):
            against_many(place / str(count), count)
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
