"""Parameters of Systems Manager: written, written back, and never over somebody else's without a word."""

from __future__ import annotations

import pytest

from shoreward.domain import Change, Difference, Parameter, Terminal

from .support import Desk, text


def actions(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [(one.action, one.logical_id) for one in changes]


def test_a_first_deployment_is_written_and_taken_back_to_nothing(desk: Desk):
    carried = desk.begin(text("/shop/limit", "5"), text("/shop/mode", "calm"))
    assert not carried.snapshot.exists
    assert actions(carried.staged.changes) == [("Add", "/shop/limit"), ("Add", "/shop/mode")]
    assert desk.held() == {}, "nothing is touched before the write"

    desk.write(carried)
    desk.finish(carried)
    assert desk.held() == {"/shop/limit": "5", "/shop/mode": "calm"}
    assert desk.owners("/shop/limit") == ["settings"]

    assert desk.restore(carried) == ()
    assert desk.held() == {}


def test_what_changes_is_written_and_written_back(desk: Desk):
    desk.release(text("/shop/limit", "5"), text("/shop/mode", "calm"))
    carried = desk.begin(text("/shop/limit", "9"), text("/shop/mode", "calm"), release="settings-2")
    assert actions(carried.staged.changes) == [("Modify", "/shop/limit")]
    desk.write(carried)
    assert desk.held() == {"/shop/limit": "9", "/shop/mode": "calm"}
    assert desk.restore(carried) == ()
    assert desk.restore(carried) == (), "once more is harmless"
    assert desk.held() == {"/shop/limit": "5", "/shop/mode": "calm"}
    assert desk.ssm.get_parameter(Name="/shop/limit")["Parameter"]["Version"] == 3


def test_a_key_that_left_the_repository_is_deleted_and_comes_back(desk: Desk):
    desk.release(text("/shop/limit", "5"), text("/shop/mode", "calm"))
    desk.put("/shop/somebodys", "own")
    carried = desk.begin(text("/shop/limit", "5"), release="settings-2")
    assert actions(carried.staged.changes) == [("Remove", "/shop/mode")]
    desk.write(carried)
    desk.write(carried)
    assert desk.held() == {"/shop/limit": "5", "/shop/somebodys": "own"}
    assert desk.restore(carried) == ()
    assert desk.held() == {"/shop/limit": "5", "/shop/mode": "calm", "/shop/somebodys": "own"}
    assert desk.owners("/shop/mode") == ["settings"]


def test_a_parameter_that_was_made_by_hand_is_adopted_and_given_back(desk: Desk):
    desk.put("/shop/limit", "3")
    carried = desk.release(text("/shop/limit", "5"))
    assert desk.owners("/shop/limit") == ["settings"]
    desk.restore(carried)
    assert (desk.held(), desk.owners("/shop/limit")) == ({"/shop/limit": "3"}, [])


def test_an_adopted_value_that_is_right_already_is_ours_from_then_on(desk: Desk):
    desk.put("/shop/limit", "5")
    carried = desk.release(text("/shop/limit", "5"))
    assert carried.staged.changes == ()
    assert (desk.held(), desk.owners("/shop/limit")) == ({"/shop/limit": "5"}, ["settings"])
    desk.restore(carried)
    assert (desk.held(), desk.owners("/shop/limit")) == ({"/shop/limit": "5"}, [])


def test_the_parameter_of_another_pipeline_is_left_alone(desk: Desk):
    Desk(desk.account, application="others").release(text("/shop/limit", "5"))
    with pytest.raises(Terminal, match="carried by the pipeline of others") as refused:
        desk.begin(text("/shop/limit", "9"))
    assert refused.value.code == "CONFIGURATION_TAKEN"


def test_a_write_that_was_interrupted_is_gone_on_with(desk: Desk):
    desk.release(text("/shop/a", "1"), text("/shop/b", "1"))
    carried = desk.begin(text("/shop/a", "2"), text("/shop/b", "2"), release="settings-2")
    desk.put("/shop/a", "2")  # an attempt before this one came as far as here
    desk.adapters = desk.connected()
    desk.write(carried)
    assert desk.held() == {"/shop/a": "2", "/shop/b": "2"}
    assert desk.ssm.get_parameter(Name="/shop/a")["Parameter"]["Version"] == 2


def test_a_half_written_target_goes_back_whole(desk: Desk):
    desk.release(text("/shop/a", "1"), text("/shop/b", "1"))
    carried = desk.begin(text("/shop/a", "2"), text("/shop/b", "2"), release="settings-2")
    desk.put("/shop/a", "2")
    assert desk.restore(carried) == ()
    assert desk.held() == {"/shop/a": "1", "/shop/b": "1"}


def test_nothing_is_written_when_somebody_wrote_since_the_look(desk: Desk):
    desk.release(text("/shop/a", "1"), text("/shop/b", "1"))
    carried = desk.begin(text("/shop/a", "2"), text("/shop/b", "2"), release="settings-2")
    desk.put("/shop/b", "by hand")
    with pytest.raises(Terminal, match="Somebody wrote /shop/b") as refused:
        desk.write(carried)
    assert refused.value.code == "CONFIGURATION_CHANGED"
    assert desk.held() == {"/shop/a": "1", "/shop/b": "by hand"}


def test_the_way_back_tells_what_it_went_over(desk: Desk):
    desk.release(text("/shop/a", "1"))
    carried = desk.release(text("/shop/a", "2"), release="settings-2")
    desk.put("/shop/a", "by hand")
    assert desk.restore(carried) == (Difference(resource="/shop/a", path="", expected="1", actual="by hand"),)
    assert desk.held() == {"/shop/a": "1"}


def test_what_was_changed_by_hand_is_drift(desk: Desk):
    carried = desk.release(text("/shop/a", "1"), text("/shop/b", "1"))
    assert desk.drift(carried) == ()
    desk.put("/shop/a", "by hand")
    desk.ssm.delete_parameter(Name="/shop/b")
    assert desk.drift(carried) == (
        Difference(resource="/shop/a", path="", expected="1", actual="by hand"),
        Difference(resource="/shop/b", path="", expected="1", actual="not there"),
    )


def test_a_secret_is_copied_from_where_it_is_kept_and_kept_nowhere_else(desk: Desk):
    desk.put("/vault/key", "hush", "SecureString")
    desk.put("/vault/key", "whisper", "SecureString")
    first = Parameter(name="/shop/key", type="SecureString", secret="/vault/key:1")
    desk.release(first)
    carried = desk.begin(Parameter(name="/shop/key", type="SecureString", secret="/vault/key:2"), release="settings-2")
    assert actions(carried.staged.changes) == [("Modify", "/shop/key")]
    desk.write(carried)
    assert desk.held() == {"/shop/key": "whisper"}
    assert desk.drift(carried) == ()
    desk.put("/shop/key", "shout", "SecureString")
    assert desk.drift(carried) == (Difference(resource="/shop/key", path="", expected="set", actual="set otherwise"),)
    desk.restore(carried)
    desk.restore(carried)
    assert desk.held() == {"/shop/key": "hush"}
    assert not any(b"hush" in blob or b"whisper" in blob for blob in desk.store.all())


def test_a_secret_that_is_not_there_is_found_before_anything_is_touched(desk: Desk):
    with pytest.raises(Terminal) as refused:
        desk.begin(text("/shop/a", "1"), Parameter(name="/shop/key", type="SecureString", secret="/vault/key:1"))
    assert refused.value.code == "CONFIGURATION_SECRET_MISSING"


def test_a_parameter_cannot_change_its_type(desk: Desk):
    desk.put("/shop/a", "1,2", "StringList")
    with pytest.raises(Terminal, match="is a StringList") as refused:
        desk.begin(text("/shop/a", "1"))
    assert refused.value.code == "CONFIGURATION_TYPE"


def test_a_write_of_a_release_that_goes_back_writes_nothing(desk: Desk):
    desk.release(text("/shop/a", "1"))
    carried = desk.begin(text("/shop/a", "2"), release="settings-2")
    desk.restore(carried)
    with pytest.raises(Terminal) as refused:
        desk.write(carried)
    assert refused.value.code == "CONFIGURATION_RECALLED"
    assert desk.held() == {"/shop/a": "1"}


def test_names_are_filled_in_for_each_target(desk: Desk):
    desk.release(text("/shop/{region}/limit", "5"))
    assert desk.held() == {"/shop/eu-west-1/limit": "5"}
