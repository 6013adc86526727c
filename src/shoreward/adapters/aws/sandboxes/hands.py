"""Removing one thing of a sandbox: what keeps a service from deleting it is taken away first, for it is a sandbox's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.adapters.aws.sandboxes.kinds import (
    BUCKET,
    BY_TYPE,
    LAYER,
    POLICY,
    REPOSITORY,
    ROLE,
    RULE,
    TABLE,
    USER_POOL,
    Kind,
)
from shoreward.app.sandboxes import Thing
from shoreward.domain import Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_BATCH = 1_000
"""Objects that S3 deletes in one request."""

_ABSENT = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchUpload",
        "NonExistentQueue",
        "NotFound",
        "NotFoundException",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "RepositoryNotFoundException",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
    }
)


def unblock(aws: Aws, target: Target, thing: Thing) -> None:
    """Take away what keeps a thing from being deleted: content, protection, and what is attached to it.

    Harmless for what is gone, and for types that nothing holds.
    """
    if (act := _UNBLOCK.get(thing.type)) is not None:
        _unless_absent(lambda: act(aws, target, thing.id))


def take_away(aws: Aws, target: Target, thing: Thing) -> bool:
    """Remove a thing; False for a type that nobody here knows how to remove. Harmless for what is gone."""
    kind = BY_TYPE.get(thing.type)
    if kind is None:
        return False
    unblock(aws, target, thing)
    client = aws.sessions.client(kind.service, target)
    _unless_absent(lambda: aws.call(target, getattr(client, kind.removal), **_arguments(kind, thing)))
    return True


def _arguments(kind: Kind, thing: Thing) -> dict[str, Any]:
    if kind.type == LAYER:
        layer, version = thing.id.split(":")[-2:]
        return {"LayerName": layer, "VersionNumber": int(version)}
    if kind.type == RULE:
        return _rule(thing.id)
    return {kind.argument: [thing.id] if kind.several else thing.id, **kind.adds}


def _rule(physical: str) -> dict[str, str]:
    bus, _, name = physical.rpartition("|")
    return {"Name": name, **({"EventBusName": bus} if bus else {})}


def _unless_absent(act: Callable[[], object]) -> None:
    try:
        act()
    except Terminal as error:
        if code_of(error) not in _ABSENT and "does not exist" not in message_of(error):
            raise


def _empty_bucket(aws: Aws, target: Target, bucket: str) -> None:
    """Delete all versions, delete markers and unfinished uploads; what is written meanwhile, too."""
    s3 = aws.s3(target)
    while True:
        page = aws.call(target, s3.list_object_versions, Bucket=bucket, MaxKeys=_BATCH)
        found: list[ObjectIdentifierTypeDef] = [
            {"Key": one.get("Key", ""), "VersionId": one.get("VersionId", "null")}
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if not found:
            break
        answer = aws.call(target, s3.delete_objects, Bucket=bucket, Delete={"Objects": found, "Quiet": True})
        if errors := answer.get("Errors"):
            one = errors[0]
            what = f"{len(errors)} objects of {bucket} cannot be deleted: {one.get('Code')}: {one.get('Message')}"
            raise Terminal("BUCKET_NOT_EMPTIED", what, where=target.key, next="See what locks them, and delete them.")
    while uploads := aws.call(target, s3.list_multipart_uploads, Bucket=bucket).get("Uploads"):
        for upload in uploads:
            aws.call(
                target,
                s3.abort_multipart_upload,
                Bucket=bucket,
                Key=upload.get("Key", ""),
                UploadId=upload.get("UploadId", ""),
            )


def _unprotect_table(aws: Aws, target: Target, table: str) -> None:
    client = aws.sessions.client("dynamodb", target)
    about = aws.call(target, client.describe_table, TableName=table)["Table"]
    if about.get("DeletionProtectionEnabled"):
        aws.call(target, client.update_table, TableName=table, DeletionProtectionEnabled=False)


def _unprotect_pool(aws: Aws, target: Target, pool: str) -> None:
    client = aws.sessions.client("cognito-idp", target)
    about = aws.call(target, client.describe_user_pool, UserPoolId=pool)["UserPool"]
    if domain := about.get("Domain"):
        aws.call(target, client.delete_user_pool_domain, UserPoolId=pool, Domain=domain)
    if about.get("DeletionProtection") == "ACTIVE":
        # This call resets whatever it is not told, which does not matter to a pool that goes.
        aws.call(target, client.update_user_pool, UserPoolId=pool, DeletionProtection="INACTIVE")


def _empty_repository(aws: Aws, target: Target, repository: str) -> None:
    client = aws.sessions.client("ecr", target)
    while images := aws.call(target, client.list_images, repositoryName=repository).get("imageIds"):
        aws.call(target, client.batch_delete_image, repositoryName=repository, imageIds=images[:100])


def _strip_role(aws: Aws, target: Target, role: str) -> None:
    client = aws.sessions.client("iam", target)
    for one in aws.call(target, client.list_attached_role_policies, RoleName=role)["AttachedPolicies"]:
        aws.call(target, client.detach_role_policy, RoleName=role, PolicyArn=one["PolicyArn"])
    for name in aws.call(target, client.list_role_policies, RoleName=role)["PolicyNames"]:
        aws.call(target, client.delete_role_policy, RoleName=role, PolicyName=name)
    for one in aws.call(target, client.list_instance_profiles_for_role, RoleName=role)["InstanceProfiles"]:
        name = one["InstanceProfileName"]
        aws.call(target, client.remove_role_from_instance_profile, RoleName=role, InstanceProfileName=name)


def _strip_policy(aws: Aws, target: Target, arn: str) -> None:
    client = aws.sessions.client("iam", target)
    held = aws.call(target, client.list_entities_for_policy, PolicyArn=arn)
    for role in held.get("PolicyRoles", ()):
        aws.call(target, client.detach_role_policy, RoleName=role["RoleName"], PolicyArn=arn)
    for one in aws.call(target, client.list_policy_versions, PolicyArn=arn)["Versions"]:
        if not one["IsDefaultVersion"]:
            aws.call(target, client.delete_policy_version, PolicyArn=arn, VersionId=one["VersionId"])


def _detach_rule(aws: Aws, target: Target, physical: str) -> None:
    client = aws.sessions.client("events", target)
    rule = _rule(physical)
    bus = {name: value for name, value in rule.items() if name != "Name"}
    ids = [one["Id"] for one in aws.call(target, client.list_targets_by_rule, Rule=rule["Name"], **bus)["Targets"]]
    if ids:
        aws.call(target, client.remove_targets, Rule=rule["Name"], Ids=ids, **bus)


_UNBLOCK: Mapping[str, Callable[[Aws, Target, str], None]] = {
    BUCKET: _empty_bucket,
    POLICY: _strip_policy,
    REPOSITORY: _empty_repository,
    ROLE: _strip_role,
    RULE: _detach_rule,
    TABLE: _unprotect_table,
    USER_POOL: _unprotect_pool,
}

HOLDS = frozenset({BUCKET, REPOSITORY, TABLE, USER_POOL})
"""Types that hold up the deletion of their stack for no other reason than what is in them, or their protection."""
