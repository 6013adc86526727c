"""Nothing is answered that the policy has not decided about; on a laptop, other people's pages can do nothing."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute

from shoreward.domain import Refused
from shoreward.web.access import Asked, Caller, Denied, Loopback, Need, policy_for
from shoreward.web.application import ROUTES
from shoreward.web.hub import Hub
from shoreward.web.routing import NEED, Ground
from shoreward.web.server import listen, serving
from shoreward.web.watch import Watch

from .conftest import Site


def all_routes() -> list[APIRoute]:
    found = [route for router in ROUTES for route in router.routes]
    assert all(isinstance(route, APIRoute) for route in found)
    return [route for route in found if isinstance(route, APIRoute)]


def test_every_route_says_what_it_needs():
    routes = all_routes()
    assert len(routes) > 20
    assert [route.path for route in routes if not isinstance(getattr(route.endpoint, NEED, None), Need)] == []


def test_what_changes_anything_needs_more_than_reading():
    routes = all_routes()
    changing = [route for route in routes if route.methods - {"GET", "HEAD"}]
    assert len(changing) > 7
    assert {getattr(route.endpoint, NEED) for route in changing} == {Need.OPERATE, Need.SIGNED}


class Nobody:
    """A policy that lets nobody in but to what needs nothing."""

    def admit(self, asked: Asked) -> Caller:
        if asked.need is not Need.NOTHING:
            raise Denied("SIGN_IN", "Say who you are.", status=401)
        return Caller(name="nobody")


def test_who_is_not_admitted_is_told_nothing_by_any_route(past: Site):
    journal = past.journal
    ground = Ground(journal=journal, clock=past.clock, hub=Hub(Watch(journal)), access=Nobody())
    with serving(ground, listen("127.0.0.1", 0)) as address:
        site = Site(journal=journal, cloud=past.cloud, address=address)
        for route in all_routes():
            path = re.sub(r"{(\w+)(:path)?}", lambda found: NAMES.get(found[1], "app-2"), route.path)
            for method in route.methods:
                answer = site.ask(method, path, headers={"Shoreward-Request": "1"})
                free = getattr(route.endpoint, NEED) is Need.NOTHING
                assert (answer.status == 401) is not free, path
                assert free or "app-" not in answer.text


NAMES = {"application": "app", "name": "icon.svg", "target": "eu-north-1"}


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


def test_another_address_without_sign_in_is_refused():
    for host in ("127.0.0.1", "127.0.0.2", "::1", "localhost"):
        assert isinstance(policy_for(host), Loopback)
    for host in ("0.0.0.0", "::", "10.0.0.7", "shoreward.example", ""):
        with pytest.raises(Refused) as refused:
            policy_for(host)
        assert refused.value.code == "SIGN_IN_MISSING"


def test_every_answer_lets_browsers_run_nothing_that_is_not_ours(past: Site):
    for path in ("/pipelines/app", "/api/v1/pipelines", "/nothing", "/static/shoreward.js"):
        headers = past.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
