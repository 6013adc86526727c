"""Which changes lose data: a stateful resource that is replaced or deleted is a person's decision, not a release's."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shoreward.domain import Change, Target, Terminal

STATEFUL = frozenset(
    {
        "AWS::ACMPCA::CertificateAuthority",
        "AWS::Backup::BackupVault",
        "AWS::Cassandra::Keyspace",
        "AWS::Cassandra::Table",
        "AWS::CodeCommit::Repository",
        "AWS::Cognito::IdentityPool",
        "AWS::Cognito::UserPool",
        "AWS::DAX::Cluster",
        "AWS::DSQL::Cluster",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Instance",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::Elasticsearch::Domain",
        "AWS::Events::Archive",
        "AWS::Events::EventBus",
        "AWS::FSx::FileSystem",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::KinesisVideo::Stream",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MSK::ServerlessCluster",
        "AWS::MemoryDB::Cluster",
        "AWS::Neptune::DBCluster",
        "AWS::Neptune::DBInstance",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchService::Domain",
        "AWS::QLDB::Ledger",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::GlobalCluster",
        "AWS::Redshift::Cluster",
        "AWS::RedshiftServerless::Namespace",
        "AWS::Route53::HostedZone",
        "AWS::S3::Bucket",
        "AWS::S3Express::DirectoryBucket",
        "AWS::S3Tables::TableBucket",
        "AWS::SDB::Domain",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
        "AWS::SSM::Parameter",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Database",
        "AWS::Timestream::Table",
    }
)
"""Resources that hold what cannot be made again: data, messages, keys, identities, subscriptions."""


def endangered(changes: Sequence[Change], allowed: Collection[str] = ()) -> tuple[Change, ...]:
    """The changes that replace, may replace or delete a stateful resource that is not among the allowed logical ids.

    A resource that leaves the stack but is kept does not count: its action is `Retain` (`changeset`).
    """
    return tuple(
        change
        for change in changes
        if change.type in STATEFUL
        and change.logical_id not in allowed
        and (change.action in ("Remove", "Dynamic") or change.replacement in ("True", "Conditional"))
    )


def refuse_endangered(changes: Sequence[Change], allowed: Collection[str], target: Target) -> None:
    """Raise `Terminal` (STATEFUL_REPLACEMENT) when a change set would lose data."""
    found = endangered(changes, allowed)
    if not found:
        return
    listed = "; ".join(f"{change.logical_id} ({change.type}) would be {_fate(change)}" for change in found)
    raise Terminal(
        "STATEFUL_REPLACEMENT",
        f"Stateful resources are in danger: {listed}.",
        where=target.key,
        next="Give the resource DeletionPolicy and UpdateReplacePolicy Retain and migrate its data, "
        "or name it under allow-replacement in shoreward.yaml.",
    )


def _fate(change: Change) -> str:
    if change.action == "Remove":
        return "deleted"
    return "replaced" if change.replacement == "True" else "perhaps replaced"
