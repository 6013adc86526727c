"""One contract for all who are asked: an answer is told, anything else opens nothing."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import pytest

from shoreward.adapters.aws import Aws, FunctionHooks, Retry, Sessions
from shoreward.adapters.hooks import Chosen, HttpHooks, signature
from shoreward.app.ports import Hooks, Question, Reply
from shoreward.app.replies import reply_of
from shoreward.domain import Hook, OperationError, Retryable, Target, Terminal
from shoreward.testing.cloud import CloudAccount, archive
from shoreward.testing.hooks import SimulatedHooks

BODY = json.dumps({"release": "app-2", "gate": "desk", "functions": []})
DESK = Hook(name="desk", function="{stack}-desk", timeout=30.0)
PIER = Target(account="111111111111", region="eu-north-1", stack="pier")


class Desk(Protocol):
    """Somebody who can be asked, and told what to say."""

    hook: Hook
    hooks: Hooks
    target: Target

    def says(self, said: object) -> None: ...

    def heard(self) -> list[Any]: ...


@dataclass
class Simulated:
    hooks: SimulatedHooks = field(default_factory=SimulatedHooks)
    hook: Hook = DESK
    target: Target = PIER

    def says(self, said: object) -> None:
        try:
            self.hooks.replies["desk"] = reply_of(self.hook, json.dumps(said).encode())
        except OperationError as error:
            self.hooks.replies["desk"] = error

    def heard(self) -> list[Any]:
        return self.hooks.asked


@dataclass
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


class Address:
    """A server on this machine."""

    def __init__(self) -> None:
        self.status, self.answer, self.headers = 200, b"", dict[str, str]()
        self.requests: list[Request] = []
        self.target = PIER
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/ask"
        self.hook = Hook(name="desk", url=self.url, secret="DESK", timeout=20.0)
        self.hooks = self.asking({"DESK": "sand"})

    def asking(self, environment: Mapping[str, str]) -> Hooks:
        addresses = HttpHooks(environment, now=lambda: 1_700_000_000.5)
        return Chosen(functions=SimulatedHooks(), addresses=addresses)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        address = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                address.requests.append(Request(self.path, dict(self.headers), body))
                self.send_response(address.status)
                for name, value in address.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(address.answer)))
                self.end_headers()
                self.wfile.write(address.answer)

            def log_message(self, *args: object) -> None:
                """Nothing."""

        return Handler

    def says(self, said: object) -> None:
        self.answer = json.dumps(said).encode()

    def heard(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@dataclass
class Function:
    """A function on the embedded cloud, which answers with what its event is to it."""

    account: CloudAccount
    hooks: Hooks
    hook: Hook = DESK

    @property
    def target(self) -> Target:
        return Target(account=self.account.account_id, region="eu-north-1", stack="pier")

    def says(self, said: object) -> None:
        code = f"import json\ndef handler(event, context):\n    assert event['gate'] == 'desk'\n    return {said!r}\n"
        client = self.account.client("lambda", "eu-north-1")
        zipped = archive({"desk.py": code})
        role = f"arn:aws:iam::{self.account.account_id}:role/desk"
        client.create_function(
            FunctionName="pier-desk", Runtime="python3.11", Role=role, Handler="desk.handler", Code={"ZipFile": zipped}
        )

    def heard(self) -> list[Any]:
        return [json.loads(BODY)]


@pytest.fixture
def function(cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> Function:
    ours = {
        "AWS_ENDPOINT_URL": cloud_account.endpoint,
        "AWS_ACCESS_KEY_ID": cloud_account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    retry = Retry()
    return Function(cloud_account, FunctionHooks(Aws(Sessions(retry=retry), retry)))


@pytest.fixture(params=["simulated", "address", "function"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    match request.param:
        case "simulated":
            yield Simulated()
        case "address":
            address = Address()
            yield address
            address.close()
        case _:
            yield request.getfixturevalue("function")


def ask(desk: Desk) -> Reply:
    return desk.hooks.ask(desk.hook, Question(target=desk.target, body=BODY, key="app-2/ask/desk/wave 1"))


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ({"answer": "open"}, Reply(answer="open")),
        ({"answer": "closed", "why": "the desk is empty"}, Reply(answer="closed", why="the desk is empty")),
        ({"answer": "failed", "why": "prices are wrong", "more": 1}, Reply(answer="failed", why="prices are wrong")),
    ],
)
def test_an_answer_is_told_as_it_was_given(desk: Desk, said: object, reply: Reply):
    desk.says(said)
    assert ask(desk) == reply
    assert desk.heard() == [json.loads(BODY)]


@pytest.mark.parametrize("said", [{"answer": "yes"}, {}, "open", None])
def test_what_is_no_answer_opens_nothing(desk: Desk, said: object):
    desk.says(said)
    with pytest.raises(Retryable) as unclear:
        ask(desk)
    assert unclear.value.code == "HOOK_UNCLEAR"


@pytest.fixture
def address() -> Iterator[Address]:
    found = Address()
    yield found
    found.close()


def test_a_question_to_an_address_is_signed(address: Address):
    address.says({"answer": "open"})
    ask(address)
    [request] = address.requests
    assert request.headers["X-Shoreward-Timestamp"] == "1700000000"
    assert request.headers["X-Shoreward-Signature"] == signature("sand", "1700000000", BODY.encode())
    assert request.headers["Idempotency-Key"] == "app-2/ask/desk/wave 1"


def test_without_its_secret_nobody_is_asked(address: Address):
    address.hooks = address.asking({})
    with pytest.raises(Terminal) as missing:
        ask(address)
    assert missing.value.code == "HOOK_SECRET_MISSING"
    assert not address.requests


@pytest.mark.parametrize(("status", "code"), [(500, "HOOK_SILENT"), (429, "HOOK_SILENT"), (403, "HOOK_REFUSED")])
def test_a_status_that_is_no_success_is_no_answer(address: Address, status: int, code: str):
    address.says({"answer": "open"})
    address.status = status
    with pytest.raises(OperationError) as refused:
        ask(address)
    assert refused.value.code == code


def test_a_redirect_is_not_followed(address: Address):
    address.status, address.headers = 307, {"Location": address.url + "/elsewhere"}
    with pytest.raises(Terminal):
        ask(address)
    assert [request.path for request in address.requests] == ["/ask"]


def test_nobody_there_is_no_answer(address: Address):
    address.close()
    with pytest.raises(Retryable) as silent:
        ask(address)
    assert silent.value.code == "HOOK_SILENT"


def test_a_function_that_is_not_there_is_told(function: Function):
    with pytest.raises(Terminal):
        ask(function)


def test_a_function_that_raises_has_not_answered(function: Function):
    function.says({"answer": "open"})
    function.hooks.ask(function.hook, Question(target=function.target, body=BODY, key="k"))
    with pytest.raises(Retryable) as unclear:
        function.hooks.ask(function.hook, Question(target=function.target, body='{"gate": "x"}', key="k"))
    assert unclear.value.code == "HOOK_UNCLEAR"
