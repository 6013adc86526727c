"""The words of the field are explained, and the code's own words are among them."""

from __future__ import annotations

import re
import typing

import pytest

from shoreward.core import Effect, Event, Phase
from shoreward.domain import Outcome, Verdict

from .pages import DOCS, ROOT, read

GLOSSARY = read(DOCS / "glossary.md")
WORDS = {
    word.lower() for row in re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY, re.MULTILINE) for word in row.split(" / ")
}

# fmt: off
VOCABULARY = (
    "Application", "Pipeline", "Revision", "Release", "Stage", "Wave", "Target", "One-box", "Deployment",
    "Shift", "Bake", "Baseline", "Canary", "Verdict", "Gate", "Blocker", "Check", "Finding", "Sandbox",
    "Lease", "Rollback", "Abort", "Hold", "Quarantine", "Failed", "Errored",
)
# fmt: on


@pytest.mark.parametrize("word", VOCABULARY)
def test_every_word_of_the_vocabulary_is_in_the_glossary(word: str):
    assert word.lower() in WORDS


def test_the_glossary_is_in_alphabetical_order():
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY, re.MULTILINE)
    assert words == sorted(words, key=str.lower)


@pytest.mark.parametrize("kind", [*typing.get_args(Event), *typing.get_args(Effect)], ids=lambda kind: kind.__name__)
def test_every_event_and_effect_is_on_the_page_about_the_journal(kind: type):
    assert f"| `{kind.__name__}` |" in read(DOCS / "journal.md")


@pytest.mark.parametrize("value", [*Outcome, *Verdict, *Phase], ids=str)
def test_outcomes_verdicts_and_phases_are_on_the_page_about_waves(value: str):
    assert f"`{value}`" in read(DOCS / "waves.md")


def test_every_decision_has_its_context_its_decision_and_its_consequences():
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert len(pages) > 10
    for page in pages:
        text = read(page)
        headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], page.name
        assert page.name in read(DOCS / "index.md"), f"docs/index.md does not list {page.name}"


def test_the_layers_are_told_as_they_are_enforced():
    enforced = re.findall(r'^  "(shoreward\.[^"]+)",$', read(ROOT / "pyproject.toml"), re.MULTILINE)[:9]
    told = read(ROOT / "CONTRIBUTING.md")
    places = [told.index(f"\n{layer.replace('shoreward.', '')}\n") for layer in enforced]
    assert places == sorted(places)
