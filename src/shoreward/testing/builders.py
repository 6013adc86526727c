"""Builders: values for tests, with everything filled in that a test does not care about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shoreward.app.sandboxes.lease import Lease, State
from shoreward.core.events import ReleaseOpened
from shoreward.domain import Advisories, Bake, Checks, JudgePolicy, LatencyPolicy, Pipeline, Target, Wave


def a_target(region: str = "eu-north-1", account: str = "111111111111", stack: str = "app") -> Target:
    """A target, without a role."""
    return Target(account=account, region=region, stack=stack)


def a_pipeline(
    waves: Sequence[Sequence[str]] = (("eu-north-1",), ("eu-west-1", "us-east-1")),
    *,
    steps: Sequence[float] = (10.0, 50.0),
    bake: Bake | None = None,
    judge: JudgePolicy | None = None,
    alarms: Sequence[str] = (),
    checks: Checks | None = None,
) -> Pipeline:
    """A pipeline whose waves are given as regions of one account."""
    return Pipeline(
        application="app",
        template="template.yaml",
        waves=tuple(
            Wave(
                name=f"wave {number}",
                targets=tuple(a_target(region) for region in regions),
                steps=tuple(steps),
                bake=bake or Bake(minimum=60, requests=50, deadline=3_600, on_deadline="rollback"),
            )
            for number, regions in enumerate(waves, start=1)
        ),
        judge=judge
        or JudgePolicy(interval=10, delay=5, promote_points=0.01, dispersion=1.0, latency=LatencyPolicy(warm_up=0)),
        alarms=tuple(alarms),
        checks=checks,
    )


def some_checks(
    poll: float = 3_600.0, on_new: Literal["hold", "rollback"] = "hold", skip: Sequence[str] = ()
) -> Checks:
    """Checks before production, with advisories looked up every `poll` seconds."""
    return Checks(skip=tuple(skip), advisories=Advisories(poll=poll, on_new=on_new))


def an_opening(commit: str = "new", pipeline: Pipeline | None = None, at: float = 1_700_000_000.0) -> ReleaseOpened:
    """The event that opens a release."""
    return ReleaseOpened(at=at, pipeline=pipeline or a_pipeline(), commit=commit, subject="A change", by="somebody")


NO_CHECKS = """
checks:
  discover: false
  skip: [template, policies, quality, security, secrets, vulnerabilities, sbom]
"""
"""The end of a shoreward.yaml for what is tried without checks: the change is built, and nothing else is looked at."""


def a_lease(application: str = "app", owner: str = "ada", branch: str = "moats", at: float = 1_700_000_000.0) -> Lease:
    """A sandbox that was made at `at`, is there, and ends an hour later."""
    return Lease(
        target=a_target(account="333333333333", stack=f"{application}-{owner}"),
        application=application,
        owner=owner,
        branch=branch,
        commit="new",
        state=State.UP,
        created=at,
        used=at,
        expires=at + 3_600,
        hourly=0.02,
    )
