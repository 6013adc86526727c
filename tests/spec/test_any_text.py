"""No text whatever makes reading end in anything but a pipeline or a complaint with a place in it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.domain import Pipeline, Place, SpecError, SpecErrors
from shoreward.spec.load import parse
from shoreward.spec.yaml import read_yaml

from .samples import COMPLETE

FRAGMENTS = (
    *(
        "%",
        "!",
        "&a",
        "*a",
        "*b",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ": ",
        ", ",
        "\n",
        "\n  ",
        "\t",
        "'",
        '"',
        "|",
        ">",
        "#",
        "? ",
    ),
    *(
        "<<: ",
        "~",
        "null",
        "0",
        "9" * 400,
        "1e999",
        ".nan",
        "!!int ",
        "!!binary ",
        "!Ref ",
        "---",
        "...",
        "\ufeff",
        "\r",
    ),
    *("\x85", "\u2028", "\ud800", "\\u", "\\ud83d\\ude00", "é", "\U0001f600", "{stack}", "100%", "10m", "\x00"),
)


def read(text: str) -> None:
    try:
        result = parse(text)
    except SpecError as complaint:
        errors = complaint.errors if isinstance(complaint, SpecErrors) else (complaint,)
        lines = (
            text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029") + 1
        )
        for error in errors:
            assert isinstance(error.where, Place)
            assert error.where.line is not None
            assert 1 <= error.where.line <= lines + 1
            assert error.where.column is not None
            assert error.where.column >= 1
            assert error.what.endswith((".", "?"))
    else:
        assert isinstance(result, Pipeline)


@settings(deadline=None, max_examples=400)
@given(st.text())
def test_any_text(text: str):
    read(text)


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(FRAGMENTS) | st.sampled_from(COMPLETE.split()), max_size=30).map("".join))
def test_text_that_looks_like_yaml(text: str):
    read(text)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    text = COMPLETE
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        until = min(len(text), at + draw(st.integers(0, 12)))
        text = text[:at] + draw(st.sampled_from(FRAGMENTS) | st.text(max_size=5) | st.just("")) + text[until:]
    return text


@settings(deadline=None, max_examples=400)
@given(mutations())
def test_a_right_file_with_something_overwritten(text: str):
    read(text)


VALUES = st.sampled_from(
    ["", "[]", "{}", "3", "-1.5", "true", "text", "[[]]", "{a: b}", "[{a: [1]}]", "10%", "5m", "main/eu-north-1", '""']
)


@settings(deadline=None, max_examples=400)
@given(st.integers(0, COMPLETE.count(": ") - 1), VALUES)
def test_a_right_file_with_a_value_of_another_kind(index: int, value: str):
    parts = COMPLETE.split(": ")
    rest = parts[index + 1]
    end = min((rest.find(mark) for mark in (",", "}", "\n") if mark in rest), default=len(rest))
    parts[index + 1] = value + rest[end:]
    read(": ".join(parts))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join))
def test_a_template_of_any_text(text: str):
    try:
        kind = type(read_yaml(text, "template.yaml").value)
    except SpecError as complaint:
        kind = complaint.code[:5]
    assert kind in (dict, "YAML_")
