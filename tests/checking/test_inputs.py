"""Patterns of the files that a check reads, as `.gitignore` has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.checking.inputs import content_of, entries_matching
from shoreward.domain import SpecError
from shoreward.testing.files import MemorySource

PATHS = ("README.md", "docs/page.md", "functions/a/app.py", "functions/a/data.json", "functions/b/app.py", "uv.lock")
FILES = MemorySource({"c": dict.fromkeys(PATHS, "content")})


def read(*patterns: str) -> set[str]:
    return {entry.path for entry in entries_matching(FILES, "c", patterns)}


@pytest.mark.parametrize(
    ("patterns", "paths"),
    [
        ((), set(PATHS)),
        (("**",), set(PATHS)),
        (("*.md",), {"README.md", "docs/page.md"}),
        (("/*.md",), {"README.md"}),
        (("docs",), {"docs/page.md"}),
        (("functions/**/*.py",), {"functions/a/app.py", "functions/b/app.py"}),
        (("functions/?/app.py", "uv.lock"), {"functions/a/app.py", "functions/b/app.py", "uv.lock"}),
        (("functions/**", "!*.json"), {"functions/a/app.py", "functions/b/app.py"}),
        (("!docs", "!*.md"), {"functions/a/app.py", "functions/a/data.json", "functions/b/app.py", "uv.lock"}),
        (("**", "!docs"), set(PATHS) - {"docs/page.md"}),
        (("**", "!docs/"), set(PATHS) - {"docs/page.md"}),
        (("functions", "!functions/b", "functions/b/app.py"), set(PATHS[2:5])),
        (
            ("!functions", "functions/a"),
            {"README.md", "docs/page.md", "functions/a/app.py", "functions/a/data.json", "uv.lock"},
        ),
        (("**", "!**"), set[str]()),
        (("#notes", r"\!odd"), set[str]()),
        (("nothing/**",), set[str]()),
    ],
)
def test_patterns_name_files(patterns: tuple[str, ...], paths: set[str]) -> None:
    assert read(*patterns) == paths


@pytest.mark.parametrize("pattern", ["!", "", "/", "src\\", "[z-a].py"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(SpecError, match="PATTERN_INVALID"):
        read(pattern)


@given(st.lists(st.sampled_from(["**", "docs", "*.md", "functions/a", "/functions/*/app.py", "uv.lock"]), min_size=1),
       st.sampled_from(["docs", "docs/", "functions", "functions/**", "*.md", "a"]))  # fmt: skip
def test_what_the_last_pattern_leaves_out_is_out_and_nothing_else_changes(patterns: list[str], last: str) -> None:
    assert read(*patterns, f"!{last}") == read(*patterns) - read(last)


def test_the_content_of_files_is_plain_for_a_digest() -> None:
    assert content_of(entries_matching(FILES, "c", ["uv.lock"])) == [["uv.lock", "file", FILES.tree("c", "uv.lock")]]
