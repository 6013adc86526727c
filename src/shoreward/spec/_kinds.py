"""The kinds of single values in `shoreward.yaml`: names, durations, percentages and the rest.

Leaves of `spec._shapes`. A value whose unit or spelling could be read in two ways is refused with the spelling that
cannot, never guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from shoreward.spec._shapes import At, Schema, kind
from shoreward.spec._words import did_you_mean


def _shown(value: str) -> str:
    return value if len(value) <= 60 else value[:57] + "..."


@dataclass(frozen=True, slots=True)
class Text:
    """Text of a pattern.

    Attributes:
        a: what it is, in words, with its rule.
        code: of the complaint when the text does not fit.
    """

    pattern: str
    a: str
    code: str = "SPEC_NAME"

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            advice = f'Put it in quotes: "{at.text}".' if isinstance(value, (int, float)) else ""
            return at.mistyped(value, f"text: {self.a}", advice)
        if re.fullmatch(self.pattern, value):
            return value
        return at.complain(self.code, f"'{_shown(value)}' is not {self.a}.")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: Any, at: At) -> str | None:
        if value in self.words:
            return str(value)
        if not isinstance(value, str):
            return at.mistyped(value, f"one of: {', '.join(self.words)}")
        return at.complain("SPEC_CHOICE", f"{at.name} cannot be '{_shown(value)}'.", did_you_mean(value, self.words))

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Number:
    """A number without a unit, between two bounds, both included."""

    low: float
    high: float
    whole: bool = False

    def read(self, value: Any, at: At) -> int | float | None:
        wanted = f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:.0f}"
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return at.mistyped(value, wanted)
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            return at.complain("SPEC_NUMBER", f"{at.name} must be {wanted}, not {_shown(at.text)}.")
        return int(value) if self.whole else float(value)

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}


_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = r"(?=[0-9])([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?"
_LOOSE = re.compile(r"([0-9]+)\s*(d|h|m|s)[a-z]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Duration:
    """A time span with its units, read as seconds: `90s`, `10m`, `1h30m`, `1d`."""

    def read(self, value: Any, at: At) -> float | None:
        if isinstance(value, str) and re.fullmatch(_DURATION, value):
            return float(sum(int(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[0-9]+[dhms]", value)))
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return at.mistyped(value, "a duration, such as 90s, 10m or 1h30m")
        return at.complain("SPEC_DURATION", f"'{_shown(at.text)}' is not a duration.", self._advice(at.text.strip()))

    @staticmethod
    def _advice(text: str) -> str:
        if re.fullmatch(r"[0-9]{1,8}", text):
            spellings = dict.fromkeys((f"{int(text)}s", duration_text(float(text)), f"{int(text)}m"))
            return f"It has no unit: write {', '.join(list(spellings)[:-1])} or {list(spellings)[-1]}."
        parts = {unit.lower(): number for number, unit in _LOOSE.findall(text)}
        near = "".join(f"{parts[unit]}{unit}" for unit in _UNITS if unit in parts)
        if near and re.fullmatch(_DURATION, near) and not re.search(r"[.,-]", text):
            return f"Did you mean '{near}'?"
        return "Write whole numbers with units, largest first: 90s, 10m, 1h30m, 1d."

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{_DURATION}$"}


def duration_text(seconds: float) -> str:
    """The shortest spelling of a whole number of seconds that `Duration` reads."""
    rest = int(seconds)
    if rest != seconds:
        raise ValueError(f"{seconds} is not a whole number of seconds")
    text = ""
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage below 100%, above zero unless `zero`; read as percent, or as a fraction of 1 if `fraction`.

    With `full` it may be 100%, too.
    """

    fraction: bool = False
    zero: bool = False
    full: bool = False

    @property
    def _pattern(self) -> str:
        number = r"[0-9]{1,2}(\.[0-9]{1,20})?%"
        above = number if self.zero else r"(?!0+(\.0+)?%)" + number
        return f"({above}|100%)" if self.full else above

    def read(self, value: Any, at: At) -> float | None:
        if isinstance(value, str) and re.fullmatch(self._pattern, value):
            number = Decimal(value[:-1])
            return float(number / 100 if self.fraction else number)
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            return at.mistyped(value, "a percentage, such as 10%")
        most = "up to 100%" if self.full else "below 100%"
        shown, bounds = _shown(at.text), f"{'from' if self.zero else 'above'} 0% and {most}"
        if re.fullmatch(r"-?[0-9.]+%", shown):
            return at.complain("SPEC_PERCENT", f"{at.name} must be {bounds}, not {shown}.")
        return at.complain("SPEC_PERCENT", f"'{shown}' is not a percentage.", self._advice(shown.strip()))

    @staticmethod
    def _advice(text: str) -> str:
        if number := re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,20})?)(\s*(?:%|percent|pct)?)", text, re.IGNORECASE):
            as_share = Decimal(number[1]) * 100
            if not number[2] and 0 < as_share < 100:
                return f"It has no unit: write {as_share.normalize():f}% or {number[1]}%."
            return f"Write {number[1]}%."
        return "Write a number with a percent sign: 10% or 0.05%."

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self._pattern}$"}


