"""What strangers write (commits, branches, findings, hooks, reasons), at every door by which people are told of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.adapters.telling.cdevents import cloud_event, events_of
from shoreward.adapters.telling.chat import payload
from shoreward.adapters.telling.mail import letter
from shoreward.app.checking.answer import Answer
from shoreward.app.checking.check import Report, Result
from shoreward.app.checking.report import junit, markdown, sarif
from shoreward.app.telling.notice import Notice
from shoreward.app.words.plain import as_code
from shoreward.cli.commenting import plan_markdown
from shoreward.domain import Finding, Place, Severity, Verdict
from shoreward.domain.notifications import Mail
from web.strangers import EVIL, strange_events, strange_opening, strange_orders

from .conftest import PAGE, Shore

TO = Mail(server="SMTP", sender="shoreward@example.org", recipients=("a@example.org",))


@pytest.fixture
def notices(shore: Shore) -> list[Notice]:
    """All that people would be told of a release that others filled with their texts."""
    release = shore.journal.open(strange_opening(shore.clock.now()))
    shore.journal.append(release, 1, tuple(strange_events(shore.journal, shore.clock.now())))
    strange_orders(shore.journal)
    found = shore.notices()
    assert len(found) > 4
    assert any("owned" in notice.why for notice in found)
    return found


def test_a_chat_is_given_no_markup_no_mention_and_no_line(notices: list[Notice]):
    for notice in (*notices, replace(notices[0], next=EVIL)):
        text = payload([notice], PAGE)["text"]
        assert set(re.findall(r"<[^>]*>", text)) == {f"<{PAGE}{notice.path}>"}
        assert "@everyone" not in text
        assert "](" not in text
        assert len(text.splitlines()) <= 5


def test_a_mail_is_given_no_header_no_recipient_and_no_markup(notices: list[Notice]):
    for notice in (*notices, replace(notices[0], what=EVIL, next=EVIL)):
        mail = letter([notice], PAGE, TO)
        assert mail["To"] == "a@example.org"
        assert not {"Bcc", "Set-Cookie"} & set(mail.keys())
        assert mail.get_content_type() == "text/plain"
        assert all(each.isprintable() for each in mail["Subject"])


def test_an_event_is_one_document_whatever_is_in_it(notices: list[Notice]):
    for notice in notices:
        for event in events_of(notice, PAGE):
            assert json.loads(json.dumps(cloud_event(event)))["specversion"] == "1.0"


def found_by_strangers() -> Answer:
    finding = Finding(
        check=EVIL, rule=EVIL, severity=Severity.HIGH, what=EVIL, why=EVIL, fix=EVIL, subject=EVIL,
        where=Place(file=EVIL, line=1),
    )  # fmt: skip
    report = Report(findings=(finding,), summary=EVIL, log=EVIL)
    result = Result(check=EVIL, verdict=Verdict.FAIL, report=report, seconds=1.0, at=0.0)
    return Answer(commit="0123456789", base=None, results=(result,))


def unfenced(text: str) -> str:
    """Markdown without its spans of code, nor what is escaped."""
    return re.sub(r"(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)|\\.", "", text)


def holds_nothing_foreign(text: str) -> bool:
    plain = unfenced(text)
    return not re.search(r"<|\]\(|!\[|\[fine|@(?!\u200b)", plain) and "\nSet-Cookie" not in text


def test_a_comment_at_a_pull_request_is_given_no_markup_no_mention_and_no_line():
    assert holds_nothing_foreign(markdown(found_by_strangers()))
    change = {"action": "Add", "logical_id": EVIL, "type": EVIL, "replacement": ""}
    target = {"account": "1", "region": "r", "exists": True, "drift": [], "changes": [change]}
    plan: dict[str, Any] = {
        "commit": "0123456789", "before": None, "notes": [{"text": EVIL, "code": "NOTE"}], "kind": "configuration",
        "waves": [{"name": EVIL, "steps": [], "targets": [target]}], "at_least_seconds": 1.0,
    }  # fmt: skip
    assert holds_nothing_foreign(plan_markdown(plan))


def test_what_a_build_server_reads_stays_what_it_is():
    told = json.loads(sarif(found_by_strangers(), version="1"))
    assert len(told["runs"][0]["results"]) == 1
    assert junit(found_by_strangers()).count("<testcase") == 1


@given(st.text(alphabet="`a \n|"))
def test_code_is_not_ended_by_what_is_in_it(text: str):
    code = as_code(text)
    assert "\n" not in code
    assert unfenced(code).strip() == ""
