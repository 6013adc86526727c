"""Between good and bad: whoever did it is found with few trials, and nobody is named without being sure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import ceil, log2

from hypothesis import given
from hypothesis import strategies as st

from shoreward.app.blame.bisect import Answer, bisect, likelihoods, main_line
from shoreward.app.blame.order import Blame, Suspect
from shoreward.app.quarantine.ancestry import CommitNote

LINE = tuple(f"c{number}" for number in range(16))


class Suites:
    """Suites that fail from one commit on, and some of which cannot be run."""

    def __init__(self, culprit: str, broken: Collection[str] = (), told: Mapping[str, Answer] | None = None) -> None:
        self.culprit, self.broken, self.told = culprit, broken, told or {}
        self.asked: list[str] = []

    def try_out(self, commit: str) -> Answer:
        self.asked.append(commit)
        if commit in self.told:
            return self.told[commit]
        if commit in self.broken:
            return "unknown"
        return "bad" if commit in LINE and LINE.index(commit) >= LINE.index(self.culprit) else "good"


@given(st.sampled_from(LINE))
def test_the_first_bad_commit_is_found_by_halving(culprit: str) -> None:
    suites = Suites(culprit)
    found = bisect("live", LINE, suites)
    assert (found.culprit, found.among, found.why) == (culprit, (culprit,), "")
    assert len(suites.asked) <= 2 + ceil(log2(len(LINE))) + 1
    assert [commit for commit, _ in found.tried] == suites.asked


def test_a_likely_culprit_is_tried_first() -> None:
    suites = Suites("c12")
    assert bisect("live", LINE, suites, {"c12": 0.9, "c3": 0.1}).culprit == "c12"
    assert suites.asked[2:] == ["c12", "c11"] or suites.asked[2:] == ["c11", "c12"]


@given(st.sampled_from(LINE), st.sets(st.sampled_from(LINE[:-1])))
def test_what_cannot_be_tried_is_passed_over_and_nobody_is_named_in_doubt(culprit: str, broken: set[str]) -> None:
    found = bisect("live", LINE, Suites(culprit, broken))
    assert culprit in found.among
    assert found.culprit in ("", culprit)
    assert bool(found.culprit) == (len(found.among) == 1)
    assert all(commit in broken for commit in found.among[:-1])


def test_suites_that_do_not_see_the_harm_name_nobody() -> None:
    found = bisect("live", LINE, Suites("c3", told={"c15": "good"}))
    assert (found.culprit, found.among) == ("", LINE)
    assert found.why == "the suites find nothing wrong with the released commit, so they cannot tell who did it"


def test_suites_that_failed_before_name_nobody() -> None:
    found = bisect("live", LINE, Suites("c3", told={"live": "unknown"}))
    assert found.culprit == ""
    assert "the commit before it" in found.why


def test_a_batch_of_one_needs_no_halving() -> None:
    assert bisect("live", LINE[:1], Suites("c0")).culprit == "c0"


def test_a_merge_is_as_likely_as_all_that_it_brought() -> None:
    straight = CommitNote(id="a", subject="a", brought_by="a")
    one, two = (CommitNote(id=name, subject=name, brought_by="merge") for name in ("b", "c"))
    merge = CommitNote(id="merge", subject="merge", parents=("a", "c"), brought_by="merge")
    shares = ((straight, 0.5), (one, 0.2), (two, 0.3))
    suspects = tuple(Suspect(commit=note, weight=share, share=share, reasons=()) for note, share in shares)
    assert main_line((straight, one, two, merge)) == ("a", "merge")
    assert likelihoods(Blame(harms=(), suspects=suspects)) == {"a": 0.5, "merge": 0.5}
