"""What looks like a secret to a detector that knows no templates, and is none.

detect-secrets takes `secretsmanager:GetSecretValue` for a secret and its value, and `ApiKeyRequired: true`, too.
Templates and code of serverless applications are full of such lines. Asked only of what was found; in doubt it is a
secret.
"""

from __future__ import annotations

import re

FORM = 3
"""Grows when the same line would be judged otherwise, here or by a detector of ours."""

_KEY = re.compile(r"(?P<key>[\w.-]+)[\"']?\s*(?::=|=>|[:=])\s*[^:=]*$")
_WHERE = re.compile(
    r"(?:names?|arns?|ids?|paths?|files?|params?|parameters?|headers?|fields?|ur[li]s?|sources?|types?|folders?|dirs?"
    r"|prefix|suffix|polic(?:y|ies)|questions?|attachments?|length|required|settings?|enabled|spec|alias|ttl|validity"
    r"|format|env|vars?|variables?|rotation|manager)"
)
_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_ITSELF = frozenset(("true", "false", "yes", "no", "on", "off", "none", "null", "nil", "password", "passwd", "secret",
                     "token", "apikey", "api_key", "api-key", "x-api-key", "authorization"))  # fmt: skip
_CONSTANT = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
_EXAMPLE = re.compile(r"AKIAIOSFODNN7EXAMPLE|wJalrXUtnFEMI/?K7MDENG/?bPxRfiCYEXAMPLEKEY")
_DIGEST = re.compile(
    r"(?:e-?tag|sha-?\d*|md5|digest|checksum|hash|integrity|fingerprint)\w*[\"']?\s*(?:[:=]|=>|\()\s*[\"']?$",
    re.IGNORECASE,
)
_SUMS = (32, 40, 64, 96, 128)


def harmless(kind: str, line: str, secret: str) -> bool:
    """Whether what was found on a line is no secret after all.

    Args:
        kind: the detector's, in detect-secrets' words.
    """
    before = line[: line.find(secret)] if secret in line else line
    match kind:
        case "Secret Keyword":
            return _no_value(secret, before) or _only_where(before) or _prose(secret, before)
        case "AWS Access Key":
            return _EXAMPLE.search(line) is not None
        case "Hex High Entropy String":
            return len(secret) in _SUMS and _DIGEST.search(before) is not None
        case "Base64 High Entropy String":
            return re.match(r"sha(?:256|384|512)-", secret) is not None
        case _:
            return False


def _no_value(secret: str, before: str) -> bool:
    """Whether it is a word of the language, a reference, a type or an action, and no value."""
    plain = secret.strip(" \"'`,;])}")
    return (
        plain.lower() in _ITSELF
        or _CONSTANT.fullmatch(plain) is not None
        or plain.startswith(("arn:", "AWS::"))
        or before.endswith("secretsmanager:")
        or "{{resolve:" in before
        or re.search(r"arn:[^\s\"']*:secret:$", before) is not None
    )


def _only_where(before: str) -> bool:
    """Whether the name says where a secret is, or what kind it is of, as `SECRET_NAME` and `passwordField` do."""
    found = _KEY.search(before)
    words = _WORDS.findall(found["key"]) if found else []
    return bool(words) and _WHERE.fullmatch(words[-1].lower()) is not None


def _prose(secret: str, before: str) -> bool:
    """Whether it is several words that stand in no quotes of their own: a sentence about secrets."""
    quote = before[-1:]
    text = secret.partition(" #")[0].strip()
    return " " in text and (quote not in ('"', "'", "`") or quote in text)
