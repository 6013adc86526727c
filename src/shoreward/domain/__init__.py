"""Frozen values: the vocabulary of the field."""

from shoreward.domain.errors import (
    OperationError,
    Place,
    Refused,
    Retryable,
    ShorewardError,
    SpecError,
    SpecErrors,
    Terminal,
    UserError,
)
from shoreward.domain.pipeline import Bake, JudgePolicy, Parameters, Pipeline, Probe, Target, Wave
from shoreward.domain.release import Evidence, Judgement, Outcome, RollbackCause
from shoreward.domain.revision import (
    BUCKET,
    Artifact,
    Change,
    LambdaFunction,
    Revision,
    ServingFunction,
    Snapshot,
    Staged,
    StagedFunction,
)
from shoreward.domain.verdict import Verdict, worst

__all__ = [
    "BUCKET",
    "Artifact",
    "Bake",
    "Change",
    "Evidence",
    "JudgePolicy",
    "Judgement",
    "LambdaFunction",
    "OperationError",
    "Outcome",
    "Parameters",
    "Pipeline",
    "Place",
    "Probe",
    "Refused",
    "Retryable",
    "Revision",
    "RollbackCause",
    "ServingFunction",
    "ShorewardError",
    "Snapshot",
    "SpecError",
    "SpecErrors",
    "Staged",
    "StagedFunction",
    "Target",
    "Terminal",
    "UserError",
    "Verdict",
    "Wave",
    "worst",
]
