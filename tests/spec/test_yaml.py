"""YAML and JSON become plain values that know where they were written."""

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.domain import Place, SpecError, SpecErrors
from shoreward.spec.yaml import read_yaml


def value(text: str) -> object:
    return read_yaml(f"it: {text}\n", "f.yaml").value["it"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((word, word) for word in ("yes", "no", "on", "off", "y", "N", "Yes", "NO")),
        *((word, word) for word in ("2012-10-17", "2026-07-01T10:00:00Z", "1:30", "0777", "012345678901", "1_000")),
        *((word, word) for word in ("0x", "0b11", "+", "-x", ".", "1.2.3", "10%", "=", "١٢")),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("123456789012", 123456789012),
        ("0o17", 15),
        ("0xFF", 255),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", float("-inf")),
        ('"12"', "12"),
        ("'true'", "true"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
        ("|\n  a\n  b", "a\nb\n"),
    ],
)
def test_scalars_are_what_they_look_like(text: str, meant: object):
    found = value(text)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Table", {"Ref": "Table"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Table.Arn", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!GetAtt Nested.Outputs.Url", {"Fn::GetAtt": ["Nested", "Outputs.Url"]}),
        ("!GetAtt [Table, Arn]", {"Fn::GetAtt": ["Table", "Arn"]}),
        ("!Sub '${Stage}-x'", {"Fn::Sub": "${Stage}-x"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Select [0, !GetAZs {Ref: R}]", {"Fn::Select": [0, {"Fn::GetAZs": {"Ref": "R"}}]}),
        ("!If [A, !Ref B, !Ref 'AWS::NoValue']", {"Fn::If": ["A", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}),
        ("!Transform {Name: X, Parameters: {a: 1}}", {"Fn::Transform": {"Name": "X", "Parameters": {"a": 1}}}),
    ],
)
def test_short_tags_take_their_long_form(short: str, long: object):
    assert value(short) == long


def test_every_function_of_cloudformation_has_its_short_tag():
    names = (
        "And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString"
        " Transform"
    )
    for name in names.split():
        assert value(f"!{name} [a, b]") == {f"Fn::{name}": ["a", "b"]}


def test_keys_are_text_as_they_are_written():
    assert list(read_yaml("200: a\non: b\nnull: c\n'': d\n1.10: e\n", "f").value) == ["200", "on", "null", "", "1.10"]


def test_aliases_and_merges_give_everyone_a_value_of_their_own():
    document = read_yaml("base: &b {x: [1], y: 2}\none:\n  <<: *b\n  y: 3\ntwo: *b\nall: {<<: [{y: 9}, *b]}\n", "f")
    assert document.value["one"] == {"x": [1], "y": 3}
    assert document.value["all"] == {"x": [1], "y": 9}
    document.value["one"]["x"].append("changed")
    assert document.value["two"] == {"x": [1], "y": 2}
    assert document.place(("one", "x", 0)) == Place(file="f", line=1, column=15)
    assert document.place(("one", "y")) == Place(file="f", line=4, column=6)


TEMPLATE = """\
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {TABLE: !Ref Table}}
      Policies:
        - Statement: !Sub
            - "${a}"
            - a: !GetAtt Table.Arn
"""


@pytest.mark.parametrize(
    ("path", "key", "line", "column"),
    [
        ((), False, 1, 1),
        (("Resources", "Function"), True, 2, 3),
        (("Resources", "Function"), False, 3, 5),
        (("Resources", "Function", "Type"), False, 3, 11),
        (("Resources", "Function", "Properties", "Environment", "Variables", "TABLE"), False, 5, 40),
        (("Resources", "Function", "Properties", "Environment", "Variables", "TABLE", "Ref"), False, 5, 40),
        (("Resources", "Function", "Properties", "Policies", 0, "Statement", "Fn::Sub", 1, "a"), True, 9, 15),
        (("Resources", "Function", "Properties", "Policies", 0, "Statement", "Fn::Sub", 1, "a"), False, 9, 18),
        (("Resources", "Function", "Properties", "CodeUri"), False, 5, 7),
        (("Resources", "Function", "Properties", "CodeUri", "Bucket"), True, 5, 7),
        (("Resources", "Nothing", "At", "All"), False, 2, 3),
        (("Resources", "Function", "Properties", "Policies", 7), False, 7, 9),
    ],
)
def test_every_value_and_key_has_a_place_and_what_is_absent_the_nearest(
    path: tuple[str | int, ...], key: bool, line: int, column: int
):
    assert read_yaml(TEMPLATE, "t.yaml").place(path, key=key) == Place(file="t.yaml", line=line, column=column)


def test_places_count_characters_and_any_line_ends():
    document = read_yaml('"é😀": 1\r\nb: [2, "é", 3]\r\n', "f")
    assert document.place(("b", 2)) == Place(file="f", line=2, column=13)


def test_a_scalar_can_be_had_as_it_was_written():
    document = read_yaml("a: 1.10\nb: '7'\nc: [x]\nd:\n", "f")
    assert [document.text((key,)) for key in ("a", "b", "c", "d", "e")] == ["1.10", "7", None, "", None]
    assert [document.has((key,)) for key in ("a", "d", "e")] == [True, True, False]


def test_json_with_tabs_escapes_and_pairs_of_surrogates_is_read():
    text = '{\n\t"a": "\\ud83d\\ude00 \\/ \\\\ud83d\\\\ude00 \\u00e9",\n\t"b": [1.5e3, -2, true, null]\n}\n'
    document = read_yaml(text, "t.json")
    assert document.value == json.loads(text)
    assert document.place(("b",)) == Place(file="t.json", line=3, column=7)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab<é\n", max_size=4), inner, max_size=4),
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc<=!&* ", max_size=5), JSON, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_any_json_means_what_it_means_to_json(content: dict[str, object], indent: int | str | None):
    assert read_yaml(json.dumps(content, indent=indent), "t.json").value == content


@settings(deadline=None)
@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=5), st.lists(st.text("ab'\"\n:#- ", max_size=8)), max_size=4)
)
def test_any_yaml_of_text_means_what_it_means_to_others(content: dict[str, object]):
    assert read_yaml(yaml.safe_dump(content), "f").value == content


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "says"),
    [
        ("", "YAML_TOP_LEVEL", 1, 1, "The file is empty."),
        ("- a\n", "YAML_TOP_LEVEL", 1, 1, "not a mapping"),
        ("a: !Reff x\n", "YAML_TAG", 1, 4, "Did you mean '!Ref'?"),
        ("a: !!binary eA==\n", "YAML_TAG", 1, 4, "'eA==' is no !!binary."),
        ("a: !!set {x}\n", "YAML_TAG", 1, 4, "!!set"),
        ("a: !!int x\n", "YAML_TAG", 1, 4, "'x' is no !!int."),
        ("a: 'open\nb: 1\n", "YAML_SYNTAX", 1, 4, "unexpected end of stream"),
        ("a: {b: [1, 2\n", "YAML_SYNTAX", 1, 8, "flow sequence"),
        ("a: b: c\n", "YAML_SYNTAX", 1, 5, "mapping values are not allowed"),
        ("a: caf\ud800\n", "YAML_CHARACTER", 1, 7, "U+D800"),
        ("a: &x 1\nb: *y\n", "YAML_ALIAS", 2, 4, "no anchor &y above. Known here: x."),
        ("a: " + "[" * 300_000, "YAML_TOO_DEEP", 1, 104, "more than 100 levels"),
    ],
)
def test_what_is_no_document_is_refused_at_its_place(text: str, code: str, line: int, column: int, says: str):
    with pytest.raises(SpecError) as caught:
        read_yaml(text, "f")
    assert (caught.value.code, caught.value.where) == (code, Place(file="f", line=line, column=column))
    assert says in str(caught.value)


def test_several_mistakes_are_reported_together():
    with pytest.raises(SpecErrors) as caught:
        read_yaml("a: !Nope 1\nb: 1\nb: 2\nc: [\n", "f")
    assert [error.code for error in caught.value.errors] == ["YAML_TAG", "YAML_DUPLICATE_KEY", "YAML_SYNTAX"]
