"""What every `SandboxCloud` keeps to: the same tests for the fake and for CloudFormation on the embedded cloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from shoreward.app.sandboxes import Lease, State, Thing
from shoreward.app.sandboxes.forms import bucket_of, sandboxed
from shoreward.app.sandboxes.ports import Needs, Progress, SandboxCloud, Standing, Wanted
from shoreward.app.sandboxes.tags import tags_of
from shoreward.domain import Target
from shoreward.testing.cloud import CloudAccount
from shoreward.testing.sandboxes import FakeCloud

from .support import REGION, Beach, table


@dataclass
class Account:
    """An account, and how a test asks something of it."""

    cloud: SandboxCloud
    beach: Beach
    noted: list[Thing] = field(default_factory=list[Thing])

    @property
    def place(self) -> Target:
        return self.beach.place

    def lease(self, branch: str = "main") -> Lease:
        return Lease(
            target=replace(self.place, stack=f"shop-sandbox-{branch}--123456"),
            application="shop",
            owner="kim",
            branch=branch,
            commit="0123456789",
            state=State.COMING,
            created=1_800_000_000.0,
            used=1_800_000_000.0,
            expires=1_800_014_400.0,
        )

    def wanted(self, branch: str = "main", *, retag: bool = False, **resources: Any) -> Wanted:
        import json

        revision = self.beach.revision(**resources)
        lease = self.lease(branch)
        return Wanted(
            target=lease.target,
            application="shop",
            revision=revision,
            file="template.yaml",
            template=sandboxed(json.loads(self.beach.store.get(revision.template))),
            tags=tags_of(lease),
            bucket=bucket_of(self.beach.pipeline, self.place),
            retag=retag,
        )

    def apply(self, branch: str = "main", **more: Any) -> Standing:
        def note(things: Iterable[Thing]) -> None:
            self.noted += things

        return self.cloud.apply(self.wanted(branch, **more), note, Progress())


@pytest.fixture(params=["fake", "cloudformation"])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Account:
    if request.param == "fake":
        beach = Beach(CloudAccount("http://127.0.0.1:9", "111111111111"), tmp_path)
        return Account(FakeCloud(), beach)
    beach: Beach = request.getfixturevalue("beach")
    return Account(beach.cloud, beach)


def test_a_sandbox_that_was_made_is_found_by_its_tags(account: Account):
    made = account.apply()
    assert made.changed
    assert made.outputs
    (seen,) = account.cloud.find(account.place)
    assert (seen.target.stack, seen.owner, seen.branch) == ("shop-sandbox-main--123456", "kim", "main")
    assert (seen.created, seen.expires) == (1_800_000_000.0, 1_800_014_400.0)
    assert account.cloud.look(account.lease().target) == replace(seen, target=account.lease().target)


def test_what_is_as_wanted_is_left_alone(account: Account):
    first = account.apply()
    second = account.apply()
    assert not second.changed
    assert second.outputs == first.outputs
    assert account.apply(retag=True).changed


def test_a_sandbox_is_updated_in_place(account: Account):
    first = account.apply()
    second = account.apply(Guests=table())
    assert second.changed
    assert {one.type for one in second.things} > {one.type for one in first.things}
    assert len(account.cloud.find(account.place)) == 1


def test_all_that_it_has_is_noted(account: Account):
    made = account.apply()
    assert set(account.cloud.things(account.lease().target)) <= {*made.things, *account.noted}


def test_nothing_is_left_of_one_that_was_removed(account: Account):
    made = account.apply()
    account.apply("other")
    known = (*made.things, *account.noted)
    assert not account.cloud.prove(account.lease().target, known).clean
    account.cloud.remove(account.lease().target, known, Progress())
    proof = account.cloud.prove(account.lease().target, known)
    assert (proof.left, proof.unseen) == ((), ())
    assert proof.looked
    # and nothing happened to the other
    assert [one.branch for one in account.cloud.find(account.place)] == ["other"]
    assert not account.cloud.prove(account.lease("other").target, ()).clean


def test_removing_what_is_not_there_harms_nobody(account: Account):
    account.cloud.remove(account.lease().target, (), Progress())
    assert account.cloud.prove(account.lease().target, ()).clean
    assert account.cloud.things(account.lease().target) == ()
    assert account.cloud.look(account.lease().target) is None
    assert account.cloud.find(account.place) == ()


def test_quotas_are_looked_at(account: Account):
    found = account.cloud.quotas(account.lease().target, Needs(types={"AWS::Lambda::Function": 1}, code=100))
    assert all(one.fits for one in found)


def test_programs_get_credentials(account: Account):
    found = account.cloud.credentials(account.lease().target)
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= set(found)
    assert REGION not in found.values()
