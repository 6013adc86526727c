"""A kept verdict is never wrong: whatever is edited, in whatever order, it is what a fresh look finds.

A real repository, a folder that verdicts are kept in, and checks whose verdict is a function of all that they read:
files, lock files, a variable, a program, a file outside of the repository, and what other checks produced.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoreward.adapters.git import Repository
from shoreward.adapters.keep import FolderShelf, LayeredKeep, ShelfKeep, ShelfMemory
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Check, Materials, Outside, Report, Running
from shoreward.app.checking.graph import graph_of
from shoreward.app.checking.inputs import content_of, entries_matching
from shoreward.app.checking.manner import Manner, Surroundings, Use
from shoreward.app.checking.run import run_graph
from shoreward.cli.record import watched
from shoreward.cli.unchanged import see
from shoreward.domain import digest_of
from shoreward.testing.builders import a_pipeline

from .support import Blobs, Clock, finding, rules

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nowhere"}
WHO = {f"GIT_{who}_{what}": "kim@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

FILES = ("functions/a.py", "functions/deep/b.py", "uv.lock", "functions/package.lock", "README.md", "data/tides.csv")
CONTENTS = ("one\n", "two\n", "six\n")


@dataclass
class Beach:
    """A repository, a program, and a file outside; everything lies in one folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.root = self.folder / "beach"
        self.outside = self.folder / "advisories"
        self.tool = self.folder / "bin" / "tide"
        for path in (self.root, self.tool.parent):
            path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        (self.root / ".gitignore").write_text("ignored/\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "first")
        self.repository = Repository(self.root)
        self.keep = FolderShelf(self.folder / "kept")
        self.program("one\n")

    def git(self, *arguments: str) -> None:
        environment = {"PATH": os.environ["PATH"], **GIT, **WHO}
        subprocess.run(["git", *arguments], cwd=self.root, env=environment, check=True, capture_output=True)

    def write(self, path: str, content: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def program(self, content: str) -> None:
        self.tool.write_text(content)
        self.tool.chmod(0o755)

    def run(self, checks: Sequence[Check], use: Use = "kept") -> Answer:
        """Check the work tree as it is."""
        materials = Materials(source=self.repository, commit=self.repository.snapshot().id, pipeline=a_pipeline())
        warnings: list[str] = []
        # What is run afresh goes to a shelf of its own, so that it cannot heal what is kept.
        shelf = FolderShelf(self.folder / "fresh") if use == "fresh" else self.keep
        around = Surroundings(
            keep=LayeredKeep(ShelfKeep(shelf, warnings.append), None, Blobs()),
            memory=ShelfMemory(shelf),
            clock=Clock(),
            environment=dict(os.environ),
            engine="1",
        )
        answer = run_graph(graph_of(checks), materials, around, Manner(jobs=2, keep_going=True, use=use))
        assert warnings == []
        return answer

    def seen(self, checks: Sequence[Check]) -> bytes:
        """What the quickest answer looks at."""
        return see(str(self.root), watched(graph_of(checks), self.repository.common_directory()))


def reader(
    name: str, beach: Beach, *patterns: str, outside: Outside | None = None, needs: tuple[str, ...] = ()
) -> Check:
    """A check whose findings and product are a function of all that it reads, and of nothing else."""
    depends = outside or Outside()

    def others() -> list[str]:
        paths = [*(beach.tool for _ in depends.tools), *map(Path, depends.files)]
        return [path.read_text() if path.exists() else "none" for path in paths]

    def key(materials: Materials) -> str:
        return digest_of(content_of(entries_matching(materials.source, materials.commit, patterns)), others())

    def run(materials: Materials, running: Running) -> Report:
        entries = entries_matching(materials.source, materials.commit, patterns)
        read = [(entry.path, entry.kind, str(materials.source.read(materials.commit, entry.path))) for entry in entries]
        variables = [os.environ.get(variable) for variable in depends.environment]
        said = hashlib.sha256(repr((read, others(), variables, sorted(materials.products.items()))).encode())
        digest = said.hexdigest()
        found = (finding(subject=digest[:6]),) if digest[0] in "01234567" else ()
        # Only a part of it, so that other inputs make the same product now and then.
        return Report(findings=found, product=digest[0])

    return Check(name=name, about="", key=key, run=run, depends=depends, needs=needs)


def readers(beach: Beach) -> list[Check]:
    return [
        reader("unit", beach, "functions/**", "!*.lock", outside=Outside(environment=("TIDE_MODE", "TIDE_X*"))),
        reader("locks", beach, "*.lock", outside=Outside(tools=("tide",))),
        reader("scan", beach, "*.lock", outside=Outside(files=(str(beach.outside),))),
        reader("sandbox", beach, "data", needs=("unit", "locks")),
        reader("everything", beach, needs=("scan",)),
    ]


Edit = Callable[[Beach], None]


def setting(name: str, value: str | None) -> Edit:
    def edit(beach: Beach) -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    return edit


def removing(path: str) -> Edit:
    return lambda beach: (beach.root / path).unlink(missing_ok=True)


def mode(path: str, bits: int) -> Edit:
    return lambda beach: (beach.root / path).chmod(bits) if (beach.root / path).exists() else None


def committing(beach: Beach) -> None:
    beach.git("add", "--all")
    beach.git("commit", "--quiet", "--allow-empty", "--message", "a change")


def going_back(beach: Beach) -> None:
    beach.git("reset", "--quiet", "--hard")
    beach.git("clean", "--quiet", "-fd")


def touching(beach: Beach) -> None:
    for path in beach.root.glob("functions/*"):
        os.utime(path)


paths, contents = st.sampled_from(FILES), st.sampled_from(CONTENTS)
edits: st.SearchStrategy[Edit] = st.one_of(
    st.builds(lambda path, content: lambda beach: beach.write(path, content), paths, contents),
    st.builds(removing, paths),
    st.builds(mode, paths, st.sampled_from([0o644, 0o755])),
    st.builds(setting, st.sampled_from(["TIDE_MODE", "TIDE_X1", "TIDE_X2", "OTHER"]), st.none() | contents),
    st.builds(lambda content: lambda beach: beach.program(content), contents),
    st.builds(lambda content: lambda beach: beach.outside.write_text(content) and None, contents),
    st.just(lambda beach: beach.outside.unlink(missing_ok=True)),
    st.just(lambda beach: beach.write("ignored/file", "x")),
    st.just(lambda beach: beach.git("add", "--all")),
    st.sampled_from([committing, going_back, touching]),
)


@contextmanager
def a_beach() -> Iterator[Beach]:
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        beach = Beach(Path(folder).resolve())
        os.environ["PATH"] = f"{beach.tool.parent}{os.pathsep}{os.environ['PATH']}"
        os.environ.update(GIT)
        try:
            yield beach
        finally:
            os.environ.clear()
            os.environ.update(before)


def told(answer: Answer) -> list[tuple[object, ...]]:
    """All that is the same in two answers that agree."""
    return [
        (each.check, each.verdict, each.report.findings, each.report.product, each.report.summary)
        for each in answer.results
    ]


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(edits, min_size=1, max_size=3), min_size=2, max_size=8))
def test_a_kept_verdict_is_what_a_fresh_look_finds_whatever_was_edited(steps: list[list[Edit]]) -> None:
    with a_beach() as beach:
        checks, answers = readers(beach), dict[bytes, list[tuple[object, ...]]]()
        for step in steps:
            for edit in step:
                edit(beach)
            kept, fresh = told(beach.run(checks)), told(beach.run(checks, "fresh"))
            assert kept == fresh
            # ... and what is seen to be the same has the same answer.
            assert answers.setdefault(beach.seen(checks), fresh) == fresh


