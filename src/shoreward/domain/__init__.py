"""Frozen values: the vocabulary of the field."""

from shoreward.domain.checked import BLOCKING_KEPT, VULNERABILITIES, Checked, CheckResult, advisory
from shoreward.domain.checks import (
    IN_SANDBOX,
    Advisories,
    Checks,
    PolicySource,
    SandboxPlan,
    Suite,
    SuiteKind,
)
from shoreward.domain.digest import canonical, digest_of
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
from shoreward.domain.finding import Finding, Severity, Waiver
from shoreward.domain.pipeline import Auto, Bake, JudgePolicy, Pipeline, Probe, Ramp, Wave
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
from shoreward.domain.target import Parameters, Target
from shoreward.domain.trials import Dynamic, Fault, FaultKind, Method, Resilience
from shoreward.domain.verdict import Verdict, worst

__all__ = [
    "BLOCKING_KEPT",
    "BUCKET",
    "IN_SANDBOX",
    "VULNERABILITIES",
    "Advisories",
    "Artifact",
    "Auto",
    "Bake",
    "Change",
    "CheckResult",
    "Checked",
    "Checks",
    "Dynamic",
    "Evidence",
    "Fault",
    "FaultKind",
    "Finding",
    "JudgePolicy",
    "Judgement",
    "LambdaFunction",
    "Method",
    "OperationError",
    "Outcome",
    "Parameters",
    "Pipeline",
    "Place",
    "PolicySource",
    "Probe",
    "Ramp",
    "Refused",
    "Resilience",
    "Retryable",
    "Revision",
    "RollbackCause",
    "SandboxPlan",
    "ServingFunction",
    "Severity",
    "ShorewardError",
    "Snapshot",
    "SpecError",
    "SpecErrors",
    "Staged",
    "StagedFunction",
    "Suite",
    "SuiteKind",
    "Target",
    "Terminal",
    "UserError",
    "Verdict",
    "Waiver",
    "Wave",
    "advisory",
    "canonical",
    "digest_of",
    "worst",
]
