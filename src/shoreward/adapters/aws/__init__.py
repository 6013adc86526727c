"""AWS: the ports for stacks, traffic, probes, metrics, alarms and artifacts, on boto3.

Everything goes through `Aws.call`, which retries and classifies; every method looks before it acts, so that asking
twice is harmless. docs/aws.md says what is called when, and how it behaves under failure.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoreward.adapters.aws.alarms import Alarms
from shoreward.adapters.aws.artifacts import Artifacts
from shoreward.adapters.aws.bootstrap import role_template
from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.hooks import FunctionHooks
from shoreward.adapters.aws.kinds import ByKind
from shoreward.adapters.aws.metrics import Metrics
from shoreward.adapters.aws.probe import Probes
from shoreward.adapters.aws.retry import Retry, Timing
from shoreward.adapters.aws.sessions import Sessions
from shoreward.adapters.aws.stacks.drift import Drift
from shoreward.adapters.aws.stacks.manager import Stacks
from shoreward.adapters.aws.stacks.stateful import endangered
from shoreward.adapters.aws.stacks.waiting import LIMIT, PATIENCE
from shoreward.adapters.aws.survey import Survey
from shoreward.adapters.aws.traffic import Traffic
from shoreward.adapters.aws.values.configurations import Configurations
from shoreward.adapters.aws.values.role import configuration_role_template
from shoreward.app.drift import DriftSource
from shoreward.app.ports import (
    AlarmSource,
    ArtifactStore,
    Blobs,
    StackManager,
    TrafficRouter,
)

__all__ = [
    "Alarms",
    "Artifacts",
    "Aws",
    "AwsAdapters",
    "Configurations",
    "Drift",
    "FunctionHooks",
    "Metrics",
    "Probes",
    "Retry",
    "Sessions",
    "Stacks",
    "Survey",
    "Timing",
    "Traffic",
    "configuration_role_template",
    "connect",
    "endangered",
    "role_template",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAdapters:
    """The adapters by their ports, sharing sessions."""

    stacks: StackManager
    traffic: TrafficRouter
    probes: Probes
    metrics: Metrics
    survey: Survey
    alarms: AlarmSource
    artifacts: Artifacts
    drift: DriftSource
    values: Configurations
    hooks: FunctionHooks
    sessions: Sessions


def connect(
    blobs: Blobs,
    store: ArtifactStore,
    *,
    sessions: Sessions | None = None,
    retry: Retry | None = None,
    limit: float = LIMIT,
) -> AwsAdapters:
    """The adapters, ready for use; nothing is called yet.

    Args:
        blobs: where templates are kept.
        store: where finished artifacts are on this machine.
        sessions: credentials; boto3's default chain when None.
        retry: the budget of ordinary calls.
        limit: seconds to watch one operation of a stack before handing back.
    """
    retry = retry or Retry()
    sessions = sessions or Sessions(retry=retry)
    aws = Aws(sessions, retry)
    artifacts = Artifacts(aws, store)
    configurations = Configurations(aws, blobs, limit=min(limit, PATIENCE))
    kinds = ByKind(
        Stacks(aws, blobs, artifacts, limit=limit), configurations, Drift(aws, blobs, limit=min(limit, PATIENCE))
    )
    return AwsAdapters(
        stacks=kinds,
        traffic=Traffic(aws),
        probes=Probes(aws),
        metrics=Metrics(aws),
        survey=Survey(aws),
        alarms=Alarms(aws),
        artifacts=artifacts,
        drift=kinds,
        values=configurations,
        hooks=FunctionHooks(aws),
        sessions=sessions,
    )
