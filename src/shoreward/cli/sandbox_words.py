"""Sandboxes as people and programs are told of them."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from shoreward.app.sandboxes.orders import Sandbox, Survey
from shoreward.app.sandboxes.ports import Proof
from shoreward.app.sandboxes.reaping import Fate, Known
from shoreward.cli.output import console, moment, print_json, span, warn
from shoreward.domain import ShorewardError, Target

_turn = threading.Lock()


def show_fates(fates: Sequence[Fate], now: float) -> None:
    """All sandboxes, each with what it has cost."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("sandbox", "owner", "branch", "commit", "age", "expires", "state", "cost so far", "to come"):
        table.add_column(title, no_wrap=True)
    for one in fates:
        told = fate_json(one, now)
        more = " and more" if told["cost"]["unknown"] else ""
        table.add_row(
            escape(told["name"]),
            escape(told["owner"]),
            escape(told["branch"]),
            told["commit"][:10],
            _ago(told["age"]),
            _until(told["expires"], now),
            told["state"],
            f"{_dollars(told['cost']['so_far'])}{more}",
            f"{_dollars(told['cost']['to_come'])}{more}",
        )
    console.print(table)
    for one in fates:
        if one.doomed:
            console.print(f"[yellow]{escape(one.known.target.stack)}[/]: {escape(one.why)}; `shoreward sandbox reap`.")


def unseen_json(survey: Survey) -> list[dict[str, str]]:
    """Where nobody could look."""
    return [{"place": place, "why": why} for place, why in survey.unseen]


def warn_unseen(survey: Survey) -> None:
    """Say where nobody could look."""
    for place, why in survey.unseen:
        warn(f"Nobody could look at {place}: {why}")


def sayer(*, json: bool, name: str = "") -> Callable[[str], None]:
    """Tells people how it goes; programs get one answer in the end."""

    def say(text: str) -> None:
        if not json:
            with _turn:
                console.print(f"[dim]{escape(f'{name}: ' if name else '')}{escape(text)}[/]")

    return say


def show_made(made: Sandbox) -> None:
    """A sandbox that is up, for people."""
    lease, target = made.lease, made.lease.target
    so = "is up" if made.changed else "is up as it was"
    console.print(f"[bold]{lease.name}[/] {so} in {target}, until {moment(lease.expires)}.")
    console.print(f"commit {lease.commit[:10]} of {escape(lease.branch)}, for {escape(lease.owner)}")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for key, value in made.outputs.items():
        table.add_row(f"  {escape(key)}", escape(value))
    if made.outputs:
        console.print("\n[bold]outputs[/]")
        console.print(table)
    console.print("\n[bold]for your own programs[/]")
    for name in ("AWS_SAM_STACK_NAME", "AWS_REGION"):
        console.print(f"  export {name}={shlex.quote(made.environment[name])}")
    costs = made.forecast
    console.print(
        f"\ncosts about {_dollars(costs.hourly)} an hour, and {_dollars(costs.thousand)} for 1,000 requests "
        f"(list prices of {costs.as_of})"
    )
    if costs.unknown:
        warn(f"Nobody here knows the price of: {', '.join(costs.unknown)}.")
    for quota in made.quotas:
        if quota.unread:
            warn(f"The quota of {quota.name} could not be read: {quota.unread}")


def show_reaping(fates: Sequence[Fate], survey: Survey, now: float, *, json: bool) -> None:
    """What would be removed, and what would not."""
    if json:
        doomed = [fate_json(one, now) for one in fates if one.doomed]
        kept = [fate_json(one, now) for one in fates if not one.doomed]
        print_json({"doomed": doomed, "kept": kept, "unseen": unseen_json(survey)})
        return
    warn_unseen(survey)
    for one in sorted(fates, key=lambda one: (not one.doomed, one.known.target.stack)):
        verb = "[red]would be removed[/]" if one.doomed else "[dim]stays[/]"
        console.print(f"{escape(one.known.target.stack)} {verb}: {escape(one.why)}")
    if any(one.doomed for one in fates):
        console.print("\nNothing was removed. Remove them with `shoreward sandbox reap --yes`.")
    elif not fates:
        console.print("There is nothing to remove.")


