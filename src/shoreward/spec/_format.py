"""The format of `shoreward.yaml`: every key, its shape, its default and what it is for.

The one definition that `load` reads by and that the JSON Schema and the reference are made from. Defaults are the
domain's own.
"""

from __future__ import annotations

from shoreward.domain import JudgePolicy, LatencyPolicy, Pipeline, Probe
from shoreward.spec._checks import ADVISORIES, CHECK_NAME, CHECKS, POLICY, SANDBOX, SUITE, WAIVER
from shoreward.spec._configuration import CONFIGURATION, GROWTH, JUDGED, JUDGED_BY, SOURCE
from shoreward.spec._gates import ALARMS, FREEZE, GATE, GATES, HOOK, HOURS, VARIABLE, WINDOW
from shoreward.spec._kinds import (
    Choice,
    Duration,
    Flag,
    Json,
    Number,
    Pattern,
    Percent,
    Text,
    duration_text,
    percent_text,
)
from shoreward.spec._metrics import CLOUDWATCH, FILE, METRIC, METRICS, PROMETHEUS
from shoreward.spec._shapes import HOMES, Field, ListOf, ListOrWord, MapOf, Record
from shoreward.spec._trials import DYNAMIC, FAULT, RESILIENCE
from shoreward.spec._waves import AUTO, BAKE, DEFAULTS, PARAMETERS, STACK, STACK_RULE, TARGET, TARGETS, WAVE

_JUDGE = JudgePolicy()
_LATENCY = LatencyPolicy()
_PIPELINE = Pipeline(application="", template="", waves=())
_PROBE = Probe(function="")

TEMPLATE = "template.yaml"
"""The template of a pipeline that names none."""

_APPLICATION = Text(r"[A-Za-z][A-Za-z0-9-]{0,127}", f"an application name ({STACK_RULE})")
_PATH = Text(r"(?![/~])[^\\\n]{1,400}", "a path relative to this file, with slashes", "SPEC_PATH")
_LOGICAL_ID = Text(r"[A-Za-z0-9]{1,255}", "a logical id of the template (letters and digits)")
_DRIFTING = Text(
    r"[A-Za-z0-9]{1,255}(\.[A-Za-z0-9_.:/ -]{1,255})?|[^\n]*/[^\n]{1,1000}",
    "a logical id of the template, or one of its properties (Orders.Timeout); of a configuration, a name with slashes",
)
_ACCOUNT_NAME = Text(r"[A-Za-z][A-Za-z0-9_-]{0,63}", "an account's name (letters, digits, - and _, a letter first)")
_ACCOUNT_ID = Text(r"[0-9]{12}", "an account id (12 digits, in quotes)", "SPEC_ACCOUNT_ID")
_ROLE = Text(
    r"arn:aws[a-z-]{0,12}:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}",
    "a role's ARN (arn:aws:iam::111111111111:role/name)",
    "SPEC_ROLE_ARN",
)
ACCOUNT = Record(
    "an account",
    (
        Field("id", _ACCOUNT_ID, "The 12 digits of the AWS account, in quotes.", required=True),
        Field("role", _ROLE, "ARN of the role to assume in it. Without one the caller's own credentials are used."),
        Field("execution-role", _ROLE, "ARN of the role that CloudFormation creates resources with there."),
        Field("parameters", PARAMETERS, "Template parameters of all targets in this account."),
    ),
)


_LEVELS = {"p50": "half of the requests", "p90": "nine of ten", "p99": "99 of 100"}


def _margin(ratio: float, points: float, latencies: tuple[float, ...]) -> Record:
    return Record(
        "a margin",
        (
            Field("ratio", Number(1, 100), "Multiple of the baseline's error rate.", default=ratio),
            Field(
                "points",
                Percent(fraction=True, zero=True),
                "Percentage points on top.",
                default=percent_text(points, fraction=True),
            ),
            *(
                Field(
                    level,
                    Number(1.01, 100),
                    f"Multiple of the latency within which the baseline answers {share}.",
                    default=latency,
                )
                for (level, share), latency in zip(_LEVELS.items(), latencies, strict=False)
            ),
        ),
    )


