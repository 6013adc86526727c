"""What SAM made of a template is remembered, and is the same as if it were made again."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shoreward.domain import SpecError
from shoreward.spec.template import Rendered, find_assets, parameter_values, read_template, render

from .support import FILE, HEAD, digest

BEACH = """
Resources:
  Tools:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: tools, CompatibleRuntimes: [python3.12]}
  Tide:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: tide
      Handler: a.b
      Runtime: python3.12
      Layers: [!Ref Tools]
      Events: {Ask: {Type: Api, Properties: {Path: /tide, Method: get}}}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Code: plain, Handler: a.b, Runtime: python3.12, Role: !GetAtt TideRole.Arn}
"""


class Memory:
    """Remembers as JSON, as a disk would."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.recalled = 0

    def recall(self, key: str) -> Any:
        if key not in self.kept:
            return None
        self.recalled += 1
        return json.loads(self.kept[key])

    def remember(self, key: str, value: Any) -> None:
        self.kept[key] = json.dumps(value)


def made(code: Mapping[str, str], memory: Memory | None = None, text: str = BEACH, **parameters: str) -> Rendered:
    template = read_template(HEAD + text, FILE)
    values = parameter_values(template, [("here", parameters)])
    assets = find_assets(template, values)
    digests = {asset.logical_id: digest(code.get(asset.logical_id, "")) for asset in assets}
    return render(template, values, assets, digests, lambda path: None, memory)


def test_an_edit_of_code_asks_sam_nothing_and_renders_the_same() -> None:
    memory, edited = Memory(), {"Tide": "v2", "Plain": "v2"}
    first = made({}, memory)
    again = made(edited, memory)
    assert (len(memory.kept), memory.recalled) == (1, 1)
    assert again == made(edited)
    assert again != first


@pytest.mark.parametrize(
    ("old", "new"), [("/tide", "/tides"), ("python3.12]", "python3.13]"), ("Handler: a.b", "Handler: a.c")]
)
def test_whatever_else_is_edited_is_told_to_sam(old: str, new: str) -> None:
    memory, text = Memory(), BEACH.replace(old, new)
    made({}, memory)
    assert made({}, memory, text) == made({}, text=text)
    assert (len(memory.kept), memory.recalled) == (2, 0)


def test_sam_is_told_new_layers_for_it_names_them_after_their_content() -> None:
    memory, edited = Memory(), {"Tools": "v2"}
    made({}, memory)
    assert made(edited, memory) == made(edited)
    assert (len(memory.kept), memory.recalled) == (2, 0)


def test_a_template_that_sam_refuses_is_refused_again() -> None:
    memory, text = Memory(), BEACH.replace("CodeUri: tide", "CodeUri: tide\n      Memorysize: 128")
    for _ in range(2):
        with pytest.raises(SpecError) as refused:
            made({}, memory, text)
        assert refused.value.code == "TEMPLATE_PROPERTY_UNKNOWN"
    assert not memory.kept


@pytest.mark.parametrize("broken", [None, [], {}, "text", {"Resource": {}}])
def test_what_is_no_template_is_not_taken_from_the_memory(broken: object) -> None:
    memory = Memory()
    whole = made({}, memory)
    memory.kept = dict.fromkeys(memory.kept, json.dumps(broken))
    assert made({}, memory) == whole
