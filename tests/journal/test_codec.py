"""Events are read back as they were written, now and by later versions; what is not understood is refused."""

from __future__ import annotations

import json
import math
import typing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoreward.adapters.journal.codec import decode, decode_order, encode
from shoreward.core import Event
from shoreward.core import events as e
from shoreward.core.control import Order
from shoreward.domain import Judgement, Terminal, Verdict

from .samples import (
    FIRST_KINDS,
    FOURTH_KINDS,
    KINDS,
    ONE_OF_EACH,
    ORDERS,
    SECOND_KINDS,
    TARGET,
    THIRD_KINDS,
    any_event,
    said,
)

HERE = Path(__file__).parent


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_event_reads_back_as_it_was(kind: type[Event], data: st.DataObject):
    event = data.draw(any_event(kind))
    name, body = encode(event)
    assert name == kind.__name__
    assert decode(name, body) == event


@given(at=st.floats(allow_nan=False, allow_infinity=False))
def test_times_are_exact(at: float):
    read = decode(*encode(e.TargetProbed(at=at, target=TARGET)))
    assert read.at.hex() == at.hex()


@pytest.mark.parametrize("text", ["", "café ☕", "日本語", "\x00\x1f\u2028", "𝄞" * 1000, '"}{\\', "line\nline"])
def test_text_is_exact(text: str):
    assert decode(*encode(said(text))) == said(text)


def judged(number: float) -> e.TargetJudged:
    return e.TargetJudged(
        at=1.0, target=TARGET, judgement=Judgement(verdict=Verdict.PASS, until=number, reason="as drawn")
    )


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("event", [judged, lambda at: said("", at)], ids=["inside", "outside"])
def test_a_number_that_is_not_finite_is_never_written(event, number: float):
    with pytest.raises(Terminal, match="cannot be written") as refused:
        encode(event(number))
    assert refused.value.code == "EVENT_UNWRITABLE"


def test_text_that_is_not_unicode_is_never_written_and_the_refusal_can_be():
    with pytest.raises(Terminal) as refused:
        encode(said("a file called \udcff"))
    assert refused.value.code == "EVENT_UNWRITABLE"
    assert decode(*encode(said(refused.value.what))) == said(refused.value.what)


def test_a_value_of_another_type_is_never_written():
    with pytest.raises(Terminal) as refused:
        encode(e.WaveEntered(at=1.0, wave="first"))  # pyright: ignore[reportArgumentType]
    assert refused.value.code == "EVENT_UNWRITABLE"


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("MoonRose", b'{"at":1.0}', "no such event"),
        ("WaveEntered", b'{"at":1.0,"wave":0,"tide":"high"}', "tide"),
        ("WaveEntered", b'{"at":1.0}', "wave"),
        ("WaveEntered", b'{"at":1.0,"wave":"0"}', "integer"),
        ("WaveEntered", b'{"at":true,"wave":0}', "number"),
        ("WaveEntered", b'{"at":NaN,"wave":0}', "finite"),
        ("WaveEntered", b'{"at":1.0,"wave":0', "EOF"),
        ("WaveEntered", b"null", "empty"),
        ("WaveEntered", b"[]", "WaveEntered"),
        ("WaveEntered", b"", "EOF"),
        ("WaveEntered", b"\xff\xfe", "JSON"),
        ("ReleaseEnded", b'{"at":1.0,"outcome":"abandoned"}', "succeeded"),
        ("TargetJudged", b'{"at":1.0,"target":"t","judgement":{"verdict":"splendid"}}', "verdict"),
    ],
)
def test_what_this_version_does_not_know_is_refused_with_its_place(name: str, body: bytes, why: str):
    with pytest.raises(Terminal, match=why) as refused:
        decode(name, body, where="journal.db, app-1, event 3")
    assert refused.value.code == "JOURNAL_UNREADABLE"
    assert str(refused.value).startswith("journal.db, app-1, event 3: ")
    assert "\n" not in str(refused.value)


def test_a_new_word_deep_inside_an_event_is_refused():
    name, body = encode(ONE_OF_EACH[0])
    with pytest.raises(Terminal, match=r"pipeline\.waves\.0\.targets\.0\.zone"):
        decode(name, body.replace(b'"region"', b'"zone":"a","region"', 1))


@pytest.mark.parametrize(
    ("form", "meant"),
    [
        ("events-1.jsonl", FIRST_KINDS),
        ("events-2.jsonl", SECOND_KINDS),
        ("events-3.jsonl", THIRD_KINDS),
        ("events-4.jsonl", FOURTH_KINDS),
    ],
    ids=["first", "checks", "sequences", "inquests"],
)
def test_what_an_earlier_version_wrote_is_still_read(form: str, meant: tuple[Event, ...]):
    """The files are never written anew: they stand for journals that are there."""
    lines = [json.loads(line) for line in (HERE / form).read_text().splitlines()]
    assert [decode(line["name"], json.dumps(line["body"]).encode()) for line in lines] == list(meant)


def test_every_kind_of_event_and_order_has_a_sample():
    assert {type(event) for event in ONE_OF_EACH} == set(KINDS)
    assert {type(order) for order in ORDERS} == set(typing.get_args(Order))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
def test_every_order_is_read_as_it_was_written(order: Order):
    assert decode_order(*encode(order)) == order


def test_an_order_is_no_event_and_an_event_no_order():
    with pytest.raises(Terminal, match="no event"):
        decode(*encode(ORDERS[0]))
    with pytest.raises(Terminal, match="no word"):
        decode_order(*encode(ONE_OF_EACH[0]))


def test_a_field_that_came_later_takes_its_default():
    opening = replace(ONE_OF_EACH[0], before=None)
    name, body = encode(opening)
    older = {key: value for key, value in json.loads(body).items() if key != "before"}
    assert decode(name, json.dumps(older).encode()) == opening
