"""A process that dies in the middle, and two that write at once: nothing is lost, nothing happens twice."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress

from shoreward.domain import OperationError

from .support import Desk, flags, text

BEFORE = (text("/shop/a", "1"), text("/shop/gone", "1"), flags('{"limit": 1}'))
AFTER = (text("/shop/a", "2"), text("/shop/new", "2"), flags('{"limit": 2}'))


def whole(desk: Desk) -> tuple[dict[str, str], str]:
    return desk.held(), desk.served()


def test_a_process_may_die_before_any_call_of_a_write_and_of_the_way_back(desk: Desk):
    desk.environment()
    desk.release(*BEFORE, release="settings-0")
    for at in itertools.count(1, 3):
        carried = desk.begin(*AFTER, release=f"settings-{at}")
        version = desk.version("/shop/a")
        writing = desk.dies(at, lambda carried=carried: desk.write(carried))
        assert whole(desk) == ({"/shop/a": "2", "/shop/new": "2"}, '{"limit": 2}')
        assert (desk.version("/shop/a"), desk.owners("/shop/new")) == (version + 1, ["settings"]), "written once"

        returning = desk.dies(at, lambda carried=carried: desk.restore(carried))
        assert whole(desk) == ({"/shop/a": "1", "/shop/gone": "1"}, '{"limit": 1}')
        assert desk.owners("/shop/gone") == ["settings"]
        if not (writing or returning):
            break
    assert at > 15


def test_a_way_back_that_begins_in_the_middle_of_a_write_comes_after_it(desk: Desk):
    desk.release(text("/shop/a", "1"), text("/shop/b", "1"), text("/shop/c", "1"))
    carried = desk.begin(text("/shop/a", "2"), text("/shop/b", "2"), text("/shop/c", "2"), release="settings-2")
    back = threading.Thread(target=lambda: desk.restore(carried))
    told: list[str] = []

    def before(operation: str) -> None:
        told.append("back" if threading.current_thread() is back else "write")
        if operation == "PutParameter" and not back.ident:
            back.start()
            back.join(0.2)

    desk.before_call = before
    with suppress(OperationError):  # CONFIGURATION_RECALLED, unless the way back began after the last value
        desk.write(carried)
    back.join()
    assert desk.held() == {"/shop/a": "1", "/shop/b": "1", "/shop/c": "1"}
    assert sorted(told, reverse=True) == told, "all of the write, and then the way back"
