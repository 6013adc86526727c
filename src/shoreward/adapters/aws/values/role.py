"""The role that a target account needs for a configuration, as a CloudFormation template.

Beside `bootstrap`, which makes those of an application. The role may write the parameters and deploy the profiles that
the pipeline names, and read what they are judged by. Nothing is made by CloudFormation, so there is no second role.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

from shoreward.adapters.aws.bootstrap import allow, check_names, deploy_role, get
from shoreward.domain import Configuration, ParameterSource, Pipeline

_OWN = "arn:${AWS::Partition}:%s:*:${AWS::AccountId}:%s"


def configuration_role_template(pipeline: Pipeline, trusted: str) -> str:
    """A CloudFormation template (YAML) of the role `shoreward-<application>-deploy`.

    Args:
        trusted: ARN of whoever runs Shoreward and may assume the role.

    Raises `UserError` (ROLE_NAMES) for a name that cannot be part of a role or an ARN.
    """
    check_names(pipeline.application, trusted)
    assert pipeline.configuration is not None
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What Shoreward needs in an account to write {pipeline.application}; once per account.",
        "Resources": {
            "DeployRole": deploy_role(pipeline.application, trusted, configuration_statements(pipeline.configuration))
        },
        "Outputs": {"DeployRole": {"Value": get("DeployRole", "Arn")}},
    }
    return yaml.safe_dump(template, sort_keys=False, width=120)


def configuration_statements(configuration: Configuration) -> list[dict[str, Any]]:
    """What the role may do; a test compares it with what the adapters call."""
    written = sorted({_parameter(one) for one in configuration.parameters})
    secrets = [one for one in configuration.parameters if one.secret]
    statements = [allow("Metrics", "cloudwatch:", "DescribeAlarms GetMetricData", "*")]
    if written:
        actions = (
            "AddTagsToResource DeleteParameter GetParameter GetParameters ListTagsForResource PutParameter "
            "RemoveTagsFromResource"
        )
        statements.append(allow("Parameters", "ssm:", actions, *(_OWN % ("ssm", name) for name in written)))
        statements.append(allow("ParameterList", "ssm:", "DescribeParameters", "*"))  # listing takes no resource
    if secrets:
        kept = sorted({f"parameter/{_pattern(one.secret.rpartition(':')[0]).lstrip('/')}" for one in secrets})
        statements.append(allow("Secrets", "ssm:", "GetParameter", *(_OWN % ("ssm", name) for name in kept)))
        keys = sorted({one.key for one in secrets if one.key.startswith("arn:")})
        if keys:
            statements.append(allow("Keys", "kms:", "Decrypt Encrypt", *keys))
    if configuration.profiles:
        # Applications, environments and profiles are known to IAM by ids that AWS gives them.
        actions = (
            "CreateConfigurationProfile CreateDeploymentStrategy CreateHostedConfigurationVersion "
            "DeleteConfigurationProfile DeleteHostedConfigurationVersion GetDeployment GetHostedConfigurationVersion "
            "ListApplications ListConfigurationProfiles ListDeploymentStrategies ListDeployments ListEnvironments "
            "ListHostedConfigurationVersions StartDeployment StopDeployment"
        )
        statements.append(allow("Profiles", "appconfig:", actions, _OWN % ("appconfig", "*")))
    return [*statements, *_judged(configuration)]


def laying_out(configuration: Configuration | None) -> list[dict[str, Any]]:
    """What CloudFormation may do to lay values out in a sandbox, beyond what it may for any stack."""
    if configuration is None or not configuration.profiles:
        return []
    return [allow("Profiles", "appconfig:", "*", _OWN % ("appconfig", "*"))]  # ids say nothing


def _judged(configuration: Configuration) -> Iterable[dict[str, Any]]:
    stacks = sorted({_pattern(one.stack) for one in configuration.judged_by if one.stack})
    functions = sorted({_pattern(one.function) for one in configuration.judged_by if one.function})
    if stacks:
        named = (_OWN % ("cloudformation", f"stack/{name}/*") for name in stacks)
        yield allow("JudgedStacks", "cloudformation:", "GetTemplate ListStackResources", *named)
    if functions:
        named = (_OWN % ("lambda", f"function:{name}") for name in functions)
        yield allow("JudgedFunctions", "lambda:", "GetFunctionConfiguration", *named)


def _parameter(one: ParameterSource) -> str:
    name = _pattern(one.name).strip("/")
    return f"parameter/{name}/*" if one.tree else f"parameter/{name}"


def _pattern(name: str) -> str:
    return re.sub(r"\{\w+\}", "*", name)
