"""What functions print goes to CloudWatch Logs: one stream per function version and day, bounded in length.

The emulator made a stream for every invocation, which minutes of traffic would turn into a leak.
Seam: the log groups of its CloudWatch Logs module.
"""

import time
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.functions.model import FunctionSpec, Invocation, Outcome

EVENTS_KEPT = 20_000
"""How many lines of a stream are kept; older ones go, half of them at a time."""


class FunctionLogs:
    """Writes the lines of an invocation, START to REPORT, as Lambda does."""

    def __init__(self) -> None:
        self._module = seam.service("cloudwatch_logs")
        self._scope = seam.core("responses").request_scope

    def write(self, spec: FunctionSpec, invocation: Invocation, outcome: Outcome) -> None:
        """Write what one invocation printed, between its platform lines."""
        request = invocation.request_id
        duration = f"{outcome.duration_ms:.2f} ms"
        billed = f"{int(outcome.duration_ms) + 1} ms"
        init = f"\tInit Duration: {outcome.init_ms:.2f} ms" if outcome.init_ms else ""
        lines = [f"START RequestId: {request} Version: {spec.version}"]
        if outcome.log:
            lines += outcome.log.rstrip("\n").split("\n")
        lines.append(f"END RequestId: {request}")
        lines.append(
            f"REPORT RequestId: {request}\tDuration: {duration}\tBilled Duration: {billed}\t"
            f"Memory Size: {spec.memory} MB\tMax Memory Used: {spec.memory} MB{init}"
        )
        self._append(spec, lines)

    def write_outside(self, spec: FunctionSpec, text: str) -> None:
        """Write what a process printed while no invocation was running."""
        if text.strip():
            self._append(spec, text.rstrip("\n").split("\n"))

    def _append(self, spec: FunctionSpec, lines: list[str]) -> None:
        now = int(time.time() * 1000)
        with self._scope(spec.account, spec.region):
            group = self._group(spec.log_group, now)
            name = time.strftime("%Y/%m/%d/", time.gmtime(now / 1000)) + f"[{spec.version}]{spec.stream_id}"
            stream = group["streams"].get(name)
            if stream is None:
                stream = group["streams"][name] = _new_stream(now)
            events: list[dict[str, Any]] = stream["events"]
            if len(events) > EVENTS_KEPT:
                del events[: EVENTS_KEPT // 2]
            events += [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
            stream["firstEventTimestamp"] = stream["firstEventTimestamp"] or now
            stream["lastEventTimestamp"] = stream["lastIngestionTime"] = now
            if group.get("subscriptionFilters"):
                sent = [{"timestamp": now, "message": line} for line in lines]
                self._module._fanout_to_subscription_filters(spec.log_group, name, sent)

    def _group(self, name: str, now: int) -> dict[str, Any]:
        groups = self._module._log_groups
        found: dict[str, Any] | None = groups.get(name)
        if found is None:
            found = {
                "arn": self._module._make_group_arn(name),
                "creationTime": now,
                "retentionInDays": None,
                "tags": {},
                "subscriptionFilters": {},
                "streams": {},
            }
            groups[name] = found
        return found


def _new_stream(now: int) -> dict[str, Any]:
    return {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }
