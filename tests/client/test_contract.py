"""The same command says the same words, prints the same JSON and ends with the same code here and at a server."""

from __future__ import annotations

import pytest

from .conftest import Both

TOLD = (
    "status app-3",
    "status app-4",
    "status app-9",
    "status --all",
    "why app-3",
    "why app-2 --full",
    "watch app-3",
    "history",
    "history us-east-1 --limit 2",
    "history nowhere",
    "where COMMIT",
    "where main",
    "where no-such-branch",
    "dora --days 30",
    "gates app-4",
    "gates app-3",
    "quarantine",
)


@pytest.mark.parametrize("words", TOLD)
def test_what_is_told_is_the_same(both: Both, words: str):
    commit = both.project.repository.resolve("main~1").id
    for asked in (words.replace("COMMIT", commit), f"{words.replace('COMMIT', commit)} --json"):
        here, there = both.here(*asked.split()), both.there(*asked.split())
        assert there.code == here.code
        assert _timeless(there.out) == _timeless(here.out)
        assert there.err.replace(str(both.journal.path), "") == here.err.replace(str(both.project.journal.path), "")


def _timeless(text: str) -> str:
    """Without what depends on the moment in which it was asked: the ends of the days that figures look back on."""
    kept = (line for line in text.splitlines() if '"start"' not in line and '"end"' not in line)
    return "\n".join(kept).replace("there.db", "here.db")


COMMANDS = (
    ("hold app-4 --why so", "resume app-4 --why so", "resume app-4 --why so"),
    ("hold app-4 --target us-east-1 --why so", "hold app-4 --wave nowhere --why so"),
    ("hold --everything --why so", "hold --pipeline --why so app-4", "resume --everything --why so"),
    ("skip us-east-1 --why so", "retry us-east-1 --why so", "skip nowhere --why so"),
    ("approve app-4 sign-off --why so", "approve app-4 unknown --why so"),
    ("override app-4 sign-off --why so", "override app-3 sign-off --why so"),
    ("freeze feast --from 2026-12-24 --to 2036-12-27 --why so", "freeze feast --lift --why so"),
    ("freeze feast --from 2026-12-24 --to 2026-12-23 --why so", "freeze fast --lift --why so"),
    ("set stall open --why so",),
    ("quarantine app-3 --culprit main~1 --why so", "quarantine app-3 --fix main --why so"),
    ("quarantine app-2 --lift --why so", "quarantine app-3 --lift --why so"),
    ("abort app-3 --why so", "rollback app-1 --why so", "rollback --to app-3 --why so", "hold app-4 --json"),
)


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_asked_for_is_done_alike(both: Both, words: tuple[str, ...]):
    for each in words:
        for asked in (each, f"{each} --json"):
            here, there = both.here(*asked.split()), both.there(*asked.split())
            assert (there.code, there.out) == (here.code, here.out)
            assert there.err == here.err
    here, there = both.events()
    assert there == here
    orders = [[type(order) for order in journal.orders()] for journal in (both.project.journal, both.journal)]
    assert orders[0] == orders[1]