def test_what_is_edited_back_has_its_verdict_kept() -> None:
    with a_beach() as beach:
        checks = readers(beach)
        for content in ("one\n", "two\n", "one\n"):
            beach.write("functions/a.py", content)
            answer = beach.run(checks)
        assert all(result.kept for result in answer.results)


def test_an_edit_runs_what_reads_the_file_and_nothing_else() -> None:
    with a_beach() as beach:
        checks = readers(beach)
        beach.run(checks)
        beach.write("README.md", "two\n")
        answer = beach.run(checks)
        assert [result.check for result in answer.results if not result.kept] == ["everything"]


@pytest.mark.parametrize("where", ["a file that it does not declare", "a variable", "a program", "chance"])
def test_a_read_outside_of_the_declaration_is_found(where: str) -> None:
    with a_beach() as beach:
        beach.write("data/tides.csv", "one\n")

        def secretly(materials: Materials, running: Running) -> Report:
            read = {
                "a file that it does not declare": (beach.root / "data" / "tides.csv").read_text(),
                "a variable": os.environ.get("TIDE_MODE", ""),
                "a program": beach.tool.read_text(),
                "chance": counted.pop(),
            }[where]
            return Report(findings=(finding(subject=read),))

        counted = ["b", "a"]
        liar = Check(name="unit", about="", key=reader("unit", beach, "functions/**").key, run=secretly)
        honest = reader("honest", beach, "functions/**")
        beach.run([liar, honest])
        assert "KEPT_VERDICT_WRONG" not in rules(beach.run([honest], "verify"))
        beach.write("data/tides.csv", "two\n")
        beach.program("two\n")
        os.environ["TIDE_MODE"] = "two"
        answer = beach.run([liar, honest], "verify")
        assert [each.subject for each in answer.findings if each.rule == "KEPT_VERDICT_WRONG"] == ["unit"]
