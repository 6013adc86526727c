"""Nothing answers: whoever has just begun hears of it within seconds, and what is under way is patient."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.support import Kiosk
from shoreward.adapters.aws import Aws, Retry, Sessions, Timing
from shoreward.domain import Retryable, Target

from .support import Bench


@dataclass
class Patience:
    """Time that passes only while somebody sleeps."""

    now: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    @property
    def retry(self) -> Retry:
        return Retry(timing=Timing(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0))

    def spent(self, call: Callable[[], object]) -> tuple[float, Retryable]:
        """Seconds that a call waited before it gave up, and what it said then."""
        before = self.now
        with pytest.raises(Retryable) as gave_up:
            call()
        return self.now - before, gave_up.value


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An address at which nobody listens, and that nobody else gets."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        yield address


def dark(*regions: str) -> Callable[..., None]:
    """Takes regions away: what is sent there arrives nowhere."""

    def refuse(request: Any, **_: Any) -> None:
        authorization = request.headers["Authorization"]
        scope = authorization.decode() if isinstance(authorization, bytes) else authorization
        if any(f"/{region}/" in scope for region in regions):
            raise EndpointConnectionError(endpoint_url=request.url)

    return refuse


def by_role(target: Target) -> Target:
    return replace(target, role=f"arn:aws:iam::{target.account}:role/shoreward-shop-deploy")


@pytest.mark.parametrize("reached", [lambda target: target, by_role], ids=["own credentials", "a role"])
def test_the_first_call_of_a_target_gives_up_within_seconds_and_the_next_is_patient(
    bench: Bench, nowhere: str, reached: Callable[[Target], Target]
) -> None:
    # Given an address at which nobody listens
    patience, target = Patience(), reached(bench.target)
    sessions = Sessions(bench.session, retry=patience.retry)

    # When a target is called, the first call gives up soon, and says what to look at
    seconds, error = patience.spent(lambda: sessions.client("lambda", target))
    assert seconds <= 3.0
    assert (error.code, nowhere in error.what, "AWS_ENDPOINT_URL" in error.next) == ("AWS_UNREACHABLE", True, True)

    # And further ones have the usual budget
    seconds, error = patience.spent(lambda: sessions.client("lambda", target))
    assert 20.0 < seconds <= 30.0
    assert error.code == "AWS_UNREACHABLE"


def test_another_target_is_told_of_soon_as_well(bench: Bench, nowhere: str) -> None:
    patience = Patience()
    sessions = Sessions(bench.session, retry=patience.retry)
    for stack in ("shop", "shop-two"):
        seconds, _ = patience.spent(lambda stack=stack: sessions.client("lambda", replace(bench.target, stack=stack)))
        assert seconds <= 3.0


@pytest.mark.parametrize("through_role", [False, True])
def test_a_release_under_way_is_patient_with_a_region_that_goes_dark(bench: Bench, through_role: bool) -> None:
    # Given a target that was reached
    target = by_role(replace(bench.target, account=bench.neighbour())) if through_role else bench.target
    patience = Patience()
    aws = Aws(Sessions(bench.session, retry=patience.retry), patience.retry)
    gone = [""]
    bench.session.events.register("before-send", lambda request, **_: dark(*gone)(request))
    assert aws.call(target, aws.cloudformation(target).list_stacks)["StackSummaries"] is not None

    # When its region goes dark, a call has the usual budget
    gone[:] = [target.region]
    seconds, error = patience.spent(lambda: aws.call(target, aws.cloudformation(target).list_stacks))
    assert 20.0 < seconds <= 30.0
    assert error.code == "AWS_UNREACHABLE"

    # And when it is back, all is well
    gone[:] = [""]
    assert aws.call(target, aws.cloudformation(target).list_stacks)


def test_a_target_that_answers_late_is_reached(bench: Bench, nowhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience()
    patience.spent(lambda: Sessions(bench.session, retry=patience.retry).client("lambda", bench.target))
    monkeypatch.setenv("AWS_ENDPOINT_URL", bench.account.endpoint)
    assert Sessions(bench.session, retry=patience.retry).client("lambda", bench.target).list_functions()


def test_before_anything_is_begun_something_must_answer(bench: Bench, nowhere: str) -> None:
    patience = Patience()
    targets = [replace(bench.target, region=region) for region in ("eu-west-1", "us-east-1")]
    _, error = patience.spent(lambda: Sessions(bench.session, retry=patience.retry).reach(targets))
    assert (error.code, nowhere in error.what) == ("AWS_UNREACHABLE", True)


@pytest.mark.parametrize("away", [(), ("eu-west-1",)])
def test_one_answer_is_enough_to_begin(bench: Bench, away: tuple[str, ...]) -> None:
    bench.session.events.register("before-send", dark(*away))
    targets = [replace(bench.target, region=region) for region in ("eu-west-1", "us-east-1")]
    with bench.watched() as calls:
        Sessions(bench.session, retry=Patience().retry).reach(targets)
    assert "sts:GetCallerIdentity" in calls


def test_a_refusal_is_an_answer(bench: Bench) -> None:
    missing = by_role(bench.target)
    stranger = replace(bench.target, account="999999999999")
    with bench.watched() as calls:
        Sessions(bench.session, retry=Patience().retry).reach([missing, stranger])
    assert sorted(calls) == ["sts:AssumeRole", "sts:GetCallerIdentity"]


def test_nothing_to_reach_is_reached(bench: Bench, nowhere: str) -> None:
    with bench.watched() as calls:
        Sessions(bench.session).reach([])
    assert calls == []


def test_a_plan_says_that_nobody_answers(kiosk: Kiosk, nowhere: str) -> None:
    kiosk.commit()
    plan = kiosk.run("plan", "--json").json
    errors = [target["error"] for wave in plan["waves"] for target in wave["targets"]]
    assert [error["code"] for error in errors] == ["AWS_UNREACHABLE"] * 2
    assert all(nowhere in error["what"] and "AWS_ENDPOINT_URL" in error["next"] for error in errors)
