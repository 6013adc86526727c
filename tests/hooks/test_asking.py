"""Asking by HTTP: whoever is asked is who the settings name, and nobody else."""

from __future__ import annotations

import urllib.error

import pytest

from shoreward.adapters.http import ask
from shoreward.testing.receivers import HttpReceiver


def test_an_answer_that_leads_elsewhere_is_not_followed() -> None:
    with (
        HttpReceiver(lambda handler, _: handler.answer(200)) as elsewhere,
        HttpReceiver(lambda handler, _: handler.answer(302, headers={"Location": elsewhere.url})) as named,
        pytest.raises(urllib.error.HTTPError) as found,
    ):
        ask(f"{named.url}/question", timeout=10.0)
    with found.value as answer:
        assert answer.code == 302
    assert [each.path for each in named.received] == ["/question"]
    assert elsewhere.received == []


def test_no_proxy_stands_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with HttpReceiver(lambda handler, _: handler.answer(200, b"here")) as named:
        with HttpReceiver(lambda handler, _: handler.answer(200, b"there")) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            with ask(named.url, body=b"one", headers={"User-Agent": "somebody"}, timeout=10.0) as answer:
                assert answer.read() == b"here"
        assert [(each.method, each.body, each.headers["user-agent"]) for each in named.received] == [
            ("POST", b"one", "somebody")
        ]
        assert proxy.received == []
