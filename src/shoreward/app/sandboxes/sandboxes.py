"""Sandboxes: made, listed, removed and reaped.

    up     ledger: coming ──► stack ──► ledger: up ──► seed
    down   ledger: going ──► all that is in it, noted ──► stack and the rest removed ──► proof ──► ledger: gone

What is about to happen is written down first, so that whoever comes after a crash finds all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from shoreward.app.ports import Blobs, Clock
from shoreward.app.sandboxes.costs import Forecast, forecast
from shoreward.app.sandboxes.environment import environment_of
from shoreward.app.sandboxes.forms import bucket_of, needs_of, sandboxed
from shoreward.app.sandboxes.lease import Lease, State
from shoreward.app.sandboxes.mending import mended
from shoreward.app.sandboxes.orders import Order, Sandbox, Survey, lease_found, lease_of, left_error
from shoreward.app.sandboxes.ports import Ledger, Progress, Proof, Quota, SandboxCloud, Seeder, Standing, Wanted
from shoreward.app.sandboxes.reaping import Fate, Known, fate, is_past
from shoreward.app.sandboxes.tags import Seen, tags_of
from shoreward.domain import OperationError, Refused, Revision, SandboxPlan, Target
from shoreward.spec.template.resolving import Resolved, resolve

Reaped = Proof | Fate | OperationError | Refused
"""What came of reaping: the proof, why a sandbox stays after all, or why it could not be removed."""

ROUNDS = 3
"""How often what is left is removed again: what was written while its writer was being removed, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandboxes:
    """The use cases; safe between threads.

    Attributes:
        patience: seconds to wait for another process that works with the same sandbox.
        settle: seconds between two looks for remains: what was on its way while its sender was removed has arrived.
    """

    ledger: Ledger
    cloud: SandboxCloud
    blobs: Blobs
    seeder: Seeder
    clock: Clock
    patience: float = 3_600.0
    settle: float = 0.0

    def up(self, order: Order, progress: Progress) -> Sandbox:
        """Have a sandbox with a revision in it: made, updated in place, or left alone, and its lease renewed.

        Raises:
            SpecError: SANDBOX_NOT_MADE, SEED_FAILED: the change is to blame.
            Refused: SANDBOX_TAKEN, SANDBOX_QUOTA, SANDBOX_BUSY.
            Terminal: SANDBOX_LEFT, an earlier one of that name could not be removed wholly.
        """
        target = order.target
        with self.ledger.hold(target.key, patience=self.patience, say=progress.say):
            return self.up_held(order, progress)

    def up_held(self, order: Order, progress: Progress) -> Sandbox:
        """The same for whoever holds it already (`Ledger.hold`), and means to work with it."""
        target, now = order.target, self.clock.now()
        template = sandboxed(json.loads(self.blobs.get(order.revision.template)))
        resolved = resolve(template, target)
        seen = self._own(order, self.cloud.look(target))
        earlier = self.ledger.get(target.key)
        if earlier is not None and earlier.state is State.GOING:
            progress.say("removing what is left of it")
            self._require_gone(self.down_held(Known(lease=earlier, seen=seen), progress), target)
            earlier = seen = None
        if seen is not None:
            mended(self.ledger, self.cloud, target.key, progress)
        quotas = self._quotas(target, resolved, order.revision) if seen is None else ()
        costs = forecast(resolved)
        lease = lease_of(order, earlier, seen, costs, now)
        self.ledger.put(lease)
        wanted = Wanted(
            target=target,
            application=order.pipeline.application,
            revision=order.revision,
            file=order.plan.template or order.pipeline.template,
            template=template,
            tags=tags_of(lease),
            bucket=bucket_of(order.pipeline, order.plan.target),
            retag=seen is None or seen.expires is None or seen.expires - now < order.plan.lease / 2,
        )
        standing = self.cloud.apply(wanted, lambda things: self.ledger.note(target.key, things), progress)
        self.ledger.note(target.key, standing.things)
        lease = self._renewed(replace(lease, state=State.UP), order.plan)
        return self._seeded(order, lease, standing, costs, quotas, progress)

    def renew(self, lease: Lease, plan: SandboxPlan) -> Lease:
        """The lease from now on: it runs from the last use."""
        return self._renewed(self.ledger.get(lease.key) or lease, plan)

    def survey(self, places: Sequence[Target], application: str) -> Survey:
        """All sandboxes that the ledger knows, and those of an application that the cloud knows.

        Looked at are the given places, and wherever the ledger has any.
        """
        leases = {lease.key: lease for lease in self.ledger.all()}
        wanted = {_place(one): one for one in (*(lease.target for lease in leases.values()), *places)}
        with ThreadPoolExecutor(8) as pool:
            looks = dict(zip(wanted, pool.map(self._find, wanted.values()), strict=True))
        seen = {
            one.target.key: one
            for found, _ in looks.values()
            for one in found
            if one.target.key in leases or one.application in (application, "")
        }
        every = (
            Known(
                lease=leases.get(key),
                seen=seen.get(key),
                held=self.ledger.held(key),
                unseen=looks[_place(leases[key].target)][1] if key in leases else "",
            )
            for key in (*leases, *(key for key in seen if key not in leases))
        )
        return Survey(
            known=tuple(one for one in every if not is_past(one)),
            unseen=tuple((str(wanted[place]), why) for place, (_, why) in looks.items() if why),
        )

    def fates(self, survey: Survey, *, owner: str, orphans: bool = False) -> tuple[Fate, ...]:
        """What would become of each sandbox if it was reaped now."""
        now = self.clock.now()
        return tuple(fate(one, now=now, owner=owner, orphans=orphans) for one in survey.known)

    def reap(
        self,
        doomed: Sequence[Fate],
        progress: Callable[[Known], Progress],
        *,
        owner: str,
        orphans: bool = False,
    ) -> tuple[tuple[Known, Reaped], ...]:
        """Remove what is doomed, and mend what is broken, side by side; each with what came of it."""

        def remove(one: Known) -> Reaped:
            try:
                return self._reaped(one, progress(one), owner, orphans)
            except (OperationError, Refused) as error:
                return error

        known = [one.known for one in doomed if one.doomed or one.broken]
        with ThreadPoolExecutor(8) as pool:
            return tuple(zip(known, pool.map(remove, known), strict=True))

    def _reaped(self, one: Known, progress: Progress, owner: str, orphans: bool) -> Reaped:
        """Remove a sandbox, unless somebody has renewed or removed it since it was judged; one that stays is mended."""
        target = one.target
        with self.ledger.hold(target.key):
            now = Known(lease=self.ledger.get(target.key), seen=self.cloud.look(target))
            if now.lease is None and now.seen is None:
                return Fate(known=one, doomed=False, why="it is gone")
            judged = fate(now, now=self.clock.now(), owner=owner, orphans=orphans)
            if judged.doomed:
                return self.down_held(now, progress)
            if judged.broken:
                mended(self.ledger, self.cloud, target.key, progress)
            return judged

    def down(self, known: Known, progress: Progress, *, abandon: bool = False) -> Proof:
        """Remove a sandbox and everything of it, and ask the cloud whether anything is left.

        Args:
            abandon: whether its lease ends even if something is left.

        Raises `Refused` (SANDBOX_BUSY) while another process on this machine works with it.
        """
        with self.ledger.hold(known.target.key):
            return self.down_held(known, progress, abandon=abandon)

    def down_held(self, known: Known, progress: Progress, *, abandon: bool = False) -> Proof:
        """The same for whoever holds it already."""
        target = known.target
        lease = self.ledger.get(target.key) or known.lease or lease_found(known.seen, self.clock.now())
        self.ledger.put(replace(lease, state=State.GOING, ended=None))
        self.ledger.note(target.key, self.cloud.things(target))
        self._mend(target, progress)
        lease = replace(lease, state=State.GOING, ended=None, faults=())
        things = self.ledger.things(target.key)
        proof = Proof(looked=())
        for number in range(ROUNDS):
            self.cloud.remove(target, (*things, *proof.left), progress, abandon=abandon)
            if number == 0 and self.settle:
                progress.stop.wait(self.settle)
            proof = self.cloud.prove(target, things)
            if proof.clean:
                break
        if proof.clean or abandon:
            self.ledger.put(replace(lease, state=State.GONE, ended=self.clock.now()))
            self.ledger.forget(target.key)
        return proof

    def _mend(self, target: Target, progress: Progress) -> None:
        """Take faults back, if that is possible: a throttled function could hold up the deletion of its stack."""
        try:
            mended(self.ledger, self.cloud, target.key, progress)
        except OperationError as error:
            progress.say(f"a fault is removed with the sandbox: {error.what}")

    def _find(self, place: Target) -> tuple[tuple[Seen, ...], str]:
        try:
            return self.cloud.find(place), ""
        except OperationError as error:
            return (), str(error)

    def _own(self, order: Order, seen: Seen | None) -> Seen | None:
        """What is there, provided that it is this very sandbox."""
        if seen is None or seen.begun_only:
            return None
        ours = tags_of(lease_of(order, None, None, Forecast(), 0.0))
        expected = dict(ours)
        told = (seen.application, seen.owner, seen.branch)
        wanted = tuple(expected[f"shoreward:{name}"] for name in ("application", "owner", "branch"))
        if seen.marked and told == wanted:
            return seen
        raise Refused(
            "SANDBOX_TAKEN",
            f"There is a stack {seen.target.stack} already, and it is no sandbox of this branch and owner.",
            where=seen.target.key,
            next="Give sandboxes another stack name under checks in shoreward.yaml.",
        )

    def _quotas(self, target: Target, resolved: Resolved, revision: Revision) -> tuple[Quota, ...]:
        found = self.cloud.quotas(target, needs_of(resolved, revision))
        full = [one for one in found if not one.fits]
        if full:
            told = "; ".join(
                f"{one.name}: {one.used:g} of {one.limit:g} are used, and it needs {one.needed:g}" for one in full
            )
            raise Refused(
                "SANDBOX_QUOTA",
                f"The account has no room for the sandbox: {told}.",
                where=target.key,
                next="Remove sandboxes that nobody needs (shoreward sandbox reap), or ask AWS for a higher quota.",
            )
        return found

    def _renewed(self, lease: Lease, plan: SandboxPlan) -> Lease:
        now = self.clock.now()
        lease = replace(lease, used=now, expires=now + plan.lease)
        self.ledger.put(lease)
        return lease

    def _seeded(
        self,
        order: Order,
        lease: Lease,
        standing: Standing,
        costs: Forecast,
        quotas: tuple[Quota, ...],
        progress: Progress,
    ) -> Sandbox:
        environment = environment_of(lease.target, standing.outputs)
        due = bool(order.plan.seed) and (order.seed or not lease.seeded)
        if due:
            progress.say("putting data into it")
            secret = self.cloud.credentials(lease.target)
            self.seeder.seed(order.plan, lease.commit, {**environment, **secret}, progress)
            lease = self._renewed(replace(lease, seeded=True), order.plan)
        return Sandbox(
            lease=lease,
            outputs=standing.outputs,
            environment=environment,
            forecast=costs,
            quotas=quotas,
            changed=standing.changed,
            seeded=due,
        )

    def _require_gone(self, proof: Proof, target: Target) -> None:
        if not proof.clean:
            raise left_error(proof, target)


def _place(target: Target) -> tuple[str, str, str | None]:
    return target.account, target.region, target.role
