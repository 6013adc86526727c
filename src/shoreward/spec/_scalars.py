"""Plain scalars to values, by the core schema of YAML 1.2.

Between the parser and `spec.yaml`. YAML 1.1, which PyYAML and older tools speak, reads `no` as false, `1:30` as 90,
`2012-10-17` as a date and `0777` as 511; none of that is what somebody who wrote a pipeline or a policy meant. Here
they stay text.
"""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
}
# Unlike the core schema, a number may not begin with a needless zero: 012345678901 is an account, not an amount.
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]{0,99})(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?", re.ASCII)
_BASES = {"0x": (16, re.compile(r"0x[0-9a-fA-F]{1,99}")), "0o": (8, re.compile(r"0o[0-7]{1,99}"))}


def plain(text: str) -> Scalar:
    """The value of a scalar that is written without quotes; text that is nothing else stays text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _DECIMAL.fullmatch(text):
        return int(text)
    if text[:2] in _BASES:
        base, digits = _BASES[text[:2]]
        return int(text[2:], base) if digits.fullmatch(text) else text
    return float(text) if _FLOAT.fullmatch(text) else text


STANDARD = "tag:yaml.org,2002:"
_KINDS: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,), "null": (type(None),)}


def tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with one of YAML's own tags, such as `!!str`; raises ValueError when it does not fit."""
    kind = tag.removeprefix(STANDARD)
    if kind == "str":
        return text
    value = plain(text)
    if type(value) not in _KINDS.get(kind, ()):
        raise ValueError(kind)
    return float(value) if kind == "float" and value is not None else value
