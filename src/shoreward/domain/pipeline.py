"""The pipeline: an application's way to production, as `shoreward.yaml` declares it.

Values only. `shoreward.spec` makes them, the core reads them, and the journal keeps the one that a release was
opened with, so that a release never changes its rules while it is under way.
Durations are seconds; traffic weights are percent (0 to 100); rates and probabilities are fractions (0 to 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shoreward.domain.blame import BlamePolicy
from shoreward.domain.checks import Checks
from shoreward.domain.configuration import Configuration
from shoreward.domain.errors import Place
from shoreward.domain.gates import Gate
from shoreward.domain.metrics import Metric
from shoreward.domain.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """Watching after a shift: a minimum time *and* a minimum of evidence.

    Attributes:
        minimum: seconds that a step bakes at least.
        requests: canary requests that a target must have served before it may advance.
        deadline: seconds after the shift at which waiting for evidence ends.
        on_deadline: what happens then; nothing that advances the release is on offer.
    """

    minimum: float = 600.0
    requests: int = 100
    deadline: float = 14_400.0
    on_deadline: Literal["rollback", "hold"] = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """Steps that unlock by evidence about their cost (docs/planning.md).

    Attributes:
        budget: excess failed requests that a bad release may cost in a wave: a target, not a bound.
        first: percent of the traffic that no target's first step exceeds.
        rollback: seconds that it takes to move traffic back.
    """

    budget: float = 1_000.0
    first: float = 10.0
    rollback: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """An ordered batch of targets; the first one is the wave's one-box.

    Attributes:
        steps: canary weights in percent, rising, each below 100; the last pass moves all traffic.
        bake: how each step bakes; under a ramp its minimum counts for the last step before all traffic moves.
        soak: seconds to keep watching after all of the wave's targets serve the new revision only.
        ramp: how far up the steps a pass leads; None: one step each.
        at_once: how many of its targets may be under way at a time; None for all.
        gates: what must be open before it is entered, beside the pipeline's own.
    """

    name: str
    targets: tuple[Target, ...]
    steps: tuple[float, ...] = (10.0, 50.0)
    bake: Bake = Bake()
    soak: float = 0.0
    ramp: Ramp | None = None
    at_once: int | None = None
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auto:
    """What waves are derived from (`app.planning`), where a pipeline leaves that to Shoreward.

    Attributes:
        budget: excess failed requests that a bad release may cost.
        one_box: percent of a target's traffic that the first step may have.
        growth: how many times the customers who have the new revision already the next wave may have.
        max_duration: seconds that a good release may take; None for as long as care takes.
        error_rate: share of requests that fails anyhow.
        detect: excess share of failing requests that every bake must be long enough to find.
        bake, soak: as in a wave; the minimum is a floor.
        where: the place that asks for it.
    """

    targets: tuple[Target, ...]
    budget: float = 1_000.0
    one_box: float = 10.0
    growth: float = 3.0
    max_duration: float | None = None
    error_rate: float = 0.001
    detect: float = 0.01
    bake: Bake = Bake()
    soak: float = 0.0
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyPolicy:
    """How much slower a canary may be, as ratios of latencies, each above 1.

    Attributes:
        rollback: at the baseline's p50, p90 and p99: slower than this is harm. The tail has the widest margin, since a
            canary has colder caches and fewer warm instances than what has run for days.
        promote: at p50 and p90: the canary must be shown to be faster than this before it advances.
        warm_up: seconds from a target's first shift on in which latency is not judged: new instances start cold.
    """

    rollback: tuple[float, float, float] = (1.1, 1.2, 1.5)
    promote: tuple[float, float] = (1.25, 1.5)
    warm_up: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePolicy:
    """How samples become a verdict (docs/judge.md).

    Attributes:
        alpha: probability, over a whole release, of rolling back one that harms nobody.
        beta: probability of promoting a target whose error rate is at the margin.
        rollback_ratio, rollback_points: the canary may err up to ratio x baseline + points before it is harm.
        promote_ratio, promote_points: ... and must be shown to err less than this before it advances.
        interval: seconds that one sample covers (CloudWatch: 1, 5, 10, 30 or a multiple of 60).
        delay: seconds after the end of an interval until its metrics have arrived.
        dispersion: over-dispersion of errors (phi), at least 1.
        first_deployment_ceiling: error rate that the first deployment on a target may not exceed.
        latency: how much slower it may be; None when latency is not judged.
        metrics: a team's own.
        shared: whether what both revisions of a target share is judged, found among its stack's resources.
        own_past: whether a target's own earlier days stand in where no other region can be compared with.
    """

    alpha: float = 0.01
    beta: float = 0.05
    rollback_ratio: float = 1.1
    rollback_points: float = 0.0
    promote_ratio: float = 1.5
    promote_points: float = 0.0005
    interval: int = 60
    delay: float = 120.0
    dispersion: float = 3.0
    first_deployment_ceiling: float = 0.05
    latency: LatencyPolicy | None = LatencyPolicy()
    metrics: tuple[Metric, ...] = ()
    shared: bool = True
    own_past: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A synthetic request that the new version must answer before it gets traffic.

    Attributes:
        function: logical id of the function in the template.
        payload: JSON text of the event.
        expect: JSON text that the answer must contain (a subset of it), or None when any answer
            without an error will do.
        every: seconds between two of them while a release bakes, sent through the alias as customers come; 0 for none.
        where: the place that names the function.
    """

    function: str
    payload: str = "{}"
    expect: str | None = None
    every: float = 0.0
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """An application's way to production.

    Attributes:
        application: its name, unique within a journal.
        template: path of the SAM or CloudFormation template, relative to the repository's root; "" where there is none.
        alarms: CloudWatch alarm names that roll a release back when they fire; `{stack}`, `{region}` and
            `{account}` are filled in for each target.
        artifacts: name of the artifact bucket of a target; `{account}` and `{region}` are filled in.
        allow_replacement: logical ids of stateful resources that may be replaced or deleted.
        allow_drift: what people may change by hand on a target: logical ids, or `Orders.Timeout`.
        checks: what is looked at before production; None in journals from before there were any, and then nothing is.
        auto: what the waves are derived from; None where they are written down. `waves` is empty until they are.
        gates: what must be open before any wave is entered.
        blame: what is done by itself about a release that harmed.
        configuration: what is carried in place of a template; None for an application.
    """

    application: str
    template: str
    waves: tuple[Wave, ...]
    judge: JudgePolicy = JudgePolicy()
    alarms: tuple[str, ...] = ()
    probes: tuple[Probe, ...] = ()
    artifacts: str = "shoreward-{account}-{region}"
    allow_replacement: tuple[str, ...] = ()
    allow_drift: tuple[str, ...] = ()
    checks: Checks | None = None
    auto: Auto | None = None
    gates: tuple[Gate, ...] = ()
    blame: BlamePolicy = field(default_factory=BlamePolicy)
    configuration: Configuration | None = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """All targets, in the order in which the waves reach them."""
        if self.auto and not self.waves:
            return self.auto.targets
        return tuple(target for wave in self.waves for target in wave.targets)

    def gates_of(self, wave: Wave) -> tuple[Gate, ...]:
        """All gates of a wave, the pipeline's first."""
        return (*self.gates, *wave.gates)
