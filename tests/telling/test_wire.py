"""Whatever a receiver does, a delivery ends: delivered, to be tried again, or never to be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shoreward.adapters.telling.wire import Wire
from shoreward.app.telling.ports import Later
from shoreward.domain import OperationError, Retryable, Terminal
from shoreward.testing.receivers import Behaviour, HttpReceiver, answers, closes, drips, hangs, in_turn, never_ends

QUICK = Wire(each=0.3, whole=1.0)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with HttpReceiver(answers(204)) as found:
        yield found


def post(receiver: HttpReceiver, wire: Wire = QUICK, path: str = "/in?key=s3cret") -> None:
    wire.post(receiver.url + path, b"sand", {"X-Beach": "1"})


def test_what_is_sent_arrives_whole(receiver: HttpReceiver):
    post(receiver)
    [received] = receiver.received
    assert (received.method, received.path, received.body) == ("POST", "/in?key=s3cret", b"sand")
    assert received.headers["x-beach"] == "1"
    assert received.headers["user-agent"] == "shoreward"


@pytest.mark.parametrize("behaviour", [hangs, closes, drips], ids=lambda each: each.__name__)
def test_who_does_not_answer_as_one_should_is_tried_again(receiver: HttpReceiver, behaviour: Behaviour):
    receiver.behaviour = behaviour
    with pytest.raises(Retryable) as silent:
        post(receiver)
    assert silent.value.code == "RECEIVER_SILENT"


def test_a_body_without_an_end_is_not_waited_for(receiver: HttpReceiver):
    receiver.behaviour = never_ends
    post(receiver)
    with pytest.raises(Retryable):
        Wire(each=5.0, whole=20.0).ask("GET", receiver.url, {})


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 408, 429, 500, 503])
def test_what_is_about_the_receiver_is_tried_again(receiver: HttpReceiver, status: int):
    receiver.behaviour = answers(status, headers={"Location": f"{receiver.url}/elsewhere"})
    with pytest.raises(Retryable):
        post(receiver)
    assert len(receiver.received) == 1, "nobody is followed elsewhere"


@pytest.mark.parametrize(
    ("status", "code"), [(400, "RECEIVER_REFUSED"), (413, "RECEIVER_REFUSED"), (410, "RECEIVER_GONE")]
)
def test_what_is_about_the_message_is_not(receiver: HttpReceiver, status: int, code: str):
    receiver.behaviour = answers(status)
    with pytest.raises(Terminal) as refused:
        post(receiver)
    assert refused.value.code == code


def asked_for(receiver: HttpReceiver, said: str) -> float:
    receiver.behaviour = answers(429, headers={"Retry-After": said})
    with pytest.raises(Later) as later:
        post(receiver)
    return later.value.after


def test_a_pause_is_asked_for_in_seconds_or_by_a_date(receiver: HttpReceiver):
    assert asked_for(receiver, "120") == 120
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    assert 7_000 < asked_for(receiver, soon) <= 7_200
    assert asked_for(receiver, "soon") == 0
    assert asked_for(receiver, "Thu, 01 Jan 1970 00:00:00 GMT") == 0


def test_nobody_there(receiver: HttpReceiver):
    url = receiver.url
    with HttpReceiver(answers()) as another:
        gone = another.url
    assert url != gone
    with pytest.raises(Retryable):
        QUICK.post(gone, b"", {})


@pytest.mark.parametrize("url", ["http://example.org/in", "ftp://127.0.0.1/", "not an address", "http://[::1", ""])
def test_nothing_is_sent_where_others_can_read_it(url: str):
    with pytest.raises(Retryable) as unsafe:
        QUICK.post(url, b"", {})
    assert unsafe.value.code == "RECEIVER_UNSAFE"


@pytest.mark.parametrize("behaviour", [hangs, closes, answers(500), answers(400), answers(302)])
def test_no_error_repeats_an_address_which_may_be_a_secret(receiver: HttpReceiver, behaviour: Behaviour):
    receiver.behaviour = behaviour
    with pytest.raises(OperationError) as error:
        post(receiver)
    assert "s3cret" not in str(error.value)


def test_an_answer_is_read_as_json(receiver: HttpReceiver):
    receiver.behaviour = in_turn(
        answers(200, [1]), answers(201, {"a": 2}), lambda handler, _: handler.answer(200, b"<")
    )
    assert QUICK.ask("GET", receiver.url, {}).said == [1]
    assert QUICK.ask("POST", receiver.url, {}, {"b": 3}).said == {"a": 2}
    with pytest.raises(Retryable):
        QUICK.ask("GET", receiver.url, {})
