"""The parity report: each difference as a finding, with the line where it comes from and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shoreward.app.sandboxes.forms import kept_in_production
from shoreward.app.sandboxes.parity.compare import Difference, differences
from shoreward.app.sandboxes.parity.live import Observed, Observer, drifts
from shoreward.domain import Finding, OperationError, Place, SandboxPlan, Severity, Target
from shoreward.spec.template.differences import differences as changes
from shoreward.spec.template.plain import Json, Path, listed, mapping
from shoreward.spec.template.resolving import resolve

Locate = Callable[[str, str], Place | None]
"""Where a rendered resource (logical id) and its property ("" for all of it) come from in the user's template.

What is within a property is behind it, with dots between: `Environment.Variables.STAGE`.
"""

_GRAVE = frozenset({"presence", "runtime", "layers", "environment", "permissions"})
"""Aspects that decide whether code works at all; the others decide how well."""

_SHOWN = 60
"""Characters of a value that are shown."""

_NAMES: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::Cognito::UserPool": "UserPoolName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
"""Properties that give a resource a name that must be unique in its account and region, or in the world."""


def parity(
    template: Mapping[str, Json],
    production: Sequence[Target],
    plan: SandboxPlan,
    locate: Locate,
    observer: Observer | None = None,
) -> tuple[Finding, ...]:
    """How a plan's sandboxes differ from production.

    Args:
        template: the revision's rendered template.
        production: the first wave's targets.
        observer: looks at what is live; None: nobody looks.
    """
    findings: dict[str, Finding] = {}
    for target in production:
        for one in (
            *_parameters(template, target, plan),
            *(_difference(each, target, plan, locate) for each in differences(template, target, plan.target)),
            *_surroundings(target, plan),
        ):
            findings.setdefault(one.fingerprint, one)
    for one in (*_of_template(template, production, plan, locate), *_live(production, plan, observer, locate)):
        findings.setdefault(one.fingerprint, one)
    return tuple(findings.values())


def _parameters(template: Mapping[str, Json], target: Target, plan: SandboxPlan) -> Iterator[Finding]:
    own, theirs = dict(plan.target.parameters), dict(target.parameters)
    for name, about in mapping(template.get("Parameters")).items():
        default = mapping(about).get("Default")
        there, here = str(theirs.get(name, default)), str(own.get(name, default))
        if there == here:
            continue
        hidden = str(mapping(about).get("NoEcho", "")).lower() == "true"
        first, second = ("another value", "another") if hidden else (repr(there), repr(here))
        declared = name in own
        yield Finding(
            rule="PARITY_DECLARED" if declared else "PARITY_PARAMETER",
            severity=Severity.NOTE if declared else Severity.LOW,
            what=f"Parameter {name} is {first} in production and {second} in sandboxes"
            f"{', as declared' if declared else ', for nobody gives it to them'}.",
            why="" if declared else "What is tested is not what production runs with.",
            fix="" if declared else f"Give {name} a value under checks: sandbox: parameters, the same or another one.",
            where=plan.where,
            subject=name,
        )


def _difference(one: Difference, target: Target, plan: SandboxPlan, locate: Locate) -> Finding:
    del target
    severity = Severity.MEDIUM if one.aspect in _GRAVE else Severity.LOW
    return Finding(
        rule="PARITY_DECLARED" if one.declared else f"PARITY_{one.aspect.upper()}",
        severity=Severity.NOTE if one.declared else severity,
        what=_told(one),
        why="" if one.declared else "What is tested is not what customers will meet.",
        fix=""
        if one.declared
        else "Give sandboxes production's parameters, or declare the difference under checks: sandbox: parameters.",
        where=locate(one.resource, _within(one)) or plan.where,
        subject=one.resource,
        details=(("property", one.property),) if one.property else (),
    )


def _within(one: Difference) -> str:
    """The property that differs, and what in it: the first variable or policy that is not the same."""
    steps: Path = ()
    if one.aspect == "environment":
        steps = ("Variables", *sorted({*_names(one.production)} ^ {*_names(one.sandbox)})[:1])
    elif one.aspect == "permissions":
        steps = next((each.path for each in changes(one.production, one.sandbox)), ())
        if one.property == "Policies" and steps:
            policy = str(mapping(listed(one.production)[int(steps[0])]).get("PolicyName"))
            number = policy.removeprefix(f"{one.resource}Policy")  # SAM counts what it makes of a list
            steps = (number,) if number.isdigit() else steps
    return ".".join(map(str, (one.property, *steps)))


def _told(one: Difference) -> str:
    so = ", as declared" if one.declared else ""
    if one.aspect == "presence":
        where = "in production only" if one.production else "in sandboxes only"
        return f"{one.resource} ({one.type}) is {where}{so}."
    if one.aspect == "environment":
        there, here = set(_names(one.production)), set(_names(one.sandbox))
        only = [f"{', '.join(sorted(there - here))} in production only"] if there - here else []
        only += [f"{', '.join(sorted(here - there))} in sandboxes only"] if here - there else []
        return f"Environment variables of {one.resource} differ{so}: {'; '.join(only)}."
    if one.aspect == "permissions":
        return f"What {one.resource} ({one.type}) allows differs{so}: its {one.property}."
    first, second = _shown(one.production), _shown(one.sandbox)
    return f"{one.property} of {one.resource} is {first} in production and {second} in sandboxes{so}."


def _surroundings(target: Target, plan: SandboxPlan) -> Iterator[Finding]:
    sandbox = plan.target
    if target.execution_role and not sandbox.execution_role:
        yield Finding(
            rule="PARITY_EXECUTION_ROLE",
            severity=Severity.LOW,
            what="CloudFormation works with an execution role in production, and in sandboxes with whoever calls it.",
            why="A permission that the execution role lacks is found in production only.",
            fix="Give the sandboxes' account an execution role with the same permissions (shoreward bootstrap).",
            where=plan.where,
            subject="execution-role",
        )
    if (target.account, target.region) == (sandbox.account, sandbox.region):
        yield Finding(
            rule="PARITY_SHARED_ACCOUNT",
            severity=Severity.LOW,
            what=f"Sandboxes share account and region ({sandbox}) with production.",
            why="They draw on the same quotas: a load test can take concurrent executions from customers.",
            fix="Give sandboxes an account of their own, or another region.",
            where=plan.where,
            subject=str(sandbox),
        )
    elif target.region != sandbox.region:
        yield Finding(
            rule="PARITY_REGION",
            severity=Severity.NOTE,
            what=f"Sandboxes are in {sandbox.region}; the first wave is in {target.region}.",
            where=plan.where,
            subject=target.region,
        )


def _of_template(
    template: Mapping[str, Json], production: Sequence[Target], plan: SandboxPlan, locate: Locate
) -> Iterator[Finding]:
    resolved = resolve(template, plan.target)
    if kept := kept_in_production(template):
        yield Finding(
            rule="PARITY_REMOVABLE",
            severity=Severity.NOTE,
            what=f"{', '.join(kept)} would outlive production's stack; in sandboxes everything is removed with it.",
            where=locate(kept[0], ""),
            subject=", ".join(kept),
        )
    for condition in resolved.undecided:
        yield Finding(
            rule="PARITY_UNDECIDED",
            severity=Severity.LOW,
            what=f"Nobody can tell from the template whether the condition {condition} holds.",
            why="What depends on it was not compared.",
            fix="Let the condition depend on parameters, account, region or stack name alone.",
            where=plan.where,
            subject=condition,
        )
    beside = any((one.account, one.region) == (plan.target.account, plan.target.region) for one in production)
    for name, resource in resolved.resources.items():
        key = _NAMES.get(str(resource.get("Type", "")), "")
        value = mapping(resource.get("Properties")).get(key)
        if isinstance(value, str) and "${" not in value:
            yield Finding(
                rule="PARITY_FIXED_NAME",
                severity=Severity.MEDIUM if beside else Severity.LOW,
                what=f"{name} is called {value!r} in every stack.",
                why="Only one of them can exist: a sandbox beside another, or beside production, cannot be made.",
                fix=f"Leave {key} out, or put ${{AWS::StackName}} into it.",
                where=locate(name, key),
                subject=name,
            )


def _live(
    production: Sequence[Target], plan: SandboxPlan, observer: Observer | None, locate: Locate
) -> Iterable[Finding]:
    if observer is None or not production:
        return ()
    target = production[0]
    try:
        live, here = observer.observe(target), observer.observe(plan.target)
    except OperationError as error:
        return (
            Finding(
                rule="PARITY_UNSEEN",
                severity=Severity.NOTE,
                what=f"Nobody could look at what is live in {target}: {error.what}",
                why="What was changed there by hand, and its quotas, were not compared.",
                where=plan.where,
                subject=target.key,
            ),
        )
    return tuple(_compared(target, live, here, plan, locate))


def _compared(target: Target, live: Observed, here: Observed, plan: SandboxPlan, locate: Locate) -> Iterator[Finding]:
    if live.concurrency is not None and here.concurrency is not None and live.concurrency != here.concurrency:
        yield Finding(
            rule="PARITY_QUOTA",
            severity=Severity.LOW,
            what=f"Lambda may run {live.concurrency:g} requests at once in {target}, and {here.concurrency:g} where "
            "sandboxes are.",
            why="Load that is throttled in one place is not in the other.",
            fix="Ask AWS for the same quota, or keep load tests below the smaller one.",
            where=plan.where,
            subject="concurrent executions",
        )
    if not live.exists:
        return
    declared = dict(target.parameters)
    for name, value in live.parameters.items():
        if name in declared and value not in (declared[name], "****"):
            yield Finding(
                rule="PARITY_LIVE_PARAMETER",
                severity=Severity.LOW,
                what=f"Parameter {name} is {value!r} in {target} now, and {declared[name]!r} in shoreward.yaml.",
                why="The next release changes it there, together with everything else.",
                fix="Release the parameter by itself, or write down what is live.",
                where=plan.where,
                subject=name,
            )
    for drift in drifts(target, live):
        yield Finding(
            rule="PARITY_DRIFT",
            severity=Severity.MEDIUM,
            what=f"{drift.property} of {drift.resource} is {_shown(drift.live)} in {target}, where somebody changed it "
            f"by hand; its template says {_shown(drift.template)}.",
            why="Sandboxes are made from the template, and the next release takes the change back.",
            fix="Write it into the template, or undo it there.",
            where=locate(drift.resource, drift.property),
            subject=drift.resource,
            details=(("property", drift.property),),
        )


def _names(value: Json) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _shown(value: Json) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
