"""Every mistake is found at its place, named with its code, and answered with advice."""

import re

import jsonschema
import pytest

from shoreward.domain import Place, SpecError, SpecErrors
from shoreward.spec.load import parse
from shoreward.spec.schema import schema
from shoreward.spec.yaml import read_yaml

from .samples import COMPLETE, MINIMAL, MISTAKES, REFERENCE, ROOT, Mistake

VALIDATOR = jsonschema.Draft7Validator(schema())


def complaint(text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        parse(text, "shoreward.yaml")
    return caught.value


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_found_at_its_place_with_advice(mistake: Mistake):
    error = complaint(mistake.text)
    assert not isinstance(error, SpecErrors), str(error)
    assert (error.code, error.where) == (
        mistake.code,
        Place(file="shoreward.yaml", line=mistake.place[0], column=mistake.place[1]),
    )
    assert mistake.says in str(error)


@pytest.mark.parametrize("mistake", [m for m in MISTAKES if m.structural is not None], ids=str)
def test_the_json_schema_agrees_with_what_is_read(mistake: Mistake):
    document = read_yaml(mistake.text, "shoreward.yaml")
    assert VALIDATOR.is_valid(document.value) is not mistake.structural


@pytest.mark.parametrize("text", [MINIMAL, COMPLETE], ids=["minimal", "complete"])
def test_the_json_schema_accepts_what_is_right(text: str):
    VALIDATOR.validate(read_yaml(text, "shoreward.yaml").value)


def test_the_json_schema_is_a_json_schema():
    jsonschema.Draft7Validator.check_schema(schema())


def test_all_mistakes_of_a_file_are_reported_at_once_from_top_to_bottom():
    error = complaint(
        """\
aplication: sandcastles
accounts:
  main: {id: "1"}
waves:
  - name: first
    targets: [man/eu-north-1, main/eu-north-9]
    steps: [10]
    bake: {minimum: 5h}
"""
    )
    assert isinstance(error, SpecErrors)
    assert [(each.code, each.where.line) for each in error.errors if isinstance(each.where, Place)] == [
        ("SPEC_UNKNOWN_KEY", 1),
        ("SPEC_ACCOUNT_ID", 3),
        ("SPEC_ACCOUNT_UNKNOWN", 6),
        ("SPEC_REGION_UNKNOWN", 6),
        ("SPEC_PERCENT", 7),
        ("SPEC_DEADLINE", 8),
    ]


def test_a_mistake_in_the_defaults_is_reported_once_however_many_waves_inherit_it():
    text = MINIMAL + "  - {name: second, targets: [main/eu-west-1]}\ndefaults: {steps: [50%, 10%]}\n"
    assert not isinstance(complaint(text), SpecErrors)


def test_a_misspelt_key_is_not_also_reported_as_missing():
    assert "missing" not in str(complaint(MINIMAL.replace("application:", "applicaton:")))


def test_an_empty_file_says_what_belongs_there():
    error = complaint("# nothing yet\n")
    assert (error.code, error.next) == ("YAML_TOP_LEVEL", "Write a mapping: lines of `key: value`.")


def test_a_file_of_aliases_to_aliases_is_refused_before_it_fills_the_memory():
    levels = [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]\n" for i in range(1, 10)]
    error = complaint("l0: &l0 [a, b]\n" + "".join(levels))
    assert error.code == "YAML_TOO_LARGE"


def test_every_code_is_in_the_reference_and_the_reference_knows_no_other():
    sources = ROOT / "src" / "shoreward" / "spec"
    text = "".join(file.read_text(encoding="utf-8") for file in sources.glob("*.py"))
    raised = set(re.findall(r'"((?:SPEC|YAML)_[A-Z_]+)"', text))
    assert raised == set(re.findall(r"^\| `([A-Z_]+)` \|", REFERENCE, re.MULTILINE))
