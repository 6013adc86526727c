"""AlarmSource on CloudWatch alarms, plain and composite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shoreward.adapters.aws.calls import Aws, pages
from shoreward.adapters.aws.naming import fill
from shoreward.domain import Target, Terminal

_BATCH = 100


class Alarms:
    """Alarms that a team named (`app.ports.AlarmSource`)."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def firing(self, target: Target, names: Sequence[str]) -> tuple[str, ...]:
        """The names that are in ALARM now, with `{stack}`, `{region}` and `{account}` filled in, in the order given.

        An alarm without enough data does not fire: that is its owner's choice (TreatMissingData). Raises `Terminal`
        (ALARM_MISSING) when one does not exist, for nobody would be watching.
        """
        wanted = tuple(dict.fromkeys(fill(name, target) for name in names))
        states: dict[str, str] = {}
        for first in range(0, len(wanted), _BATCH):
            states |= self._states(target, wanted[first : first + _BATCH])
        if missing := [name for name in wanted if name not in states]:
            raise Terminal(
                "ALARM_MISSING",
                f"There is no alarm {', '.join(missing)} in {target}.",
                where=target.key,
                next="Create it there, or correct its name under alarms in shoreward.yaml.",
            )
        return tuple(name for name in wanted if states[name] == "ALARM")

    def firing_like(self, target: Target, prefix: str) -> tuple[str, ...]:
        """Names that begin with `prefix`, filled in as names are, and are in ALARM now; ALARM_MISSING for none."""
        filled = fill(prefix, target)
        states = self._found(target, AlarmNamePrefix=filled)
        if not states:
            raise Terminal(
                "ALARM_MISSING",
                f"There is no alarm in {target} whose name begins with {filled}.",
                where=target.key,
                next="Create one there, or correct the prefix under gates in shoreward.yaml.",
            )
        return tuple(sorted(name for name, state in states.items() if state == "ALARM"))

    def _states(self, target: Target, names: Sequence[str]) -> dict[str, str]:
        return self._found(target, AlarmNames=list(names))

    def _found(self, target: Target, **which: Any) -> dict[str, str]:
        client = self._aws.cloudwatch(target)
        asked: dict[str, Any] = {**which, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": _BATCH}
        return {
            alarm.get("AlarmName", ""): alarm.get("StateValue", "")
            for page in pages(lambda more: self._aws.call(target, client.describe_alarms, **asked, **more))
            for alarm in (*page.get("MetricAlarms", []), *page.get("CompositeAlarms", []))
        }