JUDGE = Record(
    "'judge'",
    (
        Field(
            "alpha",
            Percent(fraction=True),
            "Probability, over a whole release, of rolling back one that harms nobody.",
            default=percent_text(_JUDGE.alpha, fraction=True),
        ),
        Field(
            "beta",
            Percent(fraction=True),
            "Probability of promoting a target whose error rate is at the promotion margin.",
            default=percent_text(_JUDGE.beta, fraction=True),
        ),
        Field(
            "rollback-margin",
            _margin(_JUDGE.rollback_ratio, _JUDGE.rollback_points, _LATENCY.rollback),
            "The canary may err up to ratio x baseline + points, and be slower by so much, before it is harm.",
        ),
        Field(
            "promote-margin",
            _margin(_JUDGE.promote_ratio, _JUDGE.promote_points, _LATENCY.promote),
            "Below this the canary must be shown to err, and to be slower by less, before it advances.",
        ),
        Field(
            "interval",
            Duration(),
            "Time that one sample covers: 1s, 5s, 10s, 30s or whole minutes, as CloudWatch has them.",
            default=duration_text(_JUDGE.interval),
        ),
        Field(
            "delay",
            Duration(),
            "Time after the end of an interval until its metrics have arrived.",
            default=duration_text(_JUDGE.delay),
        ),
        Field(
            "dispersion",
            Number(1, 1000),
            "How much more errors cluster than independent ones would (phi); 1 when they do not.",
            default=_JUDGE.dispersion,
        ),
        Field(
            "first-deployment-ceiling",
            Percent(fraction=True),
            "Error rate that the first deployment on a target may not exceed.",
            default=percent_text(_JUDGE.first_deployment_ceiling, fraction=True),
        ),
        Field(
            "warm-up",
            Duration(),
            "Time after a target's first shift in which latency is not judged: new instances start cold.",
            default=duration_text(_LATENCY.warm_up),
        ),
        Field("skip", ListOf(Choice(("latency", "shared")), distinct=True), "What is not judged.", default=[]),
        Field("metrics", METRICS, "Metrics of your own, by names of your choice.", default={}),
        Field(
            "own-past",
            Flag(),
            "Whether earlier days stand in where no later target is left to compare what both revisions share with.",
            default=_JUDGE.own_past,
        ),
    ),
)

PROBE = Record(
    "a probe",
    (
        Field("function", _LOGICAL_ID, "Logical id of the function in the template.", required=True),
        Field("payload", Json(), "The event to send.", default={}),
        Field("expect", Json(), "What the answer must contain; without it any answer that is no error will do."),
        Field(
            "every",
            Duration(),
            "How often it is sent on, as customers' requests are, while a release bakes; 0s for never.",
            default=duration_text(_PROBE.every),
        ),
    ),
)

BLAME = Record(
    "'blame'",
    (
        Field(
            "bisect",
            ListOf(CHECK_NAME, distinct=True),
            "Checks that are run on some of its commits, to find the first bad one.",
            default=list(_PIPELINE.blame.bisect),
        ),
        Field(
            "revert",
            Choice(("none", "branch", "push")),
            "A branch that takes the likeliest commit back: whether it is made, and pushed to `origin`.",
            default=_PIPELINE.blame.revert,
        ),
    ),
)

