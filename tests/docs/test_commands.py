"""Commands that the documentation shows exist, with the options that it gives them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from .cli_reference import MARK, PAGE, all_commands, command_line, reference
from .pages import PAGES, ROOT, Shown, commands, read

SHOWN = [shown for page in PAGES for shown in commands(page) if shown.words]
HELP = {"-h", "--help"}


def test_the_documentation_shows_every_command():
    assert {shown.words[0] for shown in SHOWN if shown.words[0].isalpha()} == set(command_line().commands)


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if shown.words[0].startswith("-")], ids=str)
def test_an_option_that_is_shown_without_a_command_exists(shown: Shown):
    assert set(shown.words) <= {name for each in command_line().params for name in each.opts} | HELP


@pytest.mark.parametrize("shown", [shown for shown in SHOWN if not shown.words[0].startswith("-")], ids=str)
def test_a_command_that_is_shown_exists_with_its_options(shown: Shown):
    command, words = called(shown)
    options = {name: each for each in command.params for name in each.opts if name.startswith("-")}
    assert set(options_of(words)) <= {*options, *HELP}
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    if all(each.nargs == 1 for each in arguments):
        assert len(list(values_of(words, options))) <= len(arguments), "more values than the command takes"


def called(shown: Shown) -> tuple[Any, tuple[str, ...]]:
    """The command that is called, in a group or by itself, and the words behind its name."""
    there = all_commands()
    length = 2 if " ".join(shown.words[:2]) in there else 1
    assert " ".join(shown.words[:length]) in there
    return there[" ".join(shown.words[:length])], shown.words[length:]


def options_of(given: tuple[str, ...]) -> Iterator[str]:
    for word in given:
        if word.startswith("-"):
            yield word.partition("=")[0]


def values_of(given: tuple[str, ...], options: dict[str, Any]) -> Iterator[str]:
    """Words that are neither options nor their values."""
    words = iter(given)
    for word in words:
        if not word.startswith("-"):
            yield word
        elif word in options and not options[word].is_flag:
            next(words, None)


def test_the_page_of_the_command_line_is_what_its_help_says():
    assert read(PAGE).partition(MARK)[2] == "\n" + reference(), (
        "write it anew: PYTHONPATH=tests python -m docs.cli_reference"
    )


def test_make_targets_that_are_shown_exist():
    targets = set(re.findall(r"^([a-z]+):", read(ROOT / "Makefile"), re.MULTILINE))
    shown = {
        target for page in PAGES for target in re.findall(r"(?:`|^|\$ )make ([a-z]+)\b(?!-)", read(page), re.MULTILINE)
    }
    assert {"demo", "test"} <= shown <= targets
