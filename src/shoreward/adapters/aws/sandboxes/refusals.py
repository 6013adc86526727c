"""Who is to blame when a sandbox cannot be made: the change, or the account.

A template that CloudFormation refuses, and a resource that a service refuses as it is written, are mistakes in the
change: it fails its checks. A missing permission, a full quota or a service's own failure says nothing about the
change.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from shoreward.domain import Place, SpecError, Target, Terminal

_CHANGE = ("CHANGE_SET_FAILED", "STACK_FAILED", "PARAMETER_MISSING", "TEMPLATE_TOO_LARGE", "AWS_VALIDATION")

_ACCOUNT = re.compile(
    r"access ?denied|not authorized|unauthorized|limit ?exceeded|exceeds? .*(limit|quota)|quota|rate exceeded"
    r"|throttl|service ?unavailable|internal ?(failure|error|server)|timed? ?out|expired|HandlerErrorCode: "
    r"(AccessDenied|ServiceLimitExceeded|ServiceInternalError|NetworkFailure|InternalFailure|NotStabilized|Throttling)",
    re.IGNORECASE,
)


@contextmanager
def blamed(target: Target, file: str) -> Generator[None]:
    """Turn what CloudFormation refuses of a change into `SpecError` (SANDBOX_NOT_MADE).

    Args:
        file: the template's path in the repository.
    """
    try:
        yield
    except Terminal as error:
        if error.code not in _CHANGE or _ACCOUNT.search(error.what):
            raise
        raise SpecError(
            "SANDBOX_NOT_MADE",
            f"The sandbox {target.stack} cannot be made: {error.what}",
            where=Place(file=file),
            next=error.next or "Mend what the message names; production would refuse it, too.",
        ) from error
