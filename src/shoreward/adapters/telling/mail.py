"""E-mail: plain text through the server of an SMTP URL. Nothing of it is HTML, so nothing from outside becomes any."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

from shoreward.adapters.telling.wire import host_of
from shoreward.adapters.telling.words import message_of
from shoreward.app.telling.notice import Notice
from shoreward.app.words.plain import one_line
from shoreward.domain import Retryable, Terminal
from shoreward.domain.notifications import HERE, Mail

_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mails:
    """Implements `app.telling.ports.Messenger`.

    Attributes:
        context: trusts certificates.
    """

    mail: Mail
    page: str
    secret: Callable[[str], str]
    context: Callable[[], ssl.SSLContext] = ssl.create_default_context

    @property
    def digests(self) -> bool:
        """Nobody reads a hundred mails."""
        return True

    def deliver(self, notices: Sequence[Notice]) -> None:
        """See `Messenger.deliver`."""
        server = _server(self.secret(self.mail.server), self.mail)
        mail = letter(notices, self.page, self.mail)
        try:
            smtp = self._connected(server)
            try:
                if server.username:
                    smtp.login(unquote(server.username), unquote(server.password or ""))
                smtp.send_message(mail)
            finally:
                with suppress(smtplib.SMTPException, OSError):
                    smtp.quit()
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(server, min(code for code, _ in error.recipients.values())) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _refused(server, error.smtp_code) from error
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            # What a server says may repeat what it was told, a password included.
            raise Retryable("RECEIVER_SILENT", f"{server.hostname} takes no mail: {type(error).__name__}.") from error

    def _connected(self, server: SplitResult) -> smtplib.SMTP:
        host = server.hostname or ""
        if server.scheme == "smtps":
            return smtplib.SMTP_SSL(host, server.port or 465, timeout=_TIMEOUT, context=self.context())
        smtp = smtplib.SMTP(host, server.port or (587 if server.query else 25), timeout=_TIMEOUT)
        if server.query:
            try:
                smtp.starttls(context=self.context())
            except BaseException:
                smtp.close()
                raise
        return smtp


def _server(url: str, mail: Mail) -> SplitResult:
    """The server of a URL, which is not repeated: it holds a password.

    Raises:
        Retryable: NOTIFY_ADDRESS_INVALID, RECEIVER_UNSAFE.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("smtp", "smtps") and parts.hostname and parts.query in ("", "starttls")
        _ = parts.port
    except ValueError:
        known, parts = False, urlsplit("")
    if not known:
        raise Retryable(
            "NOTIFY_ADDRESS_INVALID",
            f"The environment variable {mail.server} holds no address of a mail server.",
            next="Write smtp://USER:PASSWORD@HOST:587?starttls or smtps://USER:PASSWORD@HOST:465.",
        )
    hidden = parts.scheme == "smtps" or parts.query or parts.hostname in HERE
    if not hidden and not mail.insecure:
        what = f"{host_of(url)} would be told over a connection that anybody on the way can read."
        raise Retryable("RECEIVER_UNSAFE", what, next="Write smtps://, or add ?starttls, or say `insecure: true`.")
    return parts


def _refused(server: SplitResult, code: int) -> Retryable | Terminal:
    what = f"{server.hostname} answers {code} to the mail."
    return Terminal("RECEIVER_REFUSED", what) if code >= 500 else Retryable("RECEIVER_SILENT", what)


def letter(notices: Sequence[Notice], page: str, mail: Mail) -> EmailMessage:
    """The mail about some notices; those of a release are one thread, and the same ones are the same mail."""
    message = message_of(notices, page)
    last = notices[-1]
    found = EmailMessage()
    found["Subject"] = one_line(f"[shoreward] {message.title}", most=200)
    found["From"] = mail.sender
    found["To"] = ", ".join(mail.recipients)
    found["Date"] = format_datetime(datetime.fromtimestamp(last.at, UTC))
    found["Message-ID"] = _message_id("|".join(each.key for each in notices), page)
    if len(notices) == 1 and last.release:
        found["References"] = _message_id(last.release, page)
    found["Auto-Submitted"] = "auto-generated"
    parts = [message.title, *message.lines, *([message.advice] if message.advice else [])]
    found.set_content("\n\n".join([*map(one_line, parts), message.link]) + "\n")
    return found


def _message_id(text: str, page: str) -> str:
    return f"<{hashlib.sha256(text.encode()).hexdigest()[:32]}@{host_of(page)}>"
