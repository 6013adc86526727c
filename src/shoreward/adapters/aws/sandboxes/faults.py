"""Faults in a sandbox (`app.resilience.ports.FaultCloud`), and how they are taken back (`SandboxCloud.lift`).

    throttle     the function's reserved concurrency is 0: every call of it, on whatever way, is throttled
    disconnect   the event source mapping is disabled: a backlog builds up
    alter        a version with another environment, time-out or memory is published, and the alias points to it

Published versions cannot be changed, and customers come through the alias; so what is altered is a version of its own,
which is marked. The version that served before holds all that it takes to go back: no value of a variable is written
down anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.faults import code_of
from shoreward.adapters.aws.probe import difference, failure
from shoreward.adapters.aws.serving import alias_state, configuration, point
from shoreward.adapters.aws.stacks.stack import resources
from shoreward.app.resilience.ports import Sabotage, Sent
from shoreward.app.sandboxes import Injected, Thing
from shoreward.domain import Probe, Retryable, Target, Terminal

_MARK = "shoreward: a fault"
"""Description of versions that nobody wants to keep."""

_WAKE = b'{"shoreward":{"fault":"throttle"}}'
"""The event that is sent until it is throttled."""

_TAKES_HOLD = 60.0
"""Seconds for which Lambda may still let calls of a function through, or be busy changing it."""
_SWITCHES = 300.0
"""Seconds that a mapping may take until it is enabled or disabled; minutes are usual."""

_ALTERED = ("Environment", "Timeout", "MemorySize")
"""What of a function's configuration a fault may change."""


