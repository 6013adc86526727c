"""What an answer gives away: crashes, insides, doors that stand open, and input that was taken for something else.

Each sign is one that a sound application does not show, whatever it is asked, so that hardly anything is found that is
not there. What an answer merely repeats of the request is no sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote

from shoreward.adapters.dynamic.attacks import STRANGER, Attack
from shoreward.adapters.dynamic.sending import Answer
from shoreward.domain import Severity

UNHANDLED = "attack-unhandled"

_SAID_SO = 501
"""A server that does not know a method may say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What an answer shows.

    Attributes:
        seen: what was seen, in a few words: the verb of a sentence about the route.
        excerpt: the part of the answer that shows it.
    """

    rule: str
    severity: Severity
    seen: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leak:
    """A trace of an application's insides."""

    rule: str
    severity: Severity
    seen: str
    pattern: re.Pattern[str]


def _leak(rule: str, severity: Severity, seen: str, pattern: str) -> _Leak:
    return _Leak(rule=rule, severity=severity, seen=seen, pattern=re.compile(pattern))


_INSIDES = "attack-leaks-insides"
_LEAKS = (
    _leak(
        "attack-leaks-secret",
        Severity.CRITICAL,
        "shows an AWS access key",
        r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    _leak(
        "attack-leaks-secret",
        Severity.CRITICAL,
        "shows the function's credentials",
        r"AWS_(?:SECRET_ACCESS_KEY|SESSION_TOKEN)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9+/=_-]{8,}",
    ),
    _leak("attack-leaks-secret", Severity.CRITICAL, "shows a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    _leak("attack-reads-files", Severity.CRITICAL, "shows a file of the machine", r"\broot:[^:\n]*:0:0:"),
    _leak(_INSIDES, Severity.MEDIUM, "shows a stack trace", r"Traceback \(most recent call last\)"),
    _leak(_INSIDES, Severity.MEDIUM, "shows a stack trace", r"File \\?\"[^\"\n]+\.py\\?\", line \d+"),
    _leak(
        _INSIDES, Severity.MEDIUM, "shows a stack trace", r"\bat [^\n\"(]{0,200}\(?(?:file://)?/var/(?:task|runtime)/"
    ),
    _leak(_INSIDES, Severity.MEDIUM, "shows a stack trace", r"\bat [\w.$<>]+\([A-Z]\w+\.(?:java|kt|scala|cs):\d+\)"),
    _leak(_INSIDES, Severity.MEDIUM, "shows a stack trace", r"goroutine \d+ \[running\]:"),
    _leak(_INSIDES, Severity.MEDIUM, "shows a stack trace", r"\"stack_?[tT]race\"\s*:\s*\["),
    _leak(_INSIDES, Severity.MEDIUM, "shows a path of the function", r"/var/(?:task|runtime|lang)/[\w./-]+"),
    _leak(
        _INSIDES,
        Severity.MEDIUM,
        "shows what AWS said to it",
        r"An error occurred \(\w+\) when calling the \w+ operation",
    ),
    _leak(
        _INSIDES,
        Severity.HIGH,
        "shows an error of its database",
        r"You have an error in your SQL syntax|sqlite3\.\w+Error|psycopg2?\.errors|\bORA-\d{5}\b|SQLSTATE\[|"
        r"unterminated quoted string at or near|MongoServerError",
    ),
)


def signs(attack: Attack, answer: Answer) -> Iterator[Sign]:
    """What an answer shows, worst last."""
    yield from _crashed(answer, attack)
    yield from _leaked(attack, answer)
    yield from _believed(attack, answer)
    yield from _shared(attack, answer)
    if attack.uncredited and 200 <= answer.status < 300:
        seen = f"answers {answer.status}, although {attack.route.guard} should ask for credentials"
        yield Sign(rule="attack-unauthenticated", severity=Severity.CRITICAL, seen=seen, excerpt=_short(answer.text))


def _crashed(answer: Answer, attack: Attack) -> Iterator[Sign]:
    if answer.status >= 500 and answer.status != _SAID_SO:
        seen = f"answers {answer.status}"
        yield Sign(rule=UNHANDLED, severity=Severity.MEDIUM, seen=seen, excerpt=_short(answer.text))
    elif not answer.status and not attack.heavy:
        seen = f"does not answer ({answer.trouble})"
        yield Sign(rule=UNHANDLED, severity=Severity.MEDIUM, seen=seen)


def _leaked(attack: Attack, answer: Answer) -> Iterator[Sign]:
    sent = _sent(attack)
    text = answer.text
    told: set[str] = set()
    for leak in _LEAKS:
        found = leak.pattern.search(text) if leak.rule not in told else None
        if found is not None and found[0] not in sent:
            told.add(leak.rule)
            hidden = leak.rule == "attack-leaks-secret"
            excerpt = f"{found[0][:12]}..." if hidden else _short(text[max(0, found.start() - 80) : found.end() + 200])
            yield Sign(rule=leak.rule, severity=leak.severity, seen=leak.seen, excerpt=excerpt)


def _believed(attack: Attack, answer: Answer) -> Iterator[Sign]:
    text = answer.text
    if attack.evaluated and re.search(rf"(?<!\d){attack.evaluated}(?!\d)", text):
        seen = "works out what it was sent, so it runs what anybody writes"
        yield Sign(rule="attack-runs-input", severity=Severity.CRITICAL, seen=seen, excerpt=_short(text))
    if attack.script and attack.script in text and _is_page(answer):
        seen = "puts a script that it was sent into its page"
        yield Sign(rule="attack-reflects-script", severity=Severity.HIGH, seen=seen, excerpt=_short(text))
    if attack.header and attack.header in answer.headers:
        seen = "makes a header of what it was sent"
        yield Sign(rule="attack-injects-header", severity=Severity.HIGH, seen=seen, excerpt=f"{attack.header}: 1")


def _is_page(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml"))


def _shared(attack: Attack, answer: Answer) -> Iterator[Sign]:
    """Whether pages of strangers may read answers with the customer's own cookies."""
    allowed = answer.headers.get("access-control-allow-origin", "")
    asked = dict(attack.headers).get("origin", "")
    if not asked or answer.headers.get("access-control-allow-credentials", "").lower() != "true":
        return
    shown = f"access-control-allow-origin: {allowed}, with credentials"
    if allowed == asked:
        who = "any page" if allowed == STRANGER else "pages without an origin"
        seen = f"lets {who} read its answers with the customer's credentials"
        yield Sign(rule="attack-shares-answers", severity=Severity.HIGH, seen=seen, excerpt=shown)
    elif allowed == "*":
        seen = "says that any page may read its answers with credentials, which browsers refuse"
        yield Sign(rule="attack-shares-answers", severity=Severity.LOW, seen=seen, excerpt=shown)


def _sent(attack: Attack) -> str:
    """All that was sent, as it may come back."""
    body = (attack.body or b"").decode(errors="replace")
    parts = [attack.target, unquote(attack.target), unquote(unquote(attack.target)), body]
    with suppress(ValueError, AttributeError, RecursionError):
        parts += [str(one) for one in cast("dict[str, object]", json.loads(body)).values()]
    return "\n".join(parts)


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
