"""What stands in the sandbox of a configuration: the application that reads the values, with these laid out beside it.

Beside `configuration`, which reads the values. They become resources of the very stack that is made for the sandbox, so
that they come, change and go with it, by the same lease, and are found by the same proof. Their names begin with the
sandbox's, since another branch may try others in the same account.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from shoreward.app.ports import Blobs
from shoreward.domain import Parameter, Profile, Revision, Target, Values, canonical, digest_of

_STANDARD = 4_096
"""Bytes that a parameter of the standard tier holds."""

Resource = dict[str, Any]


def trial_of(reader: Revision, values: Revision, first: Target, blobs: Blobs) -> Revision:
    """The revision of a sandbox, of that of the application which reads and that of what it reads.

    Args:
        first: where customers will meet the values first; where targets differ, its values are tried.
    """
    tried = Values.unpacked(blobs.get(values.template)).of(first)
    template = laid_out(json.loads(blobs.get(reader.template)), tried)
    digest = digest_of("trial", reader.digest, values.digest)
    return replace(reader, digest=digest, template=blobs.put(canonical(template)))


def laid_out(template: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """A rendered template with values as resources of its own.

    `/shop/limit` is called `/SANDBOX/shop/limit`, and the application `shop` of AppConfig `SANDBOX-shop`. Secrets are
    not laid out: CloudFormation makes none.
    """
    made = {_id(one.name): _parameter(one) for one in values.parameters if not one.secret}
    made |= dict(_profiles(values.profiles))
    return {**template, "Resources": {**template["Resources"], **made}}


def _parameter(one: Parameter) -> Resource:
    tier = {"Tier": "Intelligent-Tiering"} if len(one.value.encode()) > _STANDARD else {}
    name = _sub(f"/${{AWS::StackName}}/{one.name.strip('/')}")
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": one.type, "Value": one.value, **tier}}


def _profiles(profiles: tuple[Profile, ...]) -> Iterator[tuple[str, Resource]]:
    """Each in an environment of its application; an environment deploys one profile at a time, so they wait in line."""
    strategy = _id("strategy")
    before: dict[str, str] = {}
    for one in profiles:
        application, environment = _id(one.application), _id(one.application, one.environment)
        profile, version, deployment = (_id(one.name, part) for part in ("profile", "version", "deployment"))
        named = {"ApplicationId": {"Ref": application}}
        yield strategy, _of("DeploymentStrategy", Name=_sub("${AWS::StackName}"), **_AT_ONCE)
        yield application, _of("Application", Name=_sub(f"${{AWS::StackName}}-{one.application}"))
        yield environment, _of("Environment", **named, Name=_sub(one.environment), DeletionProtectionCheck="BYPASS")
        kind = "AWS.AppConfig.FeatureFlags" if one.flags else "AWS.Freeform"
        yield (
            profile,
            _of(
                "ConfigurationProfile",
                **named,
                Name=_sub(one.profile),
                LocationUri="hosted",
                Type=kind,
                DeletionProtectionCheck="BYPASS",
            ),
        )
        content = {"Content": one.content, "ContentType": one.content_type}
        yield version, _of("HostedConfigurationVersion", **named, ConfigurationProfileId={"Ref": profile}, **content)
        made = _of(
            "Deployment",
            **named,
            EnvironmentId={"Ref": environment},
            ConfigurationProfileId={"Ref": profile},
            ConfigurationVersion={"Ref": version},
            DeploymentStrategyId={"Ref": strategy},
        )
        waits = {"DependsOn": [before[environment]]} if environment in before else {}
        yield deployment, {**made, **waits}
        before[environment] = deployment


_AT_ONCE = {"DeploymentDurationInMinutes": 0, "FinalBakeTimeInMinutes": 0, "GrowthFactor": 100, "ReplicateTo": "NONE"}


def _of(kind: str, **properties: Any) -> Resource:
    return {"Type": f"AWS::AppConfig::{kind}", "Properties": properties}


def _sub(name: str) -> dict[str, str]:
    """A name with what is known of a target only there."""
    return {"Fn::Sub": name.replace("{account}", "${AWS::AccountId}").replace("{region}", "${AWS::Region}")}


def _id(*parts: str) -> str:
    """A logical id that nothing else in a template has."""
    return f"ShorewardValue{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:12]}"