def percent_text(value: float, *, fraction: bool = False) -> str:
    """The spelling of a percentage (or of a fraction of 1) that `Percent` reads back as exactly the same number."""
    number = Decimal(repr(value)) * (100 if fraction else 1)
    return f"{number.normalize():f}%"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A template parameter: text. Numbers, true and false are taken as they were written, so 1.10 stays 1.10."""

    def read(self, value: Any, at: At) -> str | None:
        if isinstance(value, (str, int, float)):
            return at.text
        advice = 'A list is written as CloudFormation takes it: "a,b,c".' if kind(value) == "a list" else ""
        return at.mistyped(value, "text, a number, true or false", advice)

    def schema(self) -> Schema:
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, value: Any, at: At) -> bool | None:
        return value if isinstance(value, bool) else at.mistyped(value, "true or false")

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Date:
    """A day, read as text: `2027-01-31`."""

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            return at.mistyped(value, "a day, such as 2027-01-31")
        try:
            # The one spelling: `fromisoformat` reads 20270131 and 2027-W04-7, too.
            return value if date.fromisoformat(value).isoformat() == value else self._refuse(value, at)
        except ValueError:
            return self._refuse(value, at)

    @staticmethod
    def _refuse(value: str, at: At) -> None:
        at.complain("SPEC_DATE", f"'{_shown(value)}' is not a day.", "Write year-month-day, such as 2027-01-31.")

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


_SPKI = r"MCowBQYDK2VwAyEA[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="
"""An Ed25519 key as SubjectPublicKeyInfo (RFC 8410) in base64, in its one spelling."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: PEM, or the line in its middle, as which it is read; never repeated in a complaint."""

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            return at.mistyped(value, "a public key, as `openssl pkey -in KEY -pubout` writes it")
        if found := re.fullmatch(self._pattern, value):
            return str(found["key"])
        if "PRIVATE" in value or value.strip().startswith("MC4CAQAwBQYDK2Vw"):
            what = f"{at.name} is a private key, and whoever can read this file can sign with it now."
            return at.complain("SPEC_KEY", what, "Make another one, and write its public key here.")
        advice = "`openssl pkey -in KEY -pubout` writes it; the line in the middle is enough."
        return at.complain("SPEC_KEY", f"{at.name} is not an Ed25519 public key.", advice)

    @property
    def _pattern(self) -> str:
        return rf"\s*(-----BEGIN PUBLIC KEY-----\s+)?(?P<key>{_SPKI})(\s+-----END PUBLIC KEY-----)?\s*"

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self._pattern.replace('?P<key>', '')}$"}


@dataclass(frozen=True, slots=True)
class Json:
    """Any JSON value, read as JSON text."""

    def read(self, value: Any, at: At) -> str | None:
        try:
            return json_text(value)
        except ValueError:
            return at.complain("SPEC_JSON", f"{at.name} holds a number that JSON does not have.", "Use finite numbers.")

    def schema(self) -> Schema:
        return {}


def json_text(value: Any) -> str:
    """JSON as the domain keeps it: compact, in the order it was written; raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text in which some words in braces are filled in for each target."""

    words: tuple[str, ...]
    longest: int

    def read(self, value: Any, at: At) -> str | None:
        if not isinstance(value, str):
            return at.mistyped(value, "text")
        if not 0 < len(value) <= self.longest:
            return at.complain("SPEC_NAME", f"{at.name} must have 1 to {self.longest} characters, not {len(value)}.")
        unknown = [word for word in re.findall(r"\{([^{}]*)\}", value) if word not in self.words]
        for word in unknown:
            at.complain("SPEC_PLACEHOLDER", f"Nothing is known to fill in for '{{{word}}}'.", self._advice(word))
        if not unknown and re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", value)):
            at.complain("SPEC_PLACEHOLDER", f"A brace in '{_shown(value)}' has no partner.", self._advice(""))
            return None
        return None if unknown else value

    def _advice(self, word: str) -> str:
        return did_you_mean(word, self.words)

    def schema(self) -> Schema:
        placeholder = "|".join(self.words)
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.longest,
            "pattern": f"^([^{{}}]|\\{{({placeholder})\\}})*$",
        }
