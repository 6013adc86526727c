"""StackManager for configurations, and the writer of their values: the second kind of pipeline behind the same ports.

    inspect ─► stage ─► (write) ─► finish
                  └────────┴─────────┴─► restore

Inspect notes what every name holds. Stage publishes versions where AppConfig has a place for them beside the one that
serves; of a parameter nothing can be published, so nothing is touched before the write, which is the exposure. Write
and restore of a target never run side by side: restore is asked for while a write is under way when a release goes
back, and then the write ends before its next value. Each looks before it acts, so that asking twice is harmless.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.stacks.waiting import PATIENCE
from shoreward.adapters.aws.values import parameters, profiles
from shoreward.adapters.aws.values.parameters import Parameters, differing
from shoreward.adapters.aws.values.profiles import Profiles
from shoreward.app.ports import Blobs
from shoreward.domain import (
    Change,
    Difference,
    HeldParameter,
    HeldProfile,
    HeldValues,
    Left,
    OperationError,
    Parameter,
    Pipeline,
    Profile,
    Revision,
    Snapshot,
    Staged,
    Target,
    Terminal,
    Values,
)


class Configurations:
    """The values of targets (`app.ports.StackManager` and `app.ports.ValueWriter`).

    Args:
        blobs: where values are kept, those of revisions and those that were found.
    """

    def __init__(self, aws: Aws, blobs: Blobs, *, limit: float = PATIENCE) -> None:
        self._blobs = blobs
        self._parameters = Parameters(aws)
        self._profiles = Profiles(aws, limit=limit)
        self._turns: dict[str, threading.Lock] = {}
        self._recalled: set[str] = set()

    def inspect(self, pipeline: Pipeline, target: Target, revision: Revision) -> Snapshot:
        """Note what every name holds; changes nothing.

        Raises `Terminal` (CONFIGURATION_TAKEN, CONFIGURATION_MISSING, CONFIGURATION_TYPE, CONFIGURATION_SECRET_MISSING)
        for what could not be written, and `Retryable` (CONFIGURATION_BUSY) while AppConfig is at work.
        """
        wanted = self._values(revision, target)
        held = self._parameters.look(target, pipeline.application, [one.name for one in wanted.parameters])
        held = self._parameters.claimed(target, pipeline.application, held)
        self._parameters.require_secrets(target, wanted.parameters)
        before = HeldValues(
            parameters=held, profiles=tuple(self._profiles.look(target, one) for one in wanted.profiles)
        )
        for one in wanted.parameters:
            _require_type(target, one, before.parameter(one.name))
        return Snapshot(exists=before.exists, template=self._blobs.put(before.packed()))

    def preview(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot) -> Staged:
        """What would be written; nothing is asked of AWS but the values of secrets."""
        return Staged(functions=(), changes=tuple(self._changes(target, revision, snapshot)))

    def stage(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> Staged:
        """Publish the versions that AppConfig will be asked to deploy; no customer is served by them."""
        for one in self._values(revision, target).profiles:
            self._profiles.publish(target, one)
        return self.preview(pipeline, target, revision, snapshot)

    def write(self, pipeline: Pipeline, target: Target, revision: Revision, snapshot: Snapshot, key: str) -> None:
        """See `app.ports.ValueWriter`."""
        release, wanted, before = _release(key), self._values(revision, target), self._before(snapshot)
        with self._turn(target):
            for parameter, held in self._due(pipeline, target, wanted, before):
                self._require_wanted(release, target)
                if parameter is None:
                    self._parameters.remove(target, held.name)
                else:
                    self._parameters.write(target, pipeline.application, parameter, held)
            for profile in wanted.profiles:
                self._require_wanted(release, target)
                if not self._profiles.agrees(target, profile):
                    self._profiles.deploy(target, profile, before.profile(profile.name))

    def finish(self, pipeline: Pipeline, target: Target, revision: Revision, staged: Staged, key: str) -> None:
        """Wait until AppConfig has handed everything out.

        What somebody changed since the write is gone over: whoever calls has asked whether it may be.
        """
        wanted = self._values(revision, target)
        names = {one.name: one for one in wanted.parameters}
        with self._turn(target):
            for now in self._parameters.look(target, pipeline.application, sorted(names)):
                one = names.get(now.name)
                if one and not self._parameters.agrees(target, now, one):
                    self._parameters.write(target, pipeline.application, one, now)
            for profile in wanted.profiles:
                if not self._profiles.agrees(target, profile):
                    self._profiles.deploy(target, profile, self._profiles.look(target, profile))
                self._profiles.settle(target, profile)

    def restore(
        self,
        pipeline: Pipeline,
        target: Target,
        snapshot: Snapshot,
        staged: Staged | None,
        key: str,
        *,
        revision: Revision | None = None,
    ) -> tuple[Difference, ...]:
        """Write back what every name held; what was not there is deleted.

        Returns what somebody else had written meanwhile; it was gone over.
        """
        self._recalled.add(f"{_release(key)} {target.key}")
        wanted = self._values(revision, target) if revision else Values()
        before = self._before(snapshot)
        with self._turn(target):
            found = [*self._parameters_back(pipeline, target, wanted, before)]
            stuck: list[OperationError] = []
            for one in wanted.profiles:
                try:
                    found += self._profile_back(target, one, before.profile(one.name), wanted=staged is not None)
                except OperationError as error:  # what cannot go back keeps nothing else from it
                    stuck.append(error)
            if stuck:
                raise stuck[0]
        return tuple(found)

    def differences(self, target: Target, left: Left) -> tuple[Difference, ...]:
        """What somebody changed since a release left it; see `app.drift.DriftSource`."""
        wanted = self._values(left.revision, left.target)
        looked = self._parameters.look(target, left.pipeline.application, [one.name for one in wanted.parameters])
        now = {one.name: one for one in looked}
        return (
            *(
                _difference(one, now[one.name])
                for one in wanted.parameters
                if not self._parameters.agrees(target, now[one.name], one)
            ),
            *(
                Difference(resource=one.name, path="", expected="what was deployed", actual="deployed otherwise")
                for one in wanted.profiles
                if not self._profiles.agrees(target, one)
            ),
        )

    def _due(
        self, pipeline: Pipeline, target: Target, wanted: Values, before: HeldValues
    ) -> Iterator[tuple[Parameter | None, HeldParameter]]:
        """The writes that are left to do, each with what it writes over; None for what is to be deleted.

        Everything is looked at before anything is written: what is neither as it was nor as it should be is somebody
        else's.
        """
        names = {one.name: one for one in wanted.parameters}
        known = sorted({*names, *(one.name for one in before.parameters)})
        due: list[tuple[Parameter | None, HeldParameter]] = []
        for now in self._parameters.look(target, pipeline.application, known):
            one, held = names.get(now.name), before.parameter(now.name)
            if one and self._parameters.agrees(target, now, one):
                self._parameters.own(target, pipeline.application, one.name, now)
            elif not one and not now.exists:
                continue
            elif now.version == held.version and (one or held.owned):
                due.append((one, held))
            else:
                raise Terminal(
                    "CONFIGURATION_CHANGED",
                    f"Somebody wrote {now.name} since it was looked at: it is at version {now.version}, and was at "
                    f"{held.version}.",
                    where=target.key,
                    next="Find out who, and why; release again when it may be gone over.",
                )
        return iter(due)

    def _parameters_back(
        self, pipeline: Pipeline, target: Target, wanted: Values, before: HeldValues
    ) -> Iterator[Difference]:
        names = {one.name: one for one in wanted.parameters}
        known = sorted({*names, *(one.name for one in before.parameters)})
        for now in self._parameters.look(target, pipeline.application, known):
            one, held = names.get(now.name), before.parameter(now.name)
            as_before = self._parameters.as_before(target, now, held)
            ours = self._parameters.agrees(target, now, one) if one else not now.exists
            if not as_before and not ours and (one or held.owned):
                yield differing(
                    now.name,
                    held.value if held.exists else None,
                    now.value if now.exists else None,
                    secret="SecureString" in (now.type, held.type),
                )
            if one or held.owned:
                self._parameters.put_back(target, pipeline.application, held, now)

    def _profile_back(self, target: Target, one: Profile, before: HeldProfile, *, wanted: bool) -> Iterator[Difference]:
        if other := self._profiles.put_back(target, one, before, wanted=wanted):
            expected = f"version {before.version or 'none'}"
            yield Difference(resource=one.name, path="", expected=expected, actual=f"version {other}")

    def _changes(self, target: Target, revision: Revision, snapshot: Snapshot) -> Iterator[Change]:
        wanted, before = self._values(revision, target), self._before(snapshot)
        for one in wanted.parameters:
            held = before.parameter(one.name)
            if not held.exists or not self._parameters.agrees(target, held, one):
                yield Change(action="Modify" if held.exists else "Add", logical_id=one.name, type=parameters.TYPE)
        names = {one.name for one in wanted.parameters}
        for held in before.parameters:
            if held.owned and held.name not in names:
                yield Change(action="Remove", logical_id=held.name, type=parameters.TYPE)
        for one in wanted.profiles:
            served = before.profile(one.name)
            if served.content != one.content:
                yield Change(action="Modify" if served.version else "Add", logical_id=one.name, type=profiles.TYPE)

    def _turn(self, target: Target) -> threading.Lock:
        return self._turns.setdefault(target.key, threading.Lock())

    def _values(self, revision: Revision, target: Target) -> Values:
        return Values.unpacked(self._blobs.get(revision.template)).on(target)

    def _before(self, snapshot: Snapshot) -> HeldValues:
        assert snapshot.template is not None
        return HeldValues.unpacked(self._blobs.get(snapshot.template))

    def _require_wanted(self, release: str, target: Target) -> None:
        """Whoever goes back has asked for the target already: nothing more of the release is written there."""
        if f"{release} {target.key}" in self._recalled:
            what = f"The release is on its way back from {target}, so nothing more of it is written."
            raise Terminal("CONFIGURATION_RECALLED", what, where=target.key)


def _release(key: str) -> str:
    """The release that an effect's key begins with."""
    return key.partition("/")[0]


def _require_type(target: Target, one: Parameter, held: HeldParameter) -> None:
    if held.exists and held.type != one.type:
        raise Terminal(
            "CONFIGURATION_TYPE",
            f"{one.name} is a {held.type}, and Systems Manager does not let it become a {one.type}.",
            where=target.key,
            next="Give the new one another name, or delete the old one by hand.",
        )


def _difference(one: Parameter, now: HeldParameter) -> Difference:
    return differing(one.name, one.value, now.value if now.exists else None, secret=bool(one.secret))
