"""Values that name functions, and the same values naming their aliases.

A function is named by its name (`Ref`) or its ARN (`Fn::GetAtt`), alone or inside a longer text such as an API's
integration address. `Ref` of an alias is its ARN, which stands wherever the function's name or ARN may stand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import cast

from shoreward.spec.template.plain import Json
from shoreward.spec.template.references import references

_VARIABLE = re.compile(r"\$\{([^!${}]+)\}")
_ALONE = re.compile(r"\$\{(\w+)\}")
_ANY = r"(?:\$\{[^}]+\}|[\w-]+)"


def called(value: Json, functions: Collection[str]) -> list[str]:
    """Those of some functions that a value refers to, sorted."""
    return sorted({reference.name for reference in references(value)} & set(functions))


def as_text(value: Json) -> str | None:
    """A value as the text of one `Fn::Sub`; None where it is more than that."""
    if isinstance(value, str):
        return value.replace("${", "${!")
    if not isinstance(value, dict) or len(cast("dict[str, Json]", value)) != 1:
        return None
    [(key, argument)] = cast("dict[str, Json]", value).items()
    match key, argument:
        case ("Ref" | "Fn::GetAtt", str(name)):
            return f"${{{name}}}"
        case "Fn::GetAtt", [str(name), str(attribute)]:
            return f"${{{name}.{attribute}}}"
        case "Fn::Sub", str(text):
            return text
        case "Fn::Sub", [str(text), {**own}]:
            texts = {str(name): as_text(inner) for name, inner in own.items()}
            return _VARIABLE.sub(lambda found: texts.get(found[1]) or found[0], text) if all(texts.values()) else None
        case "Fn::Join", [str(separator), [*parts]]:
            texts = [as_text(part) for part in parts]
            return None if None in texts else separator.join(text or "" for text in texts)
        case _:
            return None


def is_function(value: Json, name: str) -> bool:
    """Whether a value is the function without a version or alias, by its name or ARN."""
    text = as_text(value) or ""
    return text in (f"${{{name}}}", f"${{{name}.Arn}}") or re.fullmatch(_arn(name), text) is not None


def pointed(value: Json, aliases: Mapping[str, str]) -> Json | None:
    """The value with each function's alias in its place; None where that cannot be said for sure.

    Args:
        aliases: logical id of the alias, by that of its function.
    """
    if isinstance(value, dict) and isinstance(branches := cast("dict[str, Json]", value).get("Fn::If"), list):
        condition, *given = cast("list[Json]", branches)
        made = [pointed(branch, aliases) if called(branch, aliases) else branch for branch in given]
        return None if None in made else {"Fn::If": [condition, *made]}
    text = as_text(value)
    if text is None:
        return None
    for name, alias in aliases.items():
        text = f"${{{alias}}}" if is_function(value, name) else _inside(text, name, f"${{{alias}}}")
    made = {"Ref": alone[1]} if (alone := _ALONE.fullmatch(text)) else {"Fn::Sub": text}
    return None if called(made, aliases) else made


def _inside(text: str, name: str, alias: str) -> str:
    # What is followed by a colon has a version or alias already.
    for spelled in (_arn(name), rf"\$\{{{name}\.Arn\}}"):
        text = re.sub(rf"{spelled}(?![:\w-])", lambda _: alias, text)
    return text


def _arn(name: str) -> str:
    """A pattern for a function's ARN that is put together from its name."""
    return rf"arn:{_ANY}:lambda:{_ANY}:{_ANY}:function:\$\{{{name}\}}"
