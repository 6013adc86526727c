"""CloudFormation types that do nothing here: recorded, so that a template deploys, with a warning in the log.

Only this explicit list; any other unknown type still fails the stack, as a misspelt one should.
Seam: the table of CloudFormation resource handlers.
"""

import logging
import uuid
from collections.abc import Callable
from typing import Any

from shoreward.cloud import seam

log = logging.getLogger("shoreward.cloud.cloudformation")

# Each with the property that names it (its Ref), where it has one.
RECORDED_ONLY: dict[str, str] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "ResourceId",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::ApplicationInsights::Application": "ResourceGroupName",
    "AWS::ApplicationSignals::ServiceLevelObjective": "Name",
    "AWS::Chatbot::SlackChannelConfiguration": "ConfigurationName",
    "AWS::CloudTrail::Trail": "TrailName",
    "AWS::CloudWatch::AnomalyDetector": "",
    "AWS::CloudWatch::InsightRule": "RuleName",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentConfig": "DeploymentConfigName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::EventSchemas::Discoverer": "",
    "AWS::EventSchemas::Registry": "RegistryName",
    "AWS::EventSchemas::Schema": "SchemaName",
    "AWS::Events::Archive": "ArchiveName",
    "AWS::Events::EventBusPolicy": "StatementId",
    "AWS::IAM::ServiceLinkedRole": "",
    "AWS::Kinesis::StreamConsumer": "ConsumerName",
    "AWS::Lambda::CodeSigningConfig": "",
    "AWS::Logs::QueryDefinition": "Name",
    "AWS::ResourceGroups::Group": "Name",
    "AWS::SNS::TopicInlinePolicy": "",
    "AWS::SQS::QueueInlinePolicy": "",
    "AWS::ServerlessRepo::Application": "Name",
    "AWS::ServiceCatalogAppRegistry::Application": "Name",
    "AWS::ServiceCatalogAppRegistry::ResourceAssociation": "",
    "AWS::Synthetics::Canary": "Name",
    "AWS::SSM::Document": "Name",
    "AWS::WAFv2::WebACLAssociation": "",
    "AWS::XRay::Group": "GroupName",
    "AWS::XRay::SamplingRule": "",
}


def apply() -> None:
    """Add the listed types that the emulator does not have by itself."""
    provisioners = seam.service("cloudformation.provisioners")
    table: dict[str, Any] = provisioners._RESOURCE_HANDLERS
    for resource_type, name in RECORDED_ONLY.items():
        if resource_type not in table:
            table[resource_type] = {"create": _create(resource_type, name), "update": _update, "delete": _delete}


def _create(resource_type: str, name: str) -> Callable[[str, dict[str, Any], str], tuple[str, dict[str, Any]]]:
    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        log.warning(
            "%s (%s in %s) is recorded only: the embedded cloud does nothing with it",
            resource_type,
            logical_id,
            stack_name,
        )
        given = props.get(name) if name else None
        physical = str(given or f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}")
        service = resource_type.split("::")[1].lower()
        responses = seam.core("responses")
        arn = f"arn:aws:{service}:{responses.get_region()}:{responses.get_account_id()}:{physical}"
        return physical, {"Arn": arn, "Id": physical, "Name": physical}

    return create


def _update(physical_id: str, _old: dict[str, Any], _new: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
    return physical_id, {"Arn": physical_id, "Id": physical_id, "Name": physical_id}


def _delete(physical_id: str, _props: dict[str, Any]) -> None:
    del physical_id
