"""One way to call AWS: what is asked again, for how long, and what people are told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError

from shoreward.adapters.aws import Retry, Timing
from shoreward.adapters.aws.faults import classify
from shoreward.domain import OperationError, Retryable, Terminal


@dataclass
class Simulated:
    """Time that passes only while somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)

    @property
    def timing(self) -> Timing:
        return Timing(clock=lambda: self.now, sleep=self.sleep, chance=lambda: 1.0)


def failing(times: int) -> tuple[list[int], object]:
    """Something that fails so often before it goes through."""
    made: list[int] = []

    def attempt() -> str:
        made.append(1)
        if len(made) <= times:
            raise Retryable("AWS_THROTTLING", "Slow down.")
        return "done"

    return made, attempt


def answer(code: str, status: int = 400, message: str = "") -> ClientError:
    """An error that AWS answers with."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Operation")  # type: ignore[arg-type]


def meaning(error: Exception) -> OperationError:
    return classify(error, where="somewhere", action="lambda:UpdateAlias")


def test_pauses_double_from_fifty_milliseconds_to_a_limit() -> None:
    time = Simulated()
    _, attempt = failing(9)
    assert Retry(timing=time.timing).run(attempt) == "done"  # type: ignore[arg-type]
    assert time.slept == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]


def test_pauses_are_jittered_all_the_way_to_nothing() -> None:
    time = Simulated()
    _, attempt = failing(3)
    timing = Timing(clock=lambda: time.now, sleep=time.sleep, chance=lambda: 0.0)
    Retry(timing=timing).run(attempt)  # type: ignore[arg-type]
    assert time.slept == [0.0, 0.0, 0.0]


def test_no_attempt_starts_after_the_budget_is_spent() -> None:
    time = Simulated()
    made, attempt = failing(1_000)
    with pytest.raises(Retryable):
        Retry(budget=10.0, timing=time.timing).run(attempt)  # type: ignore[arg-type]
    assert time.now <= 10.0
    assert len(made) == 9


def test_what_will_not_pass_is_not_asked_again() -> None:
    made: list[int] = []

    def attempt() -> None:
        made.append(1)
        raise Terminal("AWS_VALIDATION", "No.")

    with pytest.raises(Terminal):
        Retry(timing=Simulated().timing).run(attempt)
    assert made == [1]


def test_looks_grow_from_fifty_milliseconds_to_five_seconds() -> None:
    time = Simulated()
    with pytest.raises(Retryable, match="late"):
        time.timing.poll(lambda: None, limit=60.0, late=lambda: Retryable("STACK_BUSY", "late"))
    assert (time.slept[0], max(time.slept)) == (0.05, 5.0)
    assert time.now <= 60.0


@pytest.mark.parametrize(
    "error",
    [
        answer("Throttling"),
        answer("ThrottlingException"),
        answer("TooManyRequestsException", 429),
        answer("SlowDown", 503),
        answer("RequestLimitExceeded"),
        answer("ServiceException", 500),
        answer("Whatever", 502),
        answer("ResourceConflictException", 409),
        answer("OperationAborted", 409),
        exceptions.EndpointConnectionError(endpoint_url="https://lambda"),
        exceptions.ReadTimeoutError(endpoint_url="https://lambda"),
        exceptions.ConnectTimeoutError(endpoint_url="https://lambda"),
        exceptions.ConnectionClosedError(endpoint_url="https://lambda"),
    ],
    ids=str,
)
def test_these_may_go_through_later(error: Exception) -> None:
    assert isinstance(meaning(error), Retryable)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (answer("ValidationError"), "AWS_VALIDATION"),
        (answer("ResourceNotFoundException", 404), "AWS_RESOURCE_NOT_FOUND"),
        (answer("AlreadyExistsException"), "AWS_ALREADY_EXISTS"),
        (answer("LimitExceededException"), "AWS_LIMIT_EXCEEDED"),
        (answer("AccessDenied", 403), "AWS_ACCESS_DENIED"),
        (answer("403", 403), "AWS_ACCESS_DENIED"),
        (answer("SignatureDoesNotMatch", 403), "AWS_SIGNATURE_DOES_NOT_MATCH"),
        (exceptions.NoCredentialsError(), "AWS_NO_CREDENTIALS"),
        (exceptions.ParamValidationError(report="bad"), "AWS_REQUEST"),
    ],
    ids=str,
)
def test_these_will_not(error: Exception, code: str) -> None:
    found = meaning(error)
    assert (type(found), found.code, found.where) == (Terminal, code, "somewhere")


def test_a_missing_permission_is_named_with_what_to_do() -> None:
    said = "User: arn:x is not authorized to perform: cloudformation:CreateChangeSet on resource: arn:y"
    found = meaning(answer("AccessDenied", 403, said))
    assert found.what.startswith("cloudformation:CreateChangeSet is not allowed")
    assert "shoreward bootstrap" in found.next


def test_a_permission_that_aws_does_not_name_is_taken_from_the_operation() -> None:
    assert meaning(answer("AccessDeniedException", 403, "No.")).what.startswith("lambda:UpdateAlias is not allowed")
