"""docs/notifications.md says what is really sent, and how a receiver verifies it."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import pytest

from shoreward.adapters.telling.cdevents import events_of
from shoreward.adapters.telling.signing import keys_of, signed
from shoreward.domain.notifications import FOR_PEOPLE, Kind
from shoreward.testing.receivers import Received

from .conftest import PAGE, a_notice
from .examples import BEGIN, DOCS, END, examples, notices

TEXT = DOCS.read_text(encoding="utf-8")


def test_the_examples_are_as_they_are_sent():
    assert TEXT.partition(BEGIN)[2].partition(END)[0].strip() == examples().strip()


def test_every_kind_that_people_are_told_of_has_an_example():
    assert {notice.kind for notice in notices()} == FOR_PEOPLE - {Kind.TEST}


def rows() -> dict[str, tuple[str, str]]:
    found = re.findall(r"^\| `([a-z-]+)` \| [^|]*\|([ ✓]*)\| ([^|]*) \|$", TEXT, re.MULTILINE)
    return {kind: (people.strip(), programs) for kind, people, programs in found}


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.TEST}))
def test_the_table_of_kinds_is_true(kind: Kind):
    people, programs = rows()[kind.value]
    assert bool(people) == (kind in FOR_PEOPLE)
    outcome = notices()[6].outcome if kind in (Kind.ENDED, Kind.SUPERSEDED) else None
    sent = [
        re.sub(r"\.\d\.\d\.\d$", "", event["context"]["type"].partition(".")[2].partition(".")[2])
        for first in (True, False)
        for cause in ("judged", None)[kind is Kind.SUPERSEDED :]
        for event in events_of(a_notice(kind, first=first, cause=cause, outcome=outcome, target="a/b/c"), PAGE)
    ]
    assert set(re.findall(r"`([a-z.-]+)`", programs)) == set(sent)


def test_a_webhook_is_verified_as_the_page_says():
    code = textwrap.dedent(re.search(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[1])  # type: ignore[index]
    assert len(code.strip().splitlines()) <= 9
    names: dict[str, Any] = {}
    exec(code, names)
    secret = "whsec_" + "c2FuZHNhbmRzYW5kc2FuZHNhbmRzYW5kc2FuZHNhbmQ="
    headers = signed(keys_of(secret, "KEY"), "sandcastles-12/1/a", 1_700_000_000, b"sand")
    received = Received(method="POST", path="/", headers=headers, body=b"sand")
    genuine = names["genuine"]
    assert genuine(received.headers, received.body, secret, 1_700_000_100)
    assert not genuine(received.headers, b"mud", secret, 1_700_000_100)
    assert not genuine({**headers, "webhook-id": "sandcastles-12/2/a"}, b"sand", secret, 1_700_000_100)
    assert not genuine(received.headers, received.body, secret, 1_700_009_999), "too old: somebody plays it again"
