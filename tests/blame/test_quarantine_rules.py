"""What is held, what frees it, and in which words."""

from __future__ import annotations

import pytest

from shoreward.app.quarantine.rules import Candidate, Culprit, Held, Lifted, held_by, holds
from shoreward.domain import Retryable
from shoreward.testing.ancestry import MemoryAncestry

CASTLES, TIDES = ("castles", "template.yaml"), ("tides",)


def a_past() -> MemoryAncestry:
    """live -> tide -> bad -> note -> head; the release brought tide, bad and note."""
    past = MemoryAncestry()
    past.commit("live")
    past.commit("tide", "live", paths=["tides/tide.py"])
    past.commit("bad", "tide", paths=["castles/api.py"], subject="Taller castles")
    past.commit("note", "bad", paths=["README.md"])
    past.commit("head", "note", paths=["castles/moat.py"])
    return past


def a_culprit(**more: object) -> Culprit:
    told: dict[str, object] = {
        "release": "castles-4", "application": "castles", "before": "live", "commit": "note", "inputs": CASTLES,
        "digest": "revision", "artifacts": ("zip",), "reason": "errors of CastlesFunction rose.",
    }  # fmt: skip
    return Culprit(**{**told, **more})  # type: ignore[arg-type]


def held(past: MemoryAncestry, commit: str, culprit: Culprit | None = None, **more: object) -> Held | None:
    told: dict[str, object] = {"commit": commit, "application": "castles", "inputs": CASTLES}
    return held_by(past, [culprit or a_culprit()], (), Candidate(**{**told, **more}))  # type: ignore[arg-type]


@pytest.mark.parametrize("commit", ["bad", "note", "head"])
def test_what_contains_a_commit_of_the_batch_is_held(commit: str) -> None:
    found = held(a_past(), commit)
    assert found is not None
    assert (found.how, found.commits) == ("ancestry", ("bad",))


@pytest.mark.parametrize("commit", ["live", "tide"])
def test_what_came_before_or_does_not_touch_the_application_is_free(commit: str) -> None:
    assert held(a_past(), commit) is None


def test_the_words_say_why_since_when_and_what_to_do() -> None:
    found = held(a_past(), "head")
    assert found is not None
    assert found.why == (
        "Commit head contains bad (Taller castles), which did harm in release castles-4: "
        "errors of CastlesFunction rose."
    )
    assert found.next == (
        "Revert it (`shoreward blame castles-4 --revert` prepares that), or say why it may go all the same with "
        "--despite-quarantine REASON."
    )


def test_a_revert_frees_and_a_revert_of_the_revert_holds_again() -> None:
    past = a_past()
    past.commit("back", "head", paths=["castles/api.py"], reverts=["bad"])
    past.commit("again", "back", paths=["castles/api.py"], reverts=["back"])
    assert held(past, "back") is None
    assert held(past, "again") is not None


def test_while_nobody_has_named_the_culprit_all_that_touches_the_application_must_be_reverted() -> None:
    past, unnamed = a_past(), a_culprit(inputs=("castles", "tides"))
    past.commit("one", "head", reverts=["bad"])
    past.commit("both", "one", reverts=["tide"])
    left = held(past, "one", unnamed)
    assert left is not None
    assert left.commits == ("tide",)
    assert held(past, "both", unnamed) is None


def test_once_it_is_named_the_others_are_free() -> None:
    past, named = a_past(), a_culprit(inputs=("castles", "tides"), named="bad")
    past.commit("one", "head", reverts=["bad"])
    assert held(past, "tide", named) is None
    assert held(past, "head", named) is not None
    assert held(past, "one", named) is None


def test_a_merge_that_is_named_stands_for_what_it_brought() -> None:
    past = MemoryAncestry()
    past.commit("live")
    past.commit("one", "live", paths=["castles/a"])
    past.commit("two", "one", paths=["castles/b"])
    past.commit("straight", "live", paths=["castles/c"])
    past.commit("merge", "straight", "two")
    named = a_culprit(commit="merge", named="merge")
    found = held(past, "merge", named)
    assert found is not None
    assert found.commits == ("one", "two")
    assert held(past, "straight", named) is None
    past.commit("back", "merge", reverts=["merge"])
    past.commit("half", "merge", reverts=["one"])
    assert held(past, "back", named) is None
    assert held(past, "half", named) is not None