class Faults:
    """Implements `FaultCloud` on an account.

    Args:
        patience: seconds to wait for a function's answer, beyond its own time-out.
    """

    def __init__(self, aws: Aws, *, patience: float = 5.0) -> None:
        self._aws = aws
        self._patience = patience
        self._timeouts: dict[tuple[str, str], float] = {}

    def members(self, target: Target) -> Mapping[str, Thing]:
        """What a sandbox's stack holds, by logical id."""
        held = resources(self._aws, target)
        return {name: Thing(type=one.type, id=one.physical_id) for name, one in held.items() if one.physical_id}

    def before(self, target: Target, sabotage: Sabotage) -> Injected | None:
        """What it takes to take it back; see `FaultCloud.before`."""
        match sabotage.kind:
            case "throttle":
                client = self._aws.lambda_(target)
                found = self._aws.call(target, client.get_function_concurrency, FunctionName=sabotage.id)
                had = str(found["ReservedConcurrentExecutions"]) if "ReservedConcurrentExecutions" in found else ""
                return Injected(kind="throttle", id=sabotage.id, before=had)
            case "disconnect":
                state = _mapping_state(self._aws, target, sabotage.id)
                return Injected(kind="disconnect", id=sabotage.id) if state == "Enabled" else None
            case "alter":
                return self._before_altering(target, sabotage)

    def inject(self, target: Target, sabotage: Sabotage, injected: Injected) -> None:
        """Do it, and wait until it has taken hold; see `FaultCloud.inject`."""
        client = self._aws.lambda_(target)
        match sabotage.kind:
            case "throttle":
                self._aws.call(
                    target,
                    client.put_function_concurrency,
                    FunctionName=sabotage.id,
                    ReservedConcurrentExecutions=0,
                )
                self._await_throttling(target, sabotage)
            case "disconnect":
                _switch(self._aws, target, sabotage.id, on=False)
            case "alter":
                version = injected.before.partition("=")[2]
                self._alter(target, sabotage, _required(self._aws, target, sabotage.id, version))

    def send(self, target: Target, name: str, alias: str, probe: Probe) -> Sent:
        """Ask a function once; see `FaultCloud.send`."""
        client = self._aws.lambda_(target, read_timeout=self._limit(target, name, alias))
        clock = self._aws.timing.clock
        begun = clock()
        try:
            answer = self._aws.within(0.0).call(
                target, client.invoke, FunctionName=name, Qualifier=alias, Payload=probe.payload.encode()
            )
            text = answer["Payload"].read().decode(errors="replace")
        except Retryable as error:
            status = _status(error)
            if not status:
                raise
            return Sent(to=probe.function, status=status, wrong=f"it was {status}", seconds=clock() - begun)
        wrong = failure(text) if answer.get("FunctionError") else None
        status = "answered" if wrong is None else "error"
        if wrong is None and probe.expect is not None:
            wrong = difference(probe, text)
        return Sent(to=probe.function, status=status, wrong=wrong or "", seconds=clock() - begun)

    def waiting(self, target: Target, queue: str) -> int:
        """How many messages are in a queue."""
        client = self._aws.sessions.client("sqs", target)
        wanted = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        found = self._aws.call(target, client.get_queue_attributes, QueueUrl=queue, AttributeNames=wanted)
        return sum(int(found["Attributes"].get(name, 0)) for name in wanted)

    def _limit(self, target: Target, name: str, alias: str) -> float:
        """Seconds until nobody waits for an answer any more: a little more than the function has."""
        key = target.key, name
        if key not in self._timeouts:
            about = _required(self._aws, target, name, alias)
            self._timeouts[key] = float(about.get("Timeout", 3)) + self._patience
        return self._timeouts[key]

    def _await_throttling(self, target: Target, sabotage: Sabotage) -> None:
        client = self._aws.lambda_(target)

        def throttled() -> bool | None:
            try:
                self._aws.within(0.0).call(
                    target, client.invoke, FunctionName=sabotage.id, Qualifier=sabotage.alias, Payload=_WAKE
                )
            except Retryable as error:
                return True if code_of(error) == "TooManyRequestsException" else None
            return None

        what = f"{sabotage.id} is still called although it should be throttled."
        self._aws.timing.poll(throttled, limit=_TAKES_HOLD, late=lambda: _without_effect(what, target))

    def _before_altering(self, target: Target, sabotage: Sabotage) -> Injected:
        state = alias_state(self._aws, target, sabotage.id, sabotage.alias)
        if state is None or state.weights:
            what = f"The alias {sabotage.alias} of {sabotage.id} {'is gone' if state is None else f'is at {state}'}."
            raise Terminal("FAULT_NOT_POSSIBLE", what, where=target.key, next="Make the sandbox anew.")
        version = _required(self._aws, target, sabotage.id, state.version)
        latest = _required(self._aws, target, sabotage.id, "$LATEST")
        changed = [name for name in _ALTERED if latest.get(name) != version.get(name)]
        if changed:
            what = f"{', '.join(changed)} of {sabotage.id} differ from those of version {state.version}, which serves."
            raise Terminal("FAULT_NOT_POSSIBLE", what, where=target.key, next="Make the sandbox anew.")
        return Injected(kind="alter", id=sabotage.id, before=f"{sabotage.alias}={state.version}")

    def _alter(self, target: Target, sabotage: Sabotage, was: Mapping[str, Any]) -> None:
        variables = dict(was.get("Environment", {}).get("Variables", {}))
        wanted: dict[str, Any] = {}
        if sabotage.variable:
            value = f"{variables.get(sabotage.variable, '')}{sabotage.suffix}"
            wanted["Environment"] = {"Variables": {**variables, sabotage.variable: value}}
        if sabotage.timeout is not None:
            wanted["Timeout"] = sabotage.timeout
        if sabotage.memory is not None:
            wanted["MemorySize"] = sabotage.memory
        client = self._aws.lambda_(target)
        self._aws.call(target, client.update_function_configuration, FunctionName=sabotage.id, **wanted)
        _await_ready(self._aws, target, sabotage.id, "$LATEST")
        made = self._aws.call(target, client.publish_version, FunctionName=sabotage.id, Description=_MARK)
        version = made.get("Version", "")
        _await_ready(self._aws, target, sabotage.id, version)
        point(self._aws, target, sabotage.id, sabotage.alias, version)


def lift(aws: Aws, target: Target, fault: Injected) -> None:
    """Take a fault back; see `SandboxCloud.lift`."""
    client = aws.lambda_(target)
    match fault.kind:
        case "throttle" if fault.before:
            had = int(fault.before)
            _unless_gone(
                lambda: aws.call(
                    target, client.put_function_concurrency, FunctionName=fault.id, ReservedConcurrentExecutions=had
                )
            )
        case "throttle":
            _unless_gone(lambda: aws.call(target, client.delete_function_concurrency, FunctionName=fault.id))
        case "disconnect":
            _unless_gone(lambda: _switch(aws, target, fault.id, on=True))
        case "alter":
            _unless_gone(lambda: _restore(aws, target, fault))
        case _:
            what = f"The sandbox has a fault that this version does not know: {fault}."
            advice = "Remove the sandbox: shoreward sandbox down."
            raise Terminal("FAULT_UNREADABLE", what, where=target.key, next=advice)


