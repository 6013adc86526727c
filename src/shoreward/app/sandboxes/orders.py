"""What is asked for, and what comes of it: values between those who want sandboxes and those who make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shoreward.app.sandboxes.costs import Forecast
from shoreward.app.sandboxes.lease import Lease, State
from shoreward.app.sandboxes.naming import sandbox_name
from shoreward.app.sandboxes.ports import Proof, Quota
from shoreward.app.sandboxes.reaping import Known
from shoreward.app.sandboxes.tags import Seen
from shoreward.domain import Pipeline, Revision, SandboxPlan, Target, Terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody wants a sandbox for.

    Attributes:
        nonce: something that no other order has, for a sandbox that is not reused; "" for the branch's own.
        seed: whether to put data into it although that was done.
    """

    pipeline: Pipeline
    plan: SandboxPlan
    revision: Revision
    owner: str
    branch: str
    nonce: str = ""
    seed: bool = False

    @property
    def target(self) -> Target:
        """Where it is, or will be; its parameters have its name for `{sandbox}`."""
        name = sandbox_name(
            self.plan.target,
            application=self.pipeline.application,
            owner=self.owner,
            branch=self.branch,
            nonce=self.nonce,
        )
        parameters = tuple((key, value.replace("{sandbox}", name)) for key, value in self.plan.target.parameters)
        return replace(self.plan.target, stack=name, parameters=parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A sandbox that is up.

    Attributes:
        environment: variables that name it to programs; nothing secret.
        quotas: what was looked at before it was created; empty for one that was there.
        changed: whether anything was done to its stack.
        seeded: whether its seed command was run just now.
    """

    lease: Lease
    outputs: Mapping[str, str]
    environment: Mapping[str, str]
    forecast: Forecast
    quotas: tuple[Quota, ...] = ()
    changed: bool = True
    seeded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All sandboxes that anybody knows.

    Attributes:
        unseen: places (account/region) where nobody could look, each with why.
    """

    known: tuple[Known, ...]
    unseen: tuple[tuple[str, str], ...] = ()


def left_error(proof: Proof, target: Target) -> Terminal:
    """The error for a sandbox of which something is left."""
    told = ", ".join(str(one) for one in proof.left[:5])
    more = f" and {len(proof.left) - 5} more" if len(proof.left) > 5 else ""
    return Terminal(
        "SANDBOX_LEFT",
        f"Something is left of the sandbox: {told}{more}.",
        where=target.key,
        next="See what holds it and remove it again (shoreward sandbox down), or leave it behind with --abandon.",
    )


def lease_of(order: Order, earlier: Lease | None, seen: Seen | None, costs: Forecast, now: float) -> Lease:
    """The lease that an order is about to have."""
    alive = earlier if earlier is not None and earlier.state is not State.GONE and seen is not None else None
    created = alive.created if alive is not None else seen.created if seen is not None and seen.created else now
    whole = alive.state is State.UP if alive is not None else seen is not None
    return Lease(
        target=order.target,
        application=order.pipeline.application,
        owner=order.owner,
        branch=order.branch,
        commit=order.revision.commit,
        revision=order.revision.digest,
        fresh=bool(order.nonce),
        seeded=alive is not None and alive.seeded,
        state=State.UP if whole else State.COMING,
        created=created,
        used=now,
        expires=now + order.plan.lease,
        hourly=costs.hourly,
        unpriced=costs.unknown,
    )


def lease_found(seen: Seen | None, now: float) -> Lease:
    """The lease of a sandbox that only the cloud knows."""
    assert seen is not None
    return Lease(
        target=seen.target,
        application=seen.application,
        owner=seen.owner,
        branch=seen.branch,
        commit=seen.commit,
        state=State.GOING,
        created=seen.created or now,
        used=now,
        expires=seen.expires or now,
    )
