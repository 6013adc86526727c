"""Prober on Lambda: the new version answers before customers are sent to it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, cast

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.faults import code_of, message_of
from shoreward.adapters.aws.serving import configuration
from shoreward.app.ports import Answered
from shoreward.domain import Probe, Retryable, StagedFunction, Target, Terminal

_START = '{"shoreward":{"probe":"start"}}'
"""The event that starts a version without a probe of its own; what the handler thinks of it does not matter."""

_PATIENCE = 60.0
"""Seconds to wait for the answer to a request that goes the way of customers'."""

_CANNOT_START = frozenset(
    {
        "EC2AccessDeniedException",
        "EC2UnexpectedException",
        "EFSIOException",
        "EFSMountConnectivityException",
        "EFSMountFailureException",
        "EFSMountTimeoutException",
        "ENILimitReachedException",
        "InvalidRuntimeException",
        "InvalidSecurityGroupIDException",
        "InvalidSubnetIDException",
        "InvalidZipFileException",
        "KMSAccessDeniedException",
        "KMSDisabledException",
        "KMSInvalidStateException",
        "KMSNotFoundException",
        "SnapStartException",
        "SubnetIPAddressLimitReachedException",
    }
)


class Probes:
    """Synthetic requests to versions that have no traffic (`app.ports.Prober`).

    Args:
        ready: seconds to wait for a new version to become Active (a VPC or SnapStart takes minutes).
    """

    def __init__(self, aws: Aws, *, ready: float = 600.0) -> None:
        self._aws = aws
        self._ready = ready

    def probe(self, target: Target, function: StagedFunction, probe: Probe | None) -> str | None:
        """Invoke the candidate directly; None when it answered as expected, else what was wrong.

        With no probe defined it is invoked with an event that names itself a probe, and only a failure to start (to
        import, to find the handler) counts: the handler cannot know such an event. Raises `Retryable` when Lambda is
        throttling, and `Terminal` when the function is gone or may not be invoked.
        """
        about = self._await_active(target, function)
        if about.get("State", "Active") == "Failed":
            return f"version {function.candidate} cannot start: {about.get('StateReason', 'no reason given')}"
        payload = probe.payload if probe is not None else _START
        try:
            answer, failed, log = self._invoke(target, function, payload, int(about.get("Timeout", 3)))
        except Terminal as error:
            if code_of(error) not in _CANNOT_START:
                raise
            return f"version {function.candidate} cannot start: {message_of(error)}"
        except Retryable as error:
            if not type(error.__cause__).__name__.startswith("ReadTimeout"):
                raise
            return f"version {function.candidate} did not answer within its own time-out of {about.get('Timeout')} s"
        if failed:
            return failure(answer) if probe is not None or _never_started(answer, log) else None
        return difference(probe, answer) if probe is not None and probe.expect is not None else None

    def ask(self, target: Target, function: StagedFunction, probe: Probe) -> Answered:
        """Invoke the alias, once (`app.ports.Asker`); an error that Lambda counts itself is not told again."""
        client = self._aws.lambda_(target, read_timeout=_PATIENCE)
        answer = self._aws.within(0.0).call(
            target, client.invoke, FunctionName=function.name, Qualifier=function.alias, Payload=probe.payload.encode()
        )
        version = answer.get("ExecutedVersion", "")
        if answer.get("FunctionError") or probe.expect is None:
            return Answered(version=version)
        text = answer["Payload"].read().decode(errors="replace")
        return Answered(version=version, wrong=difference(probe, text))

    def _await_active(self, target: Target, function: StagedFunction) -> Mapping[str, Any]:
        def look() -> Mapping[str, Any] | None:
            about = configuration(self._aws, target, function.name, function.candidate)
            if about is None:
                raise Terminal(
                    "VERSION_GONE", f"{function.name} has no version {function.candidate}.", where=target.key
                )
            pending = about.get("State") == "Pending" or about.get("LastUpdateStatus") == "InProgress"
            return None if pending else about

        late = Retryable("VERSION_PENDING", f"Version {function.candidate} is still not Active.", where=target.key)
        return self._aws.timing.poll(look, limit=self._ready, late=lambda: late)

    def _invoke(self, target: Target, function: StagedFunction, payload: str, patience: int) -> tuple[str, bool, str]:
        """The answer, whether it is an error, and the end of the log."""
        client = self._aws.lambda_(target, read_timeout=float(patience + 30))
        answer = self._aws.call(
            target,
            client.invoke,
            FunctionName=function.name,
            Qualifier=function.candidate,
            Payload=payload.encode(),
            LogType="Tail",
        )
        text = answer["Payload"].read().decode(errors="replace")
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
        return text, bool(answer.get("FunctionError")), log


def failure(answer: str) -> str:
    """An error that a function answered with, in one line."""
    said = _object(answer)
    kind, text = str(said.get("errorType", "")), str(said.get("errorMessage", answer))
    return f"it failed: {kind + ': ' if kind else ''}{text}"[:600]


def _never_started(answer: str, log: str) -> bool:
    """Whether the failure came before the handler: from the runtime itself, or while the code was imported."""
    said = _object(answer)
    kind = str(said.get("errorType", ""))
    in_init = any("INIT_REPORT" in line and "Status: " in line for line in log.splitlines())
    return kind.startswith(("Runtime.", "Extension.", "Sandbox.")) or in_init or said.get("requestId") == ""


def difference(probe: Probe, answer: str) -> str | None:
    """What the answer lacks of what was expected; objects may have more members than expected, nothing else may."""
    expected = json.loads(probe.expect or "null")
    try:
        got = json.loads(answer)
    except ValueError:
        return f"it answered {answer[:200]!r}, which is no JSON"
    found = _lacks(expected, got, "$")
    return f"it answered otherwise: {found}" if found else None


def _lacks(expected: Any, got: Any, path: str) -> str | None:
    match expected, got:
        case dict(), dict():
            wanted, had = cast("dict[str, Any]", expected), cast("dict[str, Any]", got)
            for name, value in wanted.items():
                if name not in had:
                    return f"{path}.{name} is missing"
                if (found := _lacks(value, had[name], f"{path}.{name}")) is not None:
                    return found
            return None
        case _ if expected == got and isinstance(expected, bool) == isinstance(got, bool):
            return None
        case _:
            return f"{path} is {json.dumps(got)[:200]} where {json.dumps(expected)[:200]} was expected"


def _object(text: str) -> dict[str, Any]:
    try:
        said: object = json.loads(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}
