"""Mail through a real SMTP server."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import SMTP as POLICY
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from shoreward.adapters.telling.mail import Mails
from shoreward.domain import OperationError, Retryable, Terminal
from shoreward.domain.notifications import Mail

from .conftest import PAGE, a_notice

TO = ("a@example.org", "b@example.org")


@dataclass
class Inbox:
    """Takes mails, or answers what it is told to."""

    answer: str = "250 OK"
    mails: list[Envelope] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        self.mails.append(envelope)
        return self.answer

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.answer.startswith("550"):
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss word", handled=False)


@contextmanager
def smtp(inbox: Inbox, **more: Any) -> Iterator[int]:
    """A server on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **more)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def mails(url: str, **more: Any) -> Mails:
    mail = Mail(server="SMTP_URL", sender="shoreward@example.org", recipients=TO, insecure=more.pop("insecure", False))
    return Mails(mail=mail, page=PAGE, secret=lambda name: url, **more)


def test_a_mail_arrives():
    inbox = Inbox()
    with smtp(inbox) as port:
        mails(f"smtp://127.0.0.1:{port}").deliver(
            [a_notice(why="T\N{LATIN SMALL LETTER U WITH DIAERESIS}rme & Fahnen")]
        )
    [envelope] = inbox.mails
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shoreward@example.org", list(TO))
    found = message_from_bytes(envelope.content or b"", policy=POLICY)
    assert found["Subject"] == "[shoreward] Release sandcastles-12 is held, says kim"
    assert "T\N{LATIN SMALL LETTER U WITH DIAERESIS}rme & Fahnen" in found.get_content()


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 later", Retryable), ("554 never", Terminal), ("550 unknown", Terminal)]
)
def test_a_server_that_refuses(answer: str, kind: type[OperationError]):
    with smtp(Inbox(answer=answer)) as port, pytest.raises(kind):
        mails(f"smtp://127.0.0.1:{port}").deliver([a_notice()])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file, "-out", file]
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", *made, *subject], check=True, capture_output=True)
    return file


def contexts(certificate: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's, and one that trusts it."""
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate)
    return theirs, ssl.create_default_context(cafile=str(certificate))


def test_a_password_is_told_to_a_server_that_is_known_over_starttls(certificate: Path):
    theirs, ours = contexts(certificate)
    inbox = Inbox()
    more = {"tls_context": theirs, "require_starttls": True, "authenticator": inbox.authenticate}
    with smtp(inbox, **more) as port:
        mails(f"smtp://ada:p%40ss%20word@127.0.0.1:{port}?starttls", context=lambda: ours).deliver([a_notice()])
        assert (inbox.logins, len(inbox.mails)) == ([(b"ada", b"p@ss word")], 1)
        with pytest.raises(Retryable) as wrong:
            mails(f"smtp://ada:wr0ng@127.0.0.1:{port}?starttls", context=lambda: ours).deliver([a_notice()])
        assert "wr0ng" not in str(wrong.value)
        tried = len(inbox.logins)
        with pytest.raises(Retryable):
            mails(f"smtp://ada:p%40ss%20word@127.0.0.1:{port}?starttls").deliver([a_notice()])
        assert len(inbox.logins) == tried, "nothing was told to a server that nobody knows"


def test_a_server_that_speaks_tls_from_the_start(certificate: Path):
    theirs, ours = contexts(certificate)
    inbox = Inbox()
    with smtp(inbox, ssl_context=theirs) as port:
        mails(f"smtps://127.0.0.1:{port}", context=lambda: ours).deliver([a_notice()])
    assert len(inbox.mails) == 1


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Retryable) as silent:
        mails(f"smtp://127.0.0.1:{port}").deliver([a_notice()])
    assert silent.value.code == "RECEIVER_SILENT"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("smtp://ada:s3cret@mail.example.org", "RECEIVER_UNSAFE"),
        ("https://ada:s3cret@mail.example.org", "NOTIFY_ADDRESS_INVALID"),
        ("smtp://ada:s3cret@mail.example.org:none", "NOTIFY_ADDRESS_INVALID"),
        ("s3cret", "NOTIFY_ADDRESS_INVALID"),
        ("smtp://ada:s3cret@mail.example.org?tls=maybe", "NOTIFY_ADDRESS_INVALID"),
    ],
)
def test_an_address_that_will_not_do_is_not_repeated(url: str, code: str):
    with pytest.raises(Retryable) as wrong:
        mails(url).deliver([a_notice()])
    assert wrong.value.code == code
    assert "s3cret" not in str(wrong.value)