PIPELINE = Record(
    "the file",
    (
        Field("application", _APPLICATION, "The application's name, unique within a journal.", required=True),
        Field("template", _PATH, "Path of the SAM or CloudFormation template, from this file.", default=TEMPLATE),
        Field("configuration", CONFIGURATION, "What is carried in place of a template: values, and where each goes."),
        Field(
            "judged-by", JUDGED_BY, "With `configuration`: stacks and functions whose customers bad values would harm."
        ),
        Field("stack", STACK, "Name of the stack on every target; the application's name by default."),
        Field("parameters", PARAMETERS, "Template parameters of every target."),
        Field(
            "accounts",
            MapOf(_ACCOUNT_NAME, ACCOUNT, empty=("SPEC_ACCOUNTS_EMPTY", "Name an account: `main: {id: ...}`.")),
            "The AWS accounts, by names of your choice.",
            required=True,
        ),
        Field(
            "artifacts",
            Pattern(("account", "region"), 255),
            "Name of a target's artifact bucket; {account} and {region} are filled in.",
            default=_PIPELINE.artifacts,
        ),
        Field("defaults", DEFAULTS, "How every wave goes, unless it says otherwise."),
        Field(
            "waves",
            ListOrWord(ListOf(WAVE, empty=("SPEC_WAVES_EMPTY", "Write at least one wave.")), "auto", AUTO),
            "The waves, in the order in which they are released; `auto`, or its options, derives them from `targets`.",
            required=True,
        ),
        Field(
            "targets",
            TARGETS,
            "With `waves: auto`: where the application goes.",
        ),
        Field("judge", JUDGE, "How samples become a verdict."),
        Field(
            "alarms",
            ListOf(Pattern(("stack", "region", "account"), 255), distinct=True),
            "CloudWatch alarms that roll a release back when they fire; {stack}, {region} and {account} are filled in.",
            default=list(_PIPELINE.alarms),
        ),
        Field(
            "probes",
            ListOf(PROBE),
            "Synthetic requests that a new version must answer before it gets traffic.",
            default=list(_PIPELINE.probes),
        ),
        Field(
            "allow-replacement",
            ListOf(_LOGICAL_ID, distinct=True),
            "Logical ids of stateful resources that may be replaced or deleted.",
            default=list(_PIPELINE.allow_replacement),
        ),
        Field(
            "allow-drift",
            ListOf(_DRIFTING, distinct=True),
            "What people may change by hand on a target: a resource, or a property as `Orders.Timeout`.",
            default=list(_PIPELINE.allow_drift),
        ),
        Field("gates", GATES, "What must be open before each wave and target, by name."),
        Field("blame", BLAME, "What is done by itself once a release that harmed is back."),
        Field("checks", CHECKS, "What is looked at before production."),
    ),
)

_HOME_NAMES = (
    (PIPELINE, "the file's top level"),
    (DEFAULTS, "'defaults' or a wave"),
    (BAKE, "'bake'"),
    (BLAME, "'blame'"),
    (JUDGE, "'judge'"),
    (ACCOUNT, "an account"),
    (WAVE, "a wave"),
    (AUTO, "'waves', as a mapping of options"),
    (TARGET, "a target"),
    (PROBE, "a probe"),
    (METRIC, "a metric"),
    (CLOUDWATCH, "'cloudwatch' of a metric"),
    (PROMETHEUS, "'prometheus' of a metric"),
    (FILE, "'file' of a metric"),
    (CHECKS, "'checks'"),
    (SUITE, "a suite"),
    (SANDBOX, "'sandbox'"),
    (POLICY, "a policy source"),
    (ADVISORIES, "'advisories'"),
    (WAIVER, "a waiver"),
    (RESILIENCE, "'resilience'"),
    (FAULT, "a fault"),
    (DYNAMIC, "'dynamic'"),
    (GATE, "a gate"),
    (WINDOW, "'window' of a gate"),
    (HOURS, "the hours of a window"),
    (FREEZE, "'freeze' of a gate"),
    (ALARMS, "'alarms' of a gate"),
    (HOOK, "'hook' of a gate"),
    (VARIABLE, "'variable' of a gate"),
    (SOURCE, "a source of 'configuration'"),
    (GROWTH, "'growth' of a source"),
    (JUDGED, "an entry of 'judged-by'"),
)
for _record, _home in _HOME_NAMES:
    for _field in _record.fields:
        HOMES.setdefault(_field.key, _home)
