"""What is simulated: how many pipelines, regions, merges and days, and how a pipeline of the fleet looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shoreward.app.surroundings import Limits
from shoreward.domain import (
    VULNERABILITIES,
    Advisories,
    After,
    Alarms,
    Approval,
    Bake,
    Checks,
    Gate,
    Hours,
    JudgePolicy,
    Member,
    Pipeline,
    Target,
    Wave,
    Window,
)
from shoreward.domain.zones import REGION, ZONE_OF

DAY = 86_400.0
MONDAY = 1_699_833_600.0
"""When the simulation begins: Monday, 13 November 2023, midnight UTC."""

_APART = ("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")
REGIONS = tuple(region for region in sorted(ZONE_OF) if not region.startswith(_APART))
ALARM = "errors"
APPROVAL = Approval(name="manager", of="the figures")
LIMITS = Limits(region=30, targets=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is simulated.

    Attributes:
        merges: of each pipeline, a day; `bad` is the share of them that harms, or would.
        settle: days that are given at the end for everything to come to its end; nobody merges or interferes then.
        traffic: requests per second of a target.
        samples: releases of each kind of fault that the real judge looks at for the model of looks.
        people: how often a day they hold a release (and another one's part), abort one, override a gate; the whole
            fleet is stopped every other day.
        outages: regions that go dark in a week, each for one to four hours.
        groups: how many groups of three there are, of the first pipelines; in each, later ones depend on earlier ones.
    """

    pipelines: int = 50
    regions: int = 28
    merges: float = 40.0
    days: float = 14.0
    settle: float = 6.0
    bad: float = 0.05
    seed: int = 1
    traffic: float = 200.0
    samples: int = 40
    people: float = 10.0
    limits: Limits = LIMITS
    outages: float = 0.0
    groups: int = 0

    @property
    def grouped(self) -> tuple[tuple[Member, ...], ...]:
        """The members of each group."""
        firsts = range(0, 3 * self.groups, 3)
        return tuple(_chain([application(each) for each in range(first, first + 3)]) for first in firsts)


def application(number: int) -> str:
    """A pipeline's application."""
    return f"app-{number:02d}"


def _chain(names: list[str]) -> tuple[Member, ...]:
    return tuple(Member(application=name, after=tuple(names[:place])) for place, name in enumerate(names))


def pipeline_of(shape: Shape, number: int) -> Pipeline:
    """The pipeline of an application: four waves of regions, and the gates that its number brings.

    Every fourth one enters waves at working hours of a week only, half of these at those of each region; every fifth
    one after the application before it; every seventh one asks an alarm first; every ninth one's last wave takes a
    person's approval.
    """
    name = application(number)
    account = f"{number:012d}"
    targets = [Target(account=account, region=region, stack=name) for region in REGIONS[: shape.regions]]
    waves = tuple(_waves(targets))
    if number % 9 == 4:
        waves = (*waves[:-1], replace(waves[-1], gates=(APPROVAL,)))
    return Pipeline(
        application=name,
        template="template.yaml",
        waves=waves,
        judge=JudgePolicy(latency=None, shared=False),
        alarms=(ALARM,),
        gates=tuple(_gates(number)),
        checks=Checks(skip=(VULNERABILITIES,), advisories=Advisories()),
    )


def _waves(targets: list[Target]) -> list[Wave]:
    """One region, then about three times as many each time."""
    found: list[Wave] = []
    sizes = (1, 3, 8)
    for size in (*sizes, max(0, len(targets) - sum(sizes))):
        here, targets = targets[:size], targets[size:]
        if here:
            name = f"wave {len(found) + 1}"
            bake = Bake(minimum=600.0, requests=100, deadline=14_400.0, on_deadline="rollback")
            found.append(Wave(name=name, targets=tuple(here), steps=(10.0,), bake=bake, soak=5_400.0))
    return found


def _gates(number: int) -> list[Gate]:
    gates: list[Gate] = []
    if number % 4 == 1:
        week = Hours(days=(0, 1, 2, 3, 4), start=7 * 3_600, end=20 * 3_600)
        gates.append(Window(name="week", hours=(week,), zone=REGION if number % 8 == 5 else "UTC"))
    if number % 5 == 2:
        gates.append(After(name="provider", application=application(number - 1)))
    if number % 7 == 3:
        gates.append(Alarms(name="quiet", alarms=("provider-down",), every=600.0))
    return gates
