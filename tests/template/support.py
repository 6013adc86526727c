"""Renders texts as the builder would, with made-up digests for code that is not there."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from shoreward.spec.template import Rendered, find_assets, parameter_values, read_template, render

HEAD = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
"""
FILE = "app/template.yaml"


def rendered(
    text: str,
    *,
    parameters: Sequence[Mapping[str, str]] = ({},),
    code: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    head: str = HEAD,
) -> Rendered:
    template = read_template(head + text, FILE)
    values = parameter_values(template, [(f"target {index}", given) for index, given in enumerate(parameters)])
    assets = find_assets(template, values)
    digests = {asset.logical_id: digest((code or {}).get(asset.logical_id, "")) for asset in assets}
    contents = {path: content.encode() for path, content in (files or {}).items()}
    return render(template, values, assets, digests, contents.get)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def versions(made: Rendered) -> dict[str, str]:
    return {function.logical_id: function.version_id for function in made.functions}


def resource(made: Rendered, name: str) -> dict[str, Any]:
    return made.template["Resources"][name]["Properties"]


def of_type(made: Rendered, kind: str) -> dict[str, dict[str, Any]]:
    found = made.template["Resources"].items()
    return {name: one.get("Properties", {}) for name, one in found if one["Type"] == kind}


def codes(made: Rendered) -> list[tuple[str, str | None]]:
    return [(note.code, note.resource) for note in made.notes]
