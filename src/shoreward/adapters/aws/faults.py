"""What an error of AWS means: may it go through later, or must somebody change something?

Used by `calls` only; everything else in this package sees `Retryable` and `Terminal`.
"""

from __future__ import annotations

import re

from botocore import exceptions
from botocore.exceptions import ClientError

from shoreward.domain import OperationError, Retryable, Terminal

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
"""Credentials that were good once: worth one attempt with fresh ones."""

REVOKED = frozenset({"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "UnrecognizedClientException"})
"""What sessions of a role are told that were revoked, or whose role was made anew: fresh ones are honoured again."""

_LATER = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConcurrentModificationException",
        "EC2ThrottledException",
        "IDPCommunicationError",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "OperationAborted",
        "OperationInProgressException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceConflictException",  # Lambda: another update of this function is under way
        "ResourceNotReadyException",  # Lambda: the function is waking from the Inactive state
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "StaleRequestException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"})

_ADVICE = {
    "ExpiredToken": "Sign in again, then retry.",
    "ExpiredTokenException": "Sign in again, then retry.",
    "InvalidClientTokenId": "The access key is unknown; check the credentials of this process.",
    "UnrecognizedClientException": "The access key is unknown; check the credentials of this process.",
    "SignatureDoesNotMatch": "Check the secret key, and that this machine's clock is right.",
    "RequestTimeTooSkewed": "Set this machine's clock.",
    "LimitExceededException": "A quota of the account is used up: remove what is unused, or ask AWS for more.",
    "OptInRequired": "Enable the service or region for the account.",
}

_NEVER_ARRIVED = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
    exceptions.SSLError,
)

_UNANSWERED = (
    exceptions.HTTPClientError,
    exceptions.ConnectionError,
    exceptions.IncompleteReadError,
    exceptions.ResponseStreamingError,
)

_NEVER_LEFT = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError,
    exceptions.UnauthorizedSSOTokenError,
    exceptions.ProfileNotFound,
)


def code_of(error: BaseException | None) -> str:
    """The code that AWS gave for an error, also through the error we made of it; '' when it gave none."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "")
    return code_of(error.__cause__) if isinstance(error, OperationError) else ""


def message_of(error: BaseException | None) -> str:
    """The sentence that AWS gave for an error."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Message", "")
    return message_of(error.__cause__) if isinstance(error, OperationError) else str(error)


def classify(error: Exception, *, where: str, action: str) -> OperationError:
    """What a botocore error means.

    Args:
        where: the target and the operation, for people.
        action: the IAM action of the operation, for those who lack it.
    """
    match error:
        case ClientError():
            return _answered(error, where, action)
        case _ if isinstance(error, _NEVER_ARRIVED):
            advice = "Check the network of this machine, and AWS_ENDPOINT_URL or the proxy, if you have set them."
            return Retryable("AWS_UNREACHABLE", f"AWS cannot be reached: {error}", where=where, next=advice)
        case _ if isinstance(error, _UNANSWERED):
            return Retryable("AWS_UNREACHABLE", f"AWS did not answer: {error}", where=where)
        case _ if type(error).__name__ == "ResponseParserError":
            return Retryable("AWS_UNREACHABLE", "AWS answered with something that is no answer.", where=where)
        case _ if isinstance(error, _NEVER_LEFT):
            return Terminal(
                "AWS_NO_CREDENTIALS",
                f"There are no usable AWS credentials: {error}",
                where=where,
                next="Sign in (aws sso login), or set AWS_PROFILE.",
            )
        case _:
            return Terminal("AWS_REQUEST", f"The request could not be made: {error}", where=where)


def _answered(error: ClientError, where: str, action: str) -> OperationError:
    code, said = code_of(error), message_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    ours = f"AWS_{_snake(code)}"
    if code in _LATER or status == 429 or status >= 500:
        return Retryable(ours, f"{code}: {said}", where=where)
    if code in _DENIED or (status == 403 and code not in _ADVICE and code not in EXPIRED):
        named = re.search(r"perform: (\S+)", said)
        missing = named.group(1) if named else action
        return Terminal(
            "AWS_ACCESS_DENIED",
            f"{missing} is not allowed: {said}",
            where=where,
            next=f"Allow {missing}; `shoreward bootstrap` prints the role that a target account needs.",
        )
    return Terminal(ours, f"{code}: {said}", where=where, next=_ADVICE.get(code, ""))


def _snake(code: str) -> str:
    words = re.sub(r"(Exception|Error)$", "", code) or code
    return re.sub(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])", "_", words).strip("_").upper() or "UNKNOWN"
