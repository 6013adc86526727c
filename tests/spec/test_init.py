"""The first shoreward.yaml of a template that nobody has seen before."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.domain import Pipeline, SpecError, Suite
from shoreward.domain.checks import SuiteKind
from shoreward.spec._regions import PARTITIONS
from shoreward.spec.init import REGIONS, init
from shoreward.spec.load import load, parse

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Capacity: {Type: Number, Default: 5}
  Token: {Type: String, NoEcho: true}
Resources:
  TidesFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: tides/
      Events:
        Read: {Type: HttpApi, Properties: {Path: /tides, Method: get}}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  HighErrors:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmName: !Sub "${AWS::StackName}-${AWS::Region}-errors"}
  Unnamed: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: !Sub "${Stage}-errors"}}
"""


def folder(tmp_path: Path, template: str = TEMPLATE, config: str = "") -> Path:
    application = tmp_path / "Sand_castles 2"
    application.mkdir(exist_ok=True)
    (application / "template.yaml").write_text(template)
    if config:
        (application / "samconfig.toml").write_text(config)
    return application


def written(application: Path, text: str) -> Pipeline:
    (application / "shoreward.yaml").write_text(text)
    return load(application)


def test_it_loads_and_says_what_was_asked(tmp_path: Path):
    application = folder(tmp_path)
    regions = ["eu-north-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"]
    pipeline = written(application, init(application / "template.yaml", account="012345678901", regions=regions))
    assert (pipeline.application, pipeline.template) == ("Sand-castles-2", "template.yaml")
    assert [(target.account, target.region) for target in pipeline.targets] == [("012345678901", r) for r in regions]
    assert [len(wave.targets) for wave in pipeline.waves] == [1, 1, 1, 3]


def test_what_the_template_needs_is_listed_but_not_made_up(tmp_path: Path):
    text = init(folder(tmp_path) / "template.yaml", account="012345678901")
    assert '#   Stage: ""  # to be filled in: String, one of: dev, prod\n' in text
    assert "#   Token: " in text
    assert "Capacity" not in text
    assert parse(text).targets[0].parameters == ()


def test_functions_routes_and_alarms_of_the_template_are_suggested(tmp_path: Path):
    text = init(folder(tmp_path) / "template.yaml", account="012345678901")
    assert "#   - function: TidesFunction  # get /tides\n" in text
    assert '# alarms: ["{stack}-{region}-errors"]\n' in text


def test_what_is_suggested_loads_when_its_comment_signs_are_removed(tmp_path: Path):
    text = init(folder(tmp_path) / "template.yaml", account="012345678901")
    for line in ("parameters:", '  Stage: ""', '  Token: ""', "alarms: [", "probes:", "  - function", "    payload"):
        assert f"# {line}" in text
        text = text.replace(f"# {line}", line)
    pipeline = parse(text)
    assert pipeline.targets[0].parameters == (("Stage", ""), ("Token", ""))
    assert pipeline.alarms == ("{stack}-{region}-errors",)
    assert [probe.function for probe in pipeline.probes] == ["TidesFunction"]


def test_samconfig_gives_the_stack_the_region_and_parameters(tmp_path: Path):
    config = """\
[default.global.parameters]
stack_name = "beach-prod"
[default.deploy.parameters]
region = "sa-east-1"
parameter_overrides = 'Stage="prod" Other="x y"'
"""
    pipeline = parse(init(folder(tmp_path, config=config) / "template.yaml", account="012345678901"))
    assert pipeline.application == "beach-prod"
    assert [target.region for target in pipeline.targets] == ["sa-east-1", *REGIONS]
    assert pipeline.targets[0].parameters == (("Stage", "prod"),)


def test_without_an_account_the_blank_is_found_by_load(tmp_path: Path):
    text = init(folder(tmp_path) / "template.yaml")
    with pytest.raises(SpecError) as caught:
        parse(text)
    assert caught.value.code == "SPEC_ACCOUNT_ID"
    assert parse(text.replace('id: ""', 'id: "012345678901"')).targets[0].account == "012345678901"


def test_it_names_its_schema_without_any_address(tmp_path: Path):
    text = init(folder(tmp_path) / "template.yaml", account="012345678901")
    assert text.startswith("# yaml-language-server: $schema=.shoreward/schema.json\n")
    assert "http" not in text


@pytest.mark.parametrize(
    ("template", "config", "arguments", "code", "says"),
    [
        (TEMPLATE, "", {"account": "12"}, "SPEC_ACCOUNT_ID", "Give its 12 digits."),
        (TEMPLATE, "", {"regions": ["eu-nort-1"]}, "SPEC_REGION_UNKNOWN", "Did you mean 'eu-north-1'?"),
        (TEMPLATE, "[default", {}, "SPEC_SAMCONFIG", "This is not TOML"),
        ("a: 1\n", "", {}, "SPEC_TEMPLATE", "it has no Resources"),
        ("a: [\n", "", {}, "YAML_SYNTAX", "This is not YAML"),
    ],
)
def test_what_it_cannot_start_from_is_refused(
    tmp_path: Path, template: str, config: str, arguments: dict[str, str], code: str, says: str
):
    with pytest.raises(SpecError) as caught:
        init(folder(tmp_path, template, config) / "template.yaml", **arguments)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_no_template_is_said_plainly(tmp_path: Path):
    with pytest.raises(SpecError) as caught:
        init(tmp_path / "template.yaml")
    assert caught.value.code == "SPEC_TEMPLATE_MISSING"