def test_the_same_revision_is_held_whatever_its_history_says() -> None:
    past = a_past()
    past.commit("back", "head", reverts=["bad"])
    found = held(past, "back", digest="revision")
    assert found is not None
    assert found.how == "revision"
    assert found.why == (
        "Commit back makes the same revision as note, which was rolled back by castles-4: "
        "errors of CastlesFunction rose."
    )


def test_another_pipeline_that_carries_the_artifact_is_held() -> None:
    elsewhere = MemoryAncestry()
    elsewhere.commit("theirs")
    found = held(elsewhere, "theirs", application="beach", artifacts=("other", "zip"))
    assert found is not None
    assert (found.how, found.commits) == ("artifact", ())
    assert "the artifact zip that release castles-4 of castles brought" in found.why
    assert held(elsewhere, "theirs", application="beach", artifacts=("other",)) is None


def test_another_pipeline_of_the_repository_is_held_by_what_touches_it_too() -> None:
    past = a_past()
    past.commit("shared", "head", paths=["castles/api.py", "tides/words.py"])
    culprit = a_culprit(before="head", commit="shared")
    assert held(past, "shared", culprit, application="tides", inputs=TIDES) is not None
    assert held(past, "shared", culprit, application="beach", inputs=("beach",)) is None


def test_a_fix_frees_what_still_carries_an_innocent_artifact_of_the_release() -> None:
    past, named = a_past(), a_culprit(named="bad")
    past.commit("back", "head", reverts=["bad"])
    assert held(past, "back", named, artifacts=("zip",)) is None
    assert held(past, "tide", named, artifacts=("zip",)) is not None


def test_a_persons_word_lifts_it_for_one_commit_or_for_all() -> None:
    past, other = a_past(), a_culprit(release="castles-5")
    candidate = Candidate(commit="head", application="castles")
    for_this = Lifted(release="castles-4", by="Kim", reason="it was the database", commit="head")
    for_all = Lifted(release="castles-4", by="Kim", reason="it was the database")
    assert held_by(past, [a_culprit()], [for_this], candidate) is None
    assert held_by(past, [a_culprit()], [for_all], candidate) is None
    assert held_by(past, [a_culprit()], [for_this], Candidate(commit="bad", application="castles")) is not None
    assert [each.culprit.release for each in holds(past, [a_culprit(), other], [for_all], candidate)] == ["castles-5"]


def test_a_first_release_leaves_its_own_commit() -> None:
    past, first = a_past(), a_culprit(before=None, commit="bad", inputs=("",))
    assert held(past, "tide", first) is None
    assert held(past, "head", first) is not None


def test_going_back_to_an_older_commit_that_harms_holds_that_commit_alone() -> None:
    past, back = a_past(), a_culprit(before="head", commit="tide", digest="")
    assert held(past, "tide", back) is not None
    assert held(past, "head", back) is None


def test_a_batch_in_which_nothing_touches_the_application_is_all_under_suspicion() -> None:
    assert held(a_past(), "note", a_culprit(inputs=("elsewhere",))) is not None


def test_what_the_batch_took_back_itself_is_not_under_suspicion() -> None:
    past = a_past()
    past.commit("back", "head", paths=["castles/api.py"], reverts=["bad"])
    past.commit("moat", "back", paths=["castles/moat.py"])
    released = a_culprit(commit="moat", before="tide")
    found = held(past, "moat", released)
    assert found is not None
    assert found.commits == ("head", "moat")


def test_an_unknown_history_is_not_free() -> None:
    with pytest.raises(Retryable):
        held(a_past(), "nobody")
    with pytest.raises(Retryable):
        held(a_past(), "head", a_culprit(commit="nobody"))
