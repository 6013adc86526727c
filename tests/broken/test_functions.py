"""A function that somebody deleted: a person makes it again by its name, and the release does all else."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from aws.support import says
from shoreward.app.people import levers
from shoreward.core import Phase, Release
from shoreward.domain import Outcome

from .support import FAR, NEAR, Coast, at


class Hands:
    """Somebody who deletes a region's function, and makes it again."""

    def __init__(self, coast: Coast) -> None:
        self.coast, self.client = coast, coast.client("lambda")
        self.about = self.client.get_function_configuration(FunctionName=coast.name())

    @property
    def name(self) -> str:
        return str(self.about["FunctionName"])

    def delete(self) -> None:
        self.client.delete_function(FunctionName=self.name)

    def function(self, word: str = "one") -> None:
        same = {key: self.about[key] for key in ("Role", "Runtime", "Handler", "Timeout", "MemorySize", "Description")}
        store, artifact = self.coast.bench.store, self.coast.bench.revision(says(word)).artifacts[0]
        self.client.create_function(FunctionName=self.name, Code={"ZipFile": store.get(artifact.digest)}, **same)

    def version(self) -> str:
        return str(self.client.publish_version(FunctionName=self.name)["Version"])

    def alias(self) -> None:
        self.client.create_alias(FunctionName=self.name, Name="live", FunctionVersion=self.version())


@pytest.fixture
def hands(coast: Coast) -> Hands:
    return Hands(coast)


def failing(state: Release) -> bool:
    return any(failure.attempts > 2 for failure in state.failures.values())


def resume(coast: Coast, release: str) -> Release:
    """Let the release look again at what it holds."""
    levers.resume(coast.journal, release, coast.wish, target=at(coast.sail(release), FAR).target.key)
    return coast.sail(release)


def test_a_function_that_is_gone_is_held_for_until_it_is_there_whoever_resumes(coast: Coast, hands: Hands) -> None:
    # Given a region whose function somebody deleted
    hands.delete()
    release = coast.open("two")
    coast.sail(release)
    waits = coast.waits_for(release)
    command = f"aws lambda create-function --function-name {hands.name} --region {FAR}"
    assert all(word in waits for word in ("Hello is deleted", command)), waits

    # When somebody goes on over that, it is held again, for CloudFormation would fail
    state = resume(coast, release)
    assert (at(state, FAR).phase, state.rollback) == (Phase.WAITING, None)
    assert command in coast.waits_for(release)

    # And when they have made it again with all that it had, the release goes on with a canary
    hands.function()
    hands.alias()
    levers.resume(coast.journal, release, coast.wish, target=at(state, FAR).target.key)
    coast.baking(release)
    assert coast.serves() == "several"
    assert (coast.sail(release).outcome, coast.serves()) == (Outcome.SUCCEEDED, "two")


def test_a_function_that_was_made_again_bare_gets_its_version_and_alias_from_the_release(
    coast: Coast, hands: Hands
) -> None:
    # Given a function that somebody deleted and made again, without version and alias
    hands.delete()
    hands.function("mine")
    release = coast.open("two")
    coast.sail(release)
    waits = coast.waits_for(release)
    assert all(word in waits for word in ("is deleted, and was left as version 1", "HelloAliaslive is deleted")), waits

    # When a person goes on over that, the release makes what is missing
    assert resume(coast, release).outcome is Outcome.SUCCEEDED
    assert (coast.serves(NEAR), coast.serves(FAR)) == ("two", "two")

    # And the next one has a canary again
    third = coast.open("three")
    coast.baking(third)
    assert coast.serves() == "several"
    assert coast.sail(third).outcome is Outcome.SUCCEEDED


def test_a_deleted_function_keeps_nobody_else_from_going_back_and_is_gone_back_with_once_it_is_there(
    coast: Coast, hands: Hands
) -> None:
    # Given a canary in a region whose function somebody deletes
    release = coast.open("two")
    coast.baking(release)
    hands.delete()

    # Then the other region goes back, the stack is not touched, and a person is told what to type
    coast.sail(release, failing)
    assert coast.serves(NEAR) == "one"
    command = f"aws lambda create-function --function-name {hands.name} --region {FAR}"
    waits = coast.blockers(release)
    assert any(one.person and command in one.what for one in waits), waits
    with pytest.raises(ClientError, match="Function not found"):
        coast.alias()

    # And when they have made it, whatever is in it, the release puts back what served before
    hands.function("mine")
    assert (coast.sail(release).outcome, coast.serves()) == (Outcome.ERRORED, "one")
    assert coast.said(release, "Hello.alias live is deleted")