def _restore(aws: Aws, target: Target, fault: Injected) -> None:
    """The alias first, for that is what customers see; then the function itself, and what was published goes."""
    client = aws.lambda_(target)
    alias, _, version = fault.before.partition("=")
    point(aws, target, fault.id, alias, version)
    was = _required(aws, target, fault.id, version)
    wanted: dict[str, Any] = {
        "Environment": {"Variables": dict(was.get("Environment", {}).get("Variables", {}))},
        "Timeout": was["Timeout"],
        "MemorySize": was["MemorySize"],
    }
    aws.call(target, client.update_function_configuration, FunctionName=fault.id, **wanted)
    _await_ready(aws, target, fault.id, "$LATEST")
    marked = [
        one.get("Version", "")
        for page in pages(
            lambda more: aws.call(target, client.list_versions_by_function, FunctionName=fault.id, **more),
            asks="Marker",
            tells="NextMarker",
        )
        for one in page["Versions"]
        if one.get("Description") == _MARK and one.get("Version") != version
    ]
    for one in marked:
        aws.call(target, client.delete_function, FunctionName=fault.id, Qualifier=one)


def _switch(aws: Aws, target: Target, mapping: str, *, on: bool) -> None:
    """Enable or disable an event source mapping, and wait for it."""
    wanted = "Enabled" if on else "Disabled"
    client = aws.lambda_(target)

    def at_rest() -> str | None:
        state = _mapping_state(aws, target, mapping)
        return None if state.endswith("ing") else state

    late = f"The event source mapping {mapping} is still not {wanted.lower()}."
    if aws.timing.poll(at_rest, limit=_SWITCHES, late=lambda: _without_effect(late, target)) == wanted:
        return
    aws.call(target, client.update_event_source_mapping, UUID=mapping, Enabled=on)
    aws.timing.poll(
        lambda: True if _mapping_state(aws, target, mapping) == wanted else None,
        limit=_SWITCHES,
        late=lambda: _without_effect(late, target),
    )


def _mapping_state(aws: Aws, target: Target, mapping: str) -> str:
    return aws.call(target, aws.lambda_(target).get_event_source_mapping, UUID=mapping).get("State", "")


def _await_ready(aws: Aws, target: Target, name: str, version: str) -> None:
    def look() -> bool | None:
        about = _required(aws, target, name, version)
        if about.get("State") == "Failed" or about.get("LastUpdateStatus") == "Failed":
            why = about.get("StateReason") or about.get("LastUpdateStatusReason") or "no reason given"
            raise Terminal("FAULT_NOT_POSSIBLE", f"{name} cannot be changed: {why}", where=target.key)
        busy = about.get("State") == "Pending" or about.get("LastUpdateStatus") == "InProgress"
        return None if busy else True

    what = f"{name} is still being changed."
    aws.timing.poll(look, limit=_TAKES_HOLD, late=lambda: _without_effect(what, target))


def _required(aws: Aws, target: Target, name: str, version: str) -> Mapping[str, Any]:
    found = configuration(aws, target, name, version)
    if found is None:
        raise _gone(name, version, target)
    return found


def _gone(name: str, version: str, target: Target) -> Terminal:
    return Terminal("FAULT_GONE", f"{name} has no version or alias {version}.", where=target.key)


def _unless_gone(act: Callable[[], object]) -> None:
    try:
        act()
    except Terminal as error:
        if error.code != "FAULT_GONE" and code_of(error) != "ResourceNotFoundException":
            raise


def _status(error: Retryable) -> str:
    """What became of a request that Lambda did not carry out; "" where we could not even ask."""
    cause = error.__cause__
    if type(cause).__name__.startswith("ReadTimeout"):
        return "timed out"
    code = code_of(error)
    if code == "TooManyRequestsException":
        return "throttled"
    return "refused" if code else ""


def _without_effect(what: str, target: Target) -> Terminal:
    return Terminal("FAULT_WITHOUT_EFFECT", what, where=target.key, next="Try again; AWS may be slow to change it.")
