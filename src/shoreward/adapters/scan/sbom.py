"""Bills of materials: CycloneDX 1.6, one for each artifact, the same bytes for the same artifact.

No time and no chance is in it: its serial number comes from its content. It is written so that it can be read back
(`carried`): a revision that is kept with its bills can be looked up again when an advisory is published later.
Source: https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any, cast

from shoreward.adapters.scan.component import Component, Part, Seen
from shoreward.adapters.scan.versions import Ecosystem
from shoreward.app.ports import Blobs
from shoreward.domain import Place, digest_of

_PREFIX = "shoreward:"


def bill(part: Part) -> bytes:
    """The bill of materials of an artifact, JSON in UTF-8."""
    content = {
        "metadata": {"component": _artifact(part)},
        "components": [_component(f"{one.purl}#{number}", one) for number, one in enumerate(part.components)],
        "dependencies": _dependencies(part),
    }
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(hex=digest_of(content)[:32], version=5)}",
        "version": 1,
    }
    return json.dumps(head | content, indent=1, ensure_ascii=False).encode() + b"\n"


def components_of(content: bytes) -> tuple[Component, ...]:
    """The components of a bill that `bill` wrote; what they ask for themselves is left out."""
    return tuple(_read(one) for one in json.loads(content)["components"])


def carried(product: str, blobs: Blobs) -> tuple[Component, ...]:
    """The components of a whole revision.

    Args:
        product: what the check `sbom` produced, JSON.
        blobs: keeps the bills.

    Raises:
        Terminal: BLOB_MISSING.
    """
    bills = sorted(json.loads(product)["sboms"].values())
    return tuple(one for digest in bills for one in components_of(blobs.get(digest)))


def _artifact(part: Part) -> dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": part.digest,
        "name": "+".join(part.carriers) or part.digest[:12],
        "version": part.digest[:12],
        "hashes": [{"alg": "SHA-256", "content": part.digest}],
    }


def _component(reference: str, component: Component) -> dict[str, Any]:
    scope, _, name = component.name.rpartition("/")
    where = component.where
    properties = [
        *(("carrier", carrier) for carrier in component.carriers),
        ("seen", component.seen),
        ("via", component.via),
        ("file", where.file if where else ""),
        ("line", str(where.line or "") if where else ""),
    ]
    return {
        "type": "library",
        "bom-ref": reference,
        **({"group": scope} if scope else {}),
        "name": name,
        **({"version": component.version} if component.version else {}),
        "purl": component.purl,
        "properties": [{"name": f"{_PREFIX}{key}", "value": value} for key, value in properties if value],
    }


def _dependencies(part: Part) -> list[dict[str, Any]]:
    """What asks for what, among what is there; the artifact itself asks for what nothing else brings."""
    references = {one: f"{one.purl}#{number}" for number, one in enumerate(part.components)}
    named: dict[tuple[str, str], list[str]] = {}
    for one, reference in references.items():
        named.setdefault((one.ecosystem, one.name), []).append(reference)
    direct = [reference for one, reference in references.items() if not one.via]
    asked = {
        reference: [other for name in one.requires for other in named.get((one.ecosystem, name), ())]
        for one, reference in references.items()
    }
    edges = {part.digest: direct} | asked
    return [
        {"ref": reference, **({"dependsOn": sorted(set(others))} if others else {})}
        for reference, others in edges.items()
    ]


def _read(found: dict[str, Any]) -> Component:
    properties = list(_properties(found))
    told = dict(properties)
    line = told.get("line")
    kind = re.match(r"pkg:(\w+)/", found["purl"])
    return Component(
        ecosystem=cast("Ecosystem", {"pypi": "PyPI", "npm": "npm"}[kind[1] if kind else ""]),
        name=f"{found['group']}/{found['name']}" if "group" in found else found["name"],
        version=found.get("version", ""),
        carriers=tuple(value for key, value in properties if key == "carrier"),
        where=Place(file=told["file"], line=int(line) if line else None) if "file" in told else None,
        via=told.get("via", ""),
        seen=cast("Seen", told["seen"]),
    )


def _properties(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for one in found["properties"]:
        yield one["name"].removeprefix(_PREFIX), one["value"]
