"""Where an API answers: the stack's outputs tell, for those who wrote the template want to know it, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from shoreward.adapters.dynamic.routes import URL, Route
from shoreward.app.sandboxes import Thing
from shoreward.domain import Target, Terminal
from shoreward.spec.template.plain import mapping
from shoreward.spec.template.references import references


def addresses(
    found: tuple[Route, ...],
    template: Mapping[str, Any],
    outputs: Mapping[str, str],
    members: Mapping[str, Thing],
    target: Target,
    *,
    elsewhere: bool,
) -> dict[str, str]:
    """The address of each API that has routes and is in the sandbox, without a slash at its end and without a stage.

    Args:
        outputs: of the stack that is up.
        members: what is in it.
        elsewhere: whether AWS is reached at another address than its own, so that none can be made up.

    Raises:
        Terminal: DYNAMIC_ADDRESS where nobody tells.
    """
    made: dict[str, str] = {}
    for api in sorted({one.api for one in found} & members.keys()):
        thing = members[api]
        told = [outputs[name] for name in sorted(_outputs_about(template, api)) if name in outputs]
        bases = [base for value in told if (base := _base(value, thing))]
        if bases:
            made[api] = bases[0]
        elif thing.type != URL and not elsewhere:
            made[api] = f"https://{thing.id}.execute-api.{target.region}.{_suffix(target.region)}"
        else:
            what = f"No output of the stack tells the address of {api}."
            raise Terminal("DYNAMIC_ADDRESS", what, where=target.key, next="Give the template an output with its URL.")
    return made


def _outputs_about(template: Mapping[str, Any], api: str) -> set[str]:
    """Outputs whose value is made of an API."""
    return {
        name
        for name, one in mapping(template.get("Outputs")).items()
        if api in {each.name for each in references(mapping(one).get("Value"))}
    }


def _base(value: str, thing: Thing) -> str:
    """The address that an output holds, up to where the API begins; "" for what is no address of it."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    root = f"{parts.scheme}://{parts.netloc}"
    if thing.type == URL:
        return value.rstrip("/")
    if parts.hostname.split(".")[0] == thing.id:
        return root
    inside = re.match(rf".*/{re.escape(thing.id)}(?=/|$)", parts.path)
    return f"{root}{inside[0]}" if inside else ""


def _suffix(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
