"""Errors as answers: problem+json (RFC 9457) for programs, a page for people, with the same stable codes."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from shoreward.domain import Refused, Retryable, ShorewardError, UserError
from shoreward.web.access.policy import Denied
from shoreward.web.api.bodies import Problem

_MISSING = frozenset(
    ("RELEASE_UNKNOWN", "PIPELINE_UNKNOWN", "TARGET_UNKNOWN", "NO_RELEASE", "BLOB_MISSING", "NOT_JUDGED", "NOT_FOUND",
     "NOT_CHECKED", "FREEZE_UNKNOWN", "SANDBOX_UNKNOWN")
)  # fmt: skip


def status_of(error: ShorewardError) -> int:
    """The HTTP status of an error."""
    match error:
        case Denied():
            return error.status
        case _ if error.code in _MISSING:
            return 404
        case UserError(code="METHOD_NOT_ALLOWED"):
            return 405
        case Refused(code="KEY_REUSED"):
            return 422
        case Refused() | Retryable(code="KEY_UNDER_WAY"):
            return 409
        case UserError():
            return 400
        case Retryable():
            return 503
        case _:
            return 500


def problem(error: ShorewardError) -> Problem:
    """An error as a problem."""
    return Problem(
        type=f"urn:shoreward:error:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=status_of(error),
        code=error.code,
        detail=error.what,
        where=str(error.where or ""),
        next=error.next,
    )


def as_json(error: ShorewardError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a program."""
    told = problem(error)
    return JSONResponse(
        told.model_dump(),
        status_code=told.status,
        media_type="application/problem+json",
        headers={**said_of(error), **(headers or {})},
    )


def said_of(error: ShorewardError) -> Mapping[str, str]:
    """What the headers of an answer say of an error."""
    match error:
        case Denied(after=after) if after:
            return {"Retry-After": str(ceil(after))}
        case Denied(status=401):
            return {"WWW-Authenticate": 'Bearer realm="shoreward"'}
        case Retryable():
            return {"Retry-After": "2"}
        case _:
            return {}


def wants_page(request: Request) -> bool:
    """Whether a person is to read the answer."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
