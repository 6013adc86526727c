"""Who we are on a target."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from shoreward.adapters.aws import Aws, Sessions
from shoreward.domain import Terminal

from .support import Bench, refusing

_EXPIRED = b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>No.</Message></Error></ErrorResponse>"


def role_in(account: str, name: str = "shoreward-shop-deploy") -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def test_a_target_with_a_role_is_reached_by_assuming_it(bench: Bench) -> None:
    other = bench.neighbour()
    sessions = Sessions(bench.session, name="controller 7")
    target = replace(bench.target, account=other, role=role_in(other))
    found = sessions.client("sts", target).get_caller_identity()
    assert found["Account"] == other
    assert "shoreward-controller-7" in found["Arn"]


def test_a_role_is_assumed_once_in_each_region_so_that_none_depends_on_another(bench: Bench) -> None:
    other = bench.neighbour()
    target = replace(bench.target, account=other, role=role_in(other))
    with bench.watched() as calls:
        sessions = Sessions(bench.session)
        for region in ("eu-west-1", "us-east-1"):
            for service in ("sts", "lambda"):
                client = sessions.client(service, replace(target, region=region))
                assert sessions.client(service, replace(target, region=region)) is client
            sessions.client("sts", replace(target, region=region)).get_caller_identity()
    assert calls.count("sts:AssumeRole") == 2


def test_a_role_is_assumed_anew_shortly_before_it_expires(bench: Bench) -> None:
    other = bench.neighbour()
    target = replace(bench.target, account=other, role=role_in(other))
    ahead = [0.0]
    with bench.watched() as calls:
        sessions = Sessions(bench.session, clock=lambda: time.time() + ahead[0])
        client = sessions.client("sts", target)
        client.get_caller_identity()
        ahead[0] = 3_400.0
        client.get_caller_identity()
    assert calls.count("sts:AssumeRole") == 2


def test_expired_credentials_are_refreshed_and_the_call_goes_through(bench: Bench) -> None:
    other = bench.neighbour()
    target = replace(bench.target, account=other, role=role_in(other))
    bench.session.events.register_first("before-send.cloudformation", refusing("ExpiredToken", 403, _EXPIRED, times=1))
    with bench.watched() as calls:
        aws = Aws(Sessions(bench.session))
        found = aws.call(target, aws.cloudformation(target).list_stacks)
    assert [one["StackName"] for one in found["StackSummaries"]] == ["roles"]
    assert calls.count("sts:AssumeRole") == 2


def test_credentials_of_another_account_are_refused(bench: Bench) -> None:
    stranger = replace(bench.target, account="999999999999")
    with pytest.raises(Terminal) as refused:
        Sessions(bench.session).client("lambda", stranger)
    assert (refused.value.code, bench.target.account in refused.value.what) == ("ACCOUNT_MISMATCH", True)


def test_a_role_of_another_account_is_refused(bench: Bench) -> None:
    target = replace(bench.target, account="999999999999", role=role_in("888888888888"))
    with pytest.raises(Terminal, match="888888888888") as refused:
        Sessions(bench.session).client("lambda", target)
    assert refused.value.code == "ACCOUNT_MISMATCH"


def test_the_callers_account_is_asked_for_once(bench: Bench) -> None:
    with bench.watched() as calls:
        sessions = Sessions(bench.session)
        for service in ("lambda", "cloudformation", "lambda"):
            sessions.client(service, bench.target)
    assert calls.count("sts:GetCallerIdentity") == 1


def test_a_role_that_is_missing_is_named(bench: Bench) -> None:
    target = replace(bench.target, role=role_in(bench.target.account, "missing"))
    with pytest.raises(Terminal) as refused:
        bench.adapters.alarms.firing(target, ["x"])
    assert (refused.value.code, "role/missing" in str(refused.value)) == ("AWS_ACCESS_DENIED", True)
    assert "sts:AssumeRole" in refused.value.what
    assert "shoreward bootstrap" in refused.value.next
