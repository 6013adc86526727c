"""CloudFormation's short tags, and their long form.

`!Sub text` in YAML is `{"Fn::Sub": text}` in JSON. `spec.yaml` writes every template the long way, so that whoever
reads a template afterwards knows one spelling.
"""

from __future__ import annotations

_FUNCTIONS = (
    "And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "ForEach", "GetAtt",
    "GetAZs", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select", "Split", "Sub",
    "ToJsonString", "Transform", "ValueOf", "ValueOfAll",
)  # fmt: skip

LONG_FORM = {"!Ref": "Ref", "!Condition": "Condition", **{f"!{name}": f"Fn::{name}" for name in _FUNCTIONS}}
"""Short tag to the key of its long form."""


def argument(tag: str, value: object) -> object:
    """What the long form of a tag holds, given what was written after the tag.

    `!GetAtt Table.Arn` is split at its first dot, as CloudFormation does (`Nested.Outputs.Name` names one attribute).
    """
    if tag == "!GetAtt" and isinstance(value, str):
        return list(value.split(".", 1))
    return value
