"""The one way to call AWS: with the target's credentials, retried, and every error classified.

`aws.call(target, aws.lambda_(target).get_alias, FunctionName=..., Name=...)` keeps botocore's own types, so that what
is asked and answered is checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from shoreward.adapters.aws.faults import EXPIRED, REVOKED, classify, code_of
from shoreward.adapters.aws.retry import Retry, Timing
from shoreward.adapters.aws.sessions import Sessions
from shoreward.domain import OperationError, Target, Terminal

if TYPE_CHECKING:
    from mypy_boto3_appconfig import AppConfigClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

P = ParamSpec("P")
R = TypeVar("R")
A = TypeVar("A")

_FRESH = 60.0
"""Seconds in which an assumed role is taken to have all its rights."""


@dataclass(frozen=True, slots=True)
class Aws:
    """AWS as the adapters see it. Safe between threads.

    Attributes:
        retry: how calls are retried, and the time they live in.
        width: how many calls of one effect run side by side.
    """

    sessions: Sessions
    retry: Retry = field(default_factory=Retry)
    width: int = 8

    @property
    def timing(self) -> Timing:
        """The clock that waits go by."""
        return self.retry.timing

    def within(self, budget: float) -> Aws:
        """The same, with another budget of seconds per call."""
        return replace(self, retry=replace(self.retry, budget=budget))

    def call(self, target: Target, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a client's method until it answers, fails for good, or the budget is spent.

        Raises `Terminal` or `Retryable`, whose `__cause__` is botocore's error.
        """
        operation = getattr(method, "__name__", "call")
        service = _service(method)
        where = f"{target.key}: {operation}"
        action = f"{service}:{re.sub('(?:^|_)([a-z])', lambda found: found.group(1).upper(), operation)}"
        refreshed = False

        def attempt() -> R:
            nonlocal refreshed
            try:
                return method(*args, **kwargs)
            except OperationError:
                raise  # the role could not be assumed while the request was signed
            except Exception as error:
                if not refreshed and self._refreshed(target, code_of(error)):
                    refreshed = True
                    return attempt()
                raise classify(error, where=where, action=action) from error

        return self.retry.run(attempt)

    def _refreshed(self, target: Target, code: str) -> bool:
        """Whether an error may go away with fresh credentials, and there are some."""
        if code in EXPIRED:
            return self.sessions.refresh(target)
        # A right that is lacking is lacking to fresh credentials, too: they are asked for now and then, not each time.
        return code in REVOKED and self.sessions.refresh(target, younger_than=_FRESH)

    def together(self, act: Callable[[A], R], items: Iterable[A]) -> tuple[R, ...]:
        """Do the same for each item, side by side; all are tried before the worst error is raised."""
        items = tuple(items)
        if len(items) <= 1:
            return tuple(act(item) for item in items)
        with ThreadPoolExecutor(max_workers=min(self.width, len(items))) as pool:
            futures = [pool.submit(act, item) for item in items]
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            raise min(errors, key=_mildness)
        return tuple(future.result() for future in futures)

    def cloudformation(self, target: Target) -> CloudFormationClient:
        """CloudFormation in the target's region."""
        return self.sessions.client("cloudformation", target)

    def lambda_(self, target: Target, *, read_timeout: float = 20.0) -> LambdaClient:
        """Lambda in the target's region."""
        return self.sessions.client("lambda", target, read_timeout=read_timeout)

    def cloudwatch(self, target: Target) -> CloudWatchClient:
        """CloudWatch in the target's region."""
        return self.sessions.client("cloudwatch", target)

    def logs(self, target: Target) -> CloudWatchLogsClient:
        """CloudWatch Logs in the target's region."""
        return self.sessions.client("logs", target)

    def s3(self, target: Target) -> S3Client:
        """S3 in the target's region."""
        return self.sessions.client("s3", target, read_timeout=60.0)

    def ssm(self, target: Target) -> SSMClient:
        """Systems Manager in the target's region."""
        return self.sessions.client("ssm", target)

    def appconfig(self, target: Target) -> AppConfigClient:
        """AppConfig in the target's region."""
        return self.sessions.client("appconfig", target)


def pages(fetch: Callable[[dict[str, Any]], R], *, asks: str = "NextToken", tells: str = "NextToken") -> Iterator[R]:
    """All pages of a listing.

    Args:
        fetch: asks for a page, given the arguments that say which one.
        asks: the argument's name.
        tells: the name, in a page, of what the argument is for the one that follows.
    """
    arguments: dict[str, Any] = {}
    while True:
        page = fetch(arguments)
        yield page
        if not (following := cast("Mapping[str, Any]", page).get(tells)):
            return
        arguments = {asks: following}


def _service(method: Callable[..., object]) -> str:
    client = getattr(method, "__self__", None)
    return str(client.meta.service_model.service_name) if client is not None and hasattr(client, "meta") else "aws"


def _mildness(error: BaseException) -> int:
    """What nobody expects first, then what will not pass by itself."""
    return (
        2 if not isinstance(error, Terminal) and isinstance(error, OperationError) else int(isinstance(error, Terminal))
    )
