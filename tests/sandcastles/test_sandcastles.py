"""The example application stands on its own: its unit tests pass, and AWS's own translator understands its template."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from shoreward.spec.load import parse

SANDCASTLES = Path(__file__).parents[2] / "examples" / "sandcastles"
FUNCTIONS = ("TidesFunction", "CastlesFunction", "ContestFunction")


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    return yaml_parse((SANDCASTLES / "template.yaml").read_text())


@pytest.fixture(scope="module")
def translated() -> dict[str, Any]:
    """What CloudFormation gets to see, were the functions' code packaged to a bucket."""
    template = yaml_parse((SANDCASTLES / "template.yaml").read_text())
    for name in FUNCTIONS:
        template["Resources"][name]["Properties"]["CodeUri"] = f"s3://bucket/{name}.zip"
    session = boto3.Session(region_name="eu-north-1", aws_access_key_id="none", aws_secret_access_key="none")
    return Translator({}, Parser(), boto_session=session).translate(template, {})


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    found = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def test_its_unit_tests_pass() -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=SANDCASTLES,
        env=clean | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^\d\d+ passed", run.stdout, re.MULTILINE)


def test_every_function_has_a_live_alias_for_its_version(translated: dict[str, Any]) -> None:
    aliases = of_type(translated, "AWS::Lambda::Alias").values()

    assert sorted(alias["FunctionName"]["Ref"] for alias in aliases) == sorted(FUNCTIONS)
    assert {alias["Name"] for alias in aliases} == {"live"}
    assert len(of_type(translated, "AWS::Lambda::Version")) == len(FUNCTIONS)


def test_its_routes_call_the_live_aliases(translated: dict[str, Any]) -> None:
    [api] = of_type(translated, "AWS::ApiGatewayV2::Api").values()
    routes = {
        (method, path): integration["x-amazon-apigateway-integration"]
        for path, methods in api["Body"]["paths"].items()
        for method, integration in methods.items()
    }

    assert routes.keys() == {("get", "/tides/{beach}"), ("get", "/castles/{id}"), ("put", "/castles/{id}")}
    assert {integration["payloadFormatVersion"] for integration in routes.values()} == {"2.0"}
    assert all("Aliaslive" in str(integration["uri"]) for integration in routes.values())


def test_its_jury_reads_the_queue_through_the_live_alias(translated: dict[str, Any]) -> None:
    [source] = of_type(translated, "AWS::Lambda::EventSourceMapping").values()

    assert source["FunctionName"] == {"Ref": "ContestFunctionAliaslive"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def actions(role: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in statement["Action"]:
                yield action, str(statement["Resource"])


def test_its_functions_may_do_no_more_than_they_need(translated: dict[str, Any]) -> None:
    roles = of_type(translated, "AWS::IAM::Role")
    granted = {name: dict(actions(role)) for name, role in roles.items()}

    assert granted["TidesFunctionRole"] == {}
    assert Counter(action.split(":")[0] for action in granted["ContestFunctionRole"]).keys() == {"dynamodb"}
    assert Counter(action.split(":")[0] for action in granted["CastlesFunctionRole"]).keys() == {"dynamodb", "sqs"}
    for grants in granted.values():
        # SAM's own policy for sending to a queue says SendMessage*; a whole service is never granted.
        assert not any(action.endswith(":*") or resource == "*" for action, resource in grants.items())


def test_its_handlers_exist(source: dict[str, Any]) -> None:
    for name in FUNCTIONS:
        properties = source["Resources"][name]["Properties"]
        module, _, function = properties["Handler"].partition(".")
        code = (SANDCASTLES / properties["CodeUri"] / f"{module}.py").read_text()
        assert f"\ndef {function}(event, context):" in code


def test_its_outputs_name_what_a_tester_needs(source: dict[str, Any]) -> None:
    assert source["Outputs"]["ApiUrl"]["Value"] == {
        "Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com",
    }
    assert source["Outputs"].keys() == {
        "ApiUrl",
        "TidesFunctionName",
        "CastlesFunctionName",
        "ContestFunctionName",
        "CastlesTableName",
        "ContestQueueUrl",
        "ContestDeadLettersUrl",
    }


def test_it_knows_nothing_of_us() -> None:
    files = [path for path in SANDCASTLES.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    told = [path.name for path in files if "shoreward" in path.read_text().lower()]

    assert len(files) > 10
    assert set(told) <= {"shoreward.yaml"}


def test_what_it_leaves_out_for_the_demo_is_a_pipeline_too() -> None:
    head, marked, rest = (SANDCASTLES / "shoreward.yaml").read_text().partition("# checks:\n")
    assert marked
    checks = parse(head + "".join(line.removeprefix("# ") for line in (marked + rest).splitlines(keepends=True))).checks
    assert checks is not None
    assert checks.sandbox is not None
    assert checks.resilience is not None
    assert checks.dynamic is not None
    assert {fault.function for fault in checks.resilience.faults} <= {*FUNCTIONS}
