"""Two aliases of one name on one function are found before anything is begun."""

import pytest

from shoreward.domain import SpecError

from .support import HEAD, rendered

SAM = "{Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b, Runtime: python3.12%s}}"
PLAIN = "{Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}, Handler: a.b, Runtime: python3.12, Role: r%s}}"


def function(kind: str, **properties: str) -> str:
    return f"  F: {kind % ''.join(f', {name}: {value}' for name, value in properties.items())}\n"


def alias(resource: str, of: str = "!Ref F", name: str = "live", condition: str = "") -> str:
    condition = f", Condition: {condition}" if condition else ""
    given = f"{{FunctionName: {of}, Name: {name}, FunctionVersion: '1'}}"
    return f"  {resource}: {{Type: AWS::Lambda::Alias{condition}, Properties: {given}}}\n"


REFUSED = {
    "beside AutoPublishAlias": function(SAM, AutoPublishAlias="live") + alias("A"),
    "beside the one that a release adds": function(SAM) + alias("A"),
    "beside one of a name of its own": function(SAM, AutoPublishAlias="prod") + alias("A", name="prod"),
    "two by hand": function(PLAIN) + alias("B") + alias("A"),
    "by the function's ARN": function(SAM) + alias("A", of="!GetAtt F.Arn"),
    "by a text that is put together": function(SAM) + alias("A", of="!Sub '${F.Arn}'"),
    "by the function's name": function(PLAIN, FunctionName="greeter") + alias("B") + alias("A", of="greeter"),
    "by its name in a parameter": function(SAM, FunctionName="!Ref Name") + alias("A", of="greeter"),
    "a name in a parameter": function(SAM) + alias("A", name="!Ref Alias"),
    "by an ARN written out": function(SAM, FunctionName="greeter")
    + alias("A", of="'arn:aws:lambda:us-east-1:111122223333:function:greeter'"),
    "on a function of another stack": function(SAM)
    + alias("B", of="!ImportValue other")
    + alias("A", of="!ImportValue other"),
    "on the same condition": function(PLAIN) + alias("B", condition="Prod") + alias("A", condition="Prod"),
    "on a condition beside one without": function(SAM) + alias("A", condition="Prod"),
}
ALLOWED = {
    "of another name": function(SAM) + alias("A", name="preview"),
    "of another function": function(SAM) + alias("A", of="greeter"),
    "of functions named by two outputs": function(SAM)
    + "  Made: {Type: Custom::Names, Properties: {ServiceToken: x}}\n"
    + alias("A", of="!GetAtt Made.First")
    + alias("B", of="!GetAtt Made.Second"),
    "of a name that begins alike": function(SAM) + alias("A", of="!Sub '${F}-other'"),
    "where never both are made": function(PLAIN) + alias("B", condition="Prod") + alias("A", condition="Test"),
}
MORE = """\
Parameters:
  Name: {Type: String, Default: greeter}
  Alias: {Type: String, Default: live}
Conditions:
  Prod: !Equals [!Ref Name, greeter]
  Test: !Not [!Condition Prod]
Resources:
"""


@pytest.mark.parametrize("resources", REFUSED.values(), ids=REFUSED)
def test_a_second_alias_of_the_same_name_is_refused_at_its_line(resources: str) -> None:
    with pytest.raises(SpecError) as error:
        rendered(MORE + resources)
    assert error.value.code == "TEMPLATE_DUPLICATE_ALIAS"
    (line,) = [number for number, text in enumerate((HEAD + MORE + resources).splitlines(), 1) if text[:4] == "  A:"]
    assert getattr(error.value.where, "line", None) == line
    assert "A is a second alias" in error.value.what


@pytest.mark.parametrize("resources", ALLOWED.values(), ids=ALLOWED)
def test_aliases_that_differ_are_left_alone(resources: str) -> None:
    assert "A" in rendered(MORE + resources).template["Resources"]