def show_proof(target: Target, proof: Proof) -> None:
    """What was looked at and what is left, for people."""
    if proof.clean:
        console.print(f"{escape(target.stack)}: nothing left. Looked at {', '.join(proof.looked)}.")
    else:
        console.print(f"[red]{escape(target.stack)}: something is left:[/]")
        for thing in proof.left:
            console.print(f"  {escape(str(thing))}")
    for kind, why in proof.unseen:
        warn(f"Nobody could look at {kind}: {why}")


def show_result(known: Known, result: Proof | ShorewardError) -> None:
    """What came of reaping a sandbox, for people."""
    if isinstance(result, Proof):
        show_proof(known.target, result)
    else:
        warn(f"{known.target.stack}: {result}")


def made_json(made: Sandbox) -> dict[str, Any]:
    """A sandbox that is up."""
    lease, target = made.lease, made.lease.target
    return {
        "name": lease.name,
        "stack": target.stack,
        "account": target.account,
        "region": target.region,
        "owner": lease.owner,
        "branch": lease.branch,
        "commit": lease.commit,
        "revision": lease.revision,
        "created": lease.created,
        "expires": lease.expires,
        "changed": made.changed,
        "seeded": made.seeded,
        "outputs": dict(made.outputs),
        "environment": dict(made.environment),
        "cost": {
            "hourly": made.forecast.hourly,
            "thousand_requests": made.forecast.thousand,
            "unknown": list(made.forecast.unknown),
            "prices_of": made.forecast.as_of,
            "resources": [asdict(one) for one in made.forecast.costs],
        },
        "quotas": [asdict(one) for one in made.quotas],
    }


def fate_json(one: Fate, now: float) -> dict[str, Any]:
    """A sandbox, and what would become of it."""
    known, lease, seen = one.known, one.known.lease, one.known.seen
    found = lease or seen
    assert found is not None
    created = found.created
    hourly = lease.hourly if lease is not None else None
    expires = known.expires
    ahead = max(0.0, expires - now) if expires is not None else None
    return {
        "name": known.target.stack,
        "account": known.target.account,
        "region": known.target.region,
        "owner": found.owner,
        "branch": found.branch,
        "commit": found.commit,
        "age": now - created if created is not None else None,
        "expires": expires,
        "state": _state(known),
        "doomed": one.doomed,
        "why": one.why,
        "cost": {
            "so_far": hourly * (now - created) / 3_600 if hourly is not None and created is not None else None,
            "to_come": hourly * ahead / 3_600 if hourly is not None and ahead is not None else None,
            "unknown": list(lease.unpriced) if lease is not None else None,
        },
    }


def _state(known: Known) -> str:
    """What the ledger says, and what the cloud says where that is another thing."""
    ours = str(known.lease.state) if known.lease is not None else "not in this ledger"
    if known.unseen:
        return f"{ours} (not seen)"
    if known.seen is None:
        return f"{ours} (no stack)"
    settled = known.seen.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return ours if settled else f"{ours} ({known.seen.status})"


def proof_json(proof: Proof) -> dict[str, Any]:
    """What was looked at, and what is left."""
    return {
        "clean": proof.clean,
        "looked": list(proof.looked),
        "left": [asdict(one) for one in proof.left],
        "unseen": [{"kind": kind, "why": why} for kind, why in proof.unseen],
    }


def result_json(known: Known, result: Proof | ShorewardError) -> dict[str, Any]:
    """What came of reaping a sandbox."""
    if isinstance(result, Proof):
        return {"name": known.target.stack, **proof_json(result)}
    return {"name": known.target.stack, "clean": False, "error": {"code": result.code, "what": result.what}}


def _ago(seconds: float | None) -> str:
    return span(seconds) if seconds is not None else "?"


def _until(at: float | None, now: float) -> str:
    if at is None:
        return "?"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def _dollars(amount: float | None) -> str:
    if amount is None:
        return "?"
    return f"US$ {amount:.4f}" if amount < 1 else f"US$ {amount:,.2f}"
