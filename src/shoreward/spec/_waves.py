"""Where a pipeline goes, and how: targets, waves, steps and bakes; a part of `spec._format`, in the same manner."""

from __future__ import annotations

from shoreward.domain import Auto, Bake, Ramp, Wave
from shoreward.spec._gates import GATES
from shoreward.spec._kinds import Choice, Duration, Number, Parameter, Percent, Text, duration_text, percent_text
from shoreward.spec._shapes import Field, ListOf, MapOf, Record, TextOr

_BAKE, _RAMP, _AUTO = Bake(), Ramp(), Auto(targets=())
_WAVE = Wave(name="", targets=())

STACK_RULE = "letters, digits and hyphens, a letter first, at most 128"
STACK = Text(r"[A-Za-z][A-Za-z0-9-]{0,127}", f"a stack name ({STACK_RULE})")
_WAVE_NAME = Text(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a wave's name (letters, digits, -, _ and ., at most 64)")
TARGET_NAME = Text(r"[^/\s]+/[^/\s]+", "a target (account/region)", "SPEC_TARGET")
_BUDGET = Number(1, 1_000_000_000_000)
PARAMETERS = MapOf(Text(r"[A-Za-z0-9]{1,255}", "a parameter's name (letters and digits)"), Parameter())


BAKE = Record(
    "'bake'",
    (
        Field(
            "minimum",
            Duration(),
            "How long a step bakes at least.",
            default=duration_text(_BAKE.minimum),
        ),
        Field(
            "requests",
            Number(1, 1_000_000_000, whole=True),
            "Canary requests that a target must have served before it may advance.",
            default=_BAKE.requests,
        ),
        Field(
            "deadline",
            Duration(),
            "How long after a shift to wait for enough evidence; longer than the minimum.",
            default=duration_text(_BAKE.deadline),
        ),
        Field(
            "on-deadline",
            Choice(("rollback", "hold")),
            "What happens at the deadline: roll back, or hold until a person decides. Nothing that advances.",
            default=_BAKE.on_deadline,
        ),
    ),
)

_HOW = (
    Field(
        "steps",
        ListOf(Percent(), empty=("SPEC_STEPS_EMPTY", "Write at least one weight, such as [10%].")),
        "Weights of the new version, rising, each below 100%. After the last one passes, all traffic moves.",
        default=[percent_text(step) for step in _WAVE.steps],
    ),
    Field("bake", BAKE, "How each step bakes: a minimum of time and a minimum of evidence."),
    Field(
        "soak",
        Duration(),
        "How long to keep watching after all targets of a wave serve only the new revision.",
        default=duration_text(_WAVE.soak),
    ),
    Field(
        "ramp",
        Choice(("steps", "certified")),
        "After a pass: the next step, or as far up the steps as evidence about their cost leads.",
        default="steps",
    ),
    Field(
        "harm-budget",
        _BUDGET,
        "With `ramp: certified`: failed requests that a bad release may cost in a wave.",
        default=_RAMP.budget,
    ),
    Field(
        "one-box",
        Percent(),
        "With `ramp: certified`: the most that a target's first step may have.",
        default=percent_text(_RAMP.first),
    ),
)

DEFAULTS = Record("'defaults'", _HOW)

TARGET = Record(
    "a target",
    (
        Field("target", TARGET_NAME, "account/region; the account by its name in `accounts`.", required=True),
        Field("stack", STACK, "Name of the stack, where it differs from the pipeline's."),
        Field("parameters", PARAMETERS, "Template parameters of this target; they win over the account's."),
        Field(
            "traffic",
            Number(0, 1_000_000_000),
            "Requests per second that its customers send; with `waves: auto` only where its metrics do not tell.",
        ),
        Field("customers", Number(0, 1_000_000_000_000), "How many they are, in any unit; as its traffic by default."),
        Field("fault-domain", _WAVE_NAME, "What fails together with it; its region by default."),
    ),
)

TARGETS = ListOf(
    TextOr(TARGET_NAME, "target", TARGET), empty=("SPEC_WAVE_EMPTY", "Name a target (account/region) in it.")
)

AUTO = Record(
    "'waves'",
    (
        Field("harm-budget", _BUDGET, "Failed requests that a bad release may cost in a wave.", default=_AUTO.budget),
        Field(
            "one-box",
            Percent(),
            "The most that a target's first step may have.",
            default=percent_text(_AUTO.one_box),
        ),
        Field(
            "growth",
            Number(1, 1_000),
            "How many times the customers who have the new revision already the next wave may have.",
            default=_AUTO.growth,
        ),
        Field("max-duration", Duration(), "How long a good release may take; as long as care takes by default."),
        Field(
            "error-rate",
            Percent(fraction=True, zero=True),
            "Share of requests that fails anyhow.",
            default=percent_text(_AUTO.error_rate, fraction=True),
        ),
        Field(
            "detect",
            Percent(fraction=True),
            "Further share of failing requests that every bake must be long enough to find.",
            default=percent_text(_AUTO.detect, fraction=True),
        ),
    ),
)

WAVE = Record(
    "a wave",
    (
        Field("name", _WAVE_NAME, "What the wave is called; unique in the pipeline.", required=True),
        Field(
            "targets",
            ListOf(
                TextOr(TARGET_NAME, "target", TARGET),
                empty=("SPEC_WAVE_EMPTY", "Name a target (account/region) in it."),
            ),
            "Where the wave goes, in order; the first target is its one-box.",
            required=True,
        ),
        *_HOW,
        Field(
            "at-once",
            Number(1, 1_000, whole=True),
            "How many targets may be under way at a time; all by default.",
        ),
        Field("gates", GATES, "What must be open before this wave, beside the gates of all waves."),
    ),
)
