"""Every link inside the repository leads somewhere; every page can be reached from the first one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .pages import DOCS, PAGES, ROOT, anchors, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Files in the repository that a page links to, with the heading that it means."""
    for link in LINK.findall(prose(page)):
        if not re.match(r"[a-z]+:", link):
            path, _, heading = link.partition("#")
            yield ((page.parent / path).resolve() if path else page), heading


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    for target, heading in links(page):
        assert target.exists(), f"{page.name} links to {target}, which is not there"
        assert target.is_relative_to(ROOT)
        if heading:
            assert heading in anchors(target), f"{target.name} has no heading #{heading}"


def test_every_page_can_be_reached_from_the_readme():
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [target for target, _ in links(page)]
    assert set(DOCS.rglob("*.md")) <= seen


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_of_the_project_that_are_named_exist(page: Path):
    for name in re.findall(r"`((?:src|tests|docs|examples|benchmarks)/[\w./-]+)`", prose(page)):
        assert (ROOT / name).exists(), f"{page.name} names {name}, which is not there"
