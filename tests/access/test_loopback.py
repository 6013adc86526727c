"""On a laptop nobody signs in; only this machine is answered, and other people's pages can do nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from shoreward.adapters.journal import SqliteAccounts
from shoreward.app.access.audit import audited
from shoreward.domain import Refused
from shoreward.testing.simulated import SimulatedClock
from shoreward.web.access.loopback import Loopback
from shoreward.web.access.signed_in import policy_for
from web.conftest import Build

from .conftest import Site


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, "HOST_FOREIGN"),
        ({"Host": "127.0.0.1.evil.example"}, "HOST_FOREIGN"),
        ({"Host": "[::1"}, "HOST_FOREIGN"),
        ({"Shoreward-Request": ""}, None),
        ({"Origin": "https://evil.example"}, "ORIGIN_FOREIGN"),
        ({"Origin": "null"}, "ORIGIN_FOREIGN"),
        ({"Sec-Fetch-Site": "cross-site"}, "ORIGIN_FOREIGN"),
        ({"Sec-Fetch-Site": "same-site"}, "ORIGIN_FOREIGN"),
    ],
)
def test_other_peoples_pages_can_ask_for_nothing(past: Site, headers: dict[str, str], code: str | None):
    answer = past.post("/api/v1/releases/app-3/hold", {"why": "so"}, **headers)
    assert answer.status == (403 if code else 409)
    assert answer.json()["code"] == (code or "RELEASE_ENDED")


def test_a_form_of_another_page_lacks_the_header(past: Site):
    answer = past.ask("POST", "/api/v1/stop", body=b'{"why": "so"}', headers={"Content-Type": "text/plain"})
    assert answer.json()["code"] == "ORIGIN_FOREIGN"
    assert past.journal.orders() == ()


def test_a_page_that_tries_as_fast_as_it_can_does_not_fill_the_disk(build: Build):
    site = build(lambda site: site.opened("new"))
    tried = [site.post("/api/v1/stop", {"why": "so"}, Origin="https://evil.example").status for _ in range(63)]
    assert tried == [403] * 60 + [429] * 3
    with closing(SqliteAccounts(site.journal.path)) as accounts:
        assert len(audited(accounts)) == 60
    assert site.post("/api/v1/stop", {"why": "so"}).status == 200


def test_another_address_without_sign_in_is_refused(tmp_path: Path):
    with closing(SqliteAccounts(tmp_path / "journal.db")) as accounts:
        for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
            assert isinstance(policy_for(host, accounts, SimulatedClock()), Loopback)
        for host in ("0.0.0.0", "::", "10.0.0.7", "shoreward.example", ""):
            with pytest.raises(Refused, match="SIGN_IN_MISSING"):
                policy_for(host, accounts, SimulatedClock())


def test_every_answer_lets_browsers_run_nothing_that_is_not_ours(past: Site):
    for path in ("/pipelines/app", "/api/v1/pipelines", "/nothing", "/static/shoreward.js"):
        headers = past.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