@settings(deadline=None)
@given(st.lists(st.sampled_from(PARTITIONS["aws"]), min_size=1, max_size=34))
def test_any_regions_come_once_each_in_the_order_asked(tmp_path_factory: pytest.TempPathFactory, regions: list[str]):
    template = tmp_path_factory.mktemp("app") / "template.yaml"
    template.write_text(TEMPLATE)
    pipeline = parse(init(template, account="012345678901", regions=regions))
    assert [target.region for target in pipeline.targets] == list(dict.fromkeys(regions))


ODD = st.text("ab: #\n\"'{}[]!&*%@`\u0085\u2028é-", max_size=8)


@settings(deadline=None)
@given(ODD, ODD, ODD, st.text("ab #\n\u2028", max_size=8))
def test_odd_names_in_a_template_never_break_the_file(
    tmp_path_factory: pytest.TempPathFactory, parameter: str, function: str, path: str, stack: str
):
    template = tmp_path_factory.mktemp("app") / "template.yaml"
    event = {"Type": "Api", "Properties": {"Path": path, "Method": "get"}}
    resource = {"Type": "AWS::Lambda::Function", "Properties": {"Events": {"A": event}}}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": path}}
    content = {
        "Parameters": {parameter: {"Type": path, "AllowedValues": [path, 1]}},
        "Resources": {function or "F": resource, "alarm": alarm},
    }
    template.write_text(json.dumps(content), encoding="utf-8")
    (template.parent / "samconfig.toml").write_text(
        f"[default.deploy.parameters]\nstack_name = {json.dumps(stack)}\n", encoding="utf-8"
    )
    assert parse(init(template, account="012345678901")).template == "template.yaml"


def a_suite(kind: SuiteKind, command: str) -> Suite:
    return Suite(name=kind, kind=kind, command=command)


def test_what_will_be_checked_is_shown_and_a_sandbox_is_left_to_the_owner(tmp_path: Path):
    suites = (a_suite("unit", "python -m pytest\n  tests/unit"), a_suite("integration", "npm run it"))
    text = init(folder(tmp_path) / "template.yaml", account="012345678901", regions=["eu-north-1"], suites=suites)
    assert "#   unit: python -m pytest tests/unit\n" in text
    assert "#   integration: npm run it  (needs a sandbox)\n" in text
    checks = parse(text).checks
    assert checks is not None
    assert (checks.discover, checks.sandbox, checks.skip) == (True, None, ())
    planned = parse(text.replace("# sandbox: {", "sandbox: {")).checks
    assert planned is not None
    assert planned.sandbox is not None
    assert planned.sandbox.target.region == "eu-north-1"


def test_where_nothing_was_found_or_nobody_could_look_it_says_so(tmp_path: Path):
    template = folder(tmp_path) / "template.yaml"
    assert "none was found" in init(template, suites=())
    assert "once this is in a git repository" in init(template)


QUAYS = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Quay: {Type: AWS::Serverless::Function, Properties: {CodeUri: quay/}}
  Crane: {Type: AWS::Serverless::Function, Properties: {CodeUri: crane/}}
"""


@pytest.mark.parametrize(
    ("template", "proposed"),
    [
        (TEMPLATE, ["dynamic"]),  # a fault of its one function would be felt by nobody else
        (QUAYS, ["resilience"]),  # nobody outside can send anything
        (QUAYS + "  Door: {Type: AWS::Serverless::HttpApi}\n", ["resilience", "dynamic"]),
        (QUAYS.replace("quay/", "quay/, FunctionUrlConfig: {AuthType: NONE}"), ["resilience", "dynamic"]),
        (QUAYS.replace("  Crane", "  Url: {Type: AWS::Lambda::Url}\n# "), ["dynamic"]),
        ("Resources: {Sand: {Type: AWS::S3::Bucket}}\n", []),
    ],
)
def test_trials_in_the_sandbox_are_proposed_where_there_is_something_to_try(
    tmp_path: Path, template: str, proposed: list[str]
):
    text = init(folder(tmp_path, template) / "template.yaml", account="012345678901")
    assert [line for line in ("resilience", "dynamic") if f"  # {line}: {{}}\n" in text] == proposed
    # And what is proposed is what loads, once somebody wants it
    asked = text.replace("# sandbox: {", "sandbox: {")
    for each in proposed:
        assert f"docs/{each}.md" in text
        asked = asked.replace(f"# {each}: {{}}", f"{each}: {{}}")
    asked = (
        asked.replace("# probes:", "probes:").replace("#   - function", "  - function").replace("#     pay", "    pay")
    )
    checks = parse(asked).checks
    assert checks is not None
    assert [name for name in ("resilience", "dynamic") if getattr(checks, name) is not None] == proposed
