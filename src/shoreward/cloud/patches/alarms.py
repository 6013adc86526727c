"""Alarms are evaluated on their own dimensions, about once a second, for as long as the cloud runs.

Seam: the CloudWatch module's evaluator (run when a metric is put, over all dimensions) becomes ours; PutMetricAlarm
and the CloudFormation type keep what the emulator drops, the ``Metrics`` of a math alarm.
"""

import asyncio
import logging
import time
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.metrics.alarms import judge
from shoreward.cloud.metrics.query import MetricQueries
from shoreward.cloud.metrics.store import MetricStore
from shoreward.cloud.patches.cloudwatch import structured

log = logging.getLogger("shoreward.cloud.alarms")

INTERVAL = 1.0


def apply(store: MetricStore) -> None:
    """Replace the emulator's alarm evaluation."""
    module = seam.service("cloudwatch")

    def evaluate(alarm: dict[str, Any]) -> None:
        _evaluate(module, store, alarm)

    module._evaluate_alarm = evaluate
    module._evaluate_all_alarms = lambda: None
    _keep_math(module)
    _keep_math_of_templates()
    _add_composite_type(module)


async def run(store: MetricStore) -> None:
    """Evaluate every alarm of every account and region, again and again, until cancelled."""
    module = seam.service("cloudwatch")
    scope = seam.core("responses").request_scope
    while True:
        await asyncio.sleep(INTERVAL)
        for (account, region, _), alarm in list(module._alarms.all_items()):
            with scope(account, region):
                try:
                    _evaluate(module, store, alarm)
                except Exception:
                    log.exception("could not evaluate the alarm %s", alarm.get("AlarmName"))


def _evaluate(module: Any, store: MetricStore, alarm: dict[str, Any]) -> None:
    queries = MetricQueries(store, module.get_account_id(), module.get_region())
    judgement = judge(alarm, queries, time.time())
    old = alarm["StateValue"]
    if judgement.state is None or judgement.state == old:
        return
    alarm["StateValue"] = judgement.state
    alarm["StateReason"] = judgement.reason
    alarm["StateUpdatedTimestamp"] = alarm["StateTransitionedTimestamp"] = time.time()
    module._record_history(alarm["AlarmName"], old, judgement.state, judgement.reason)
    module._dispatch_alarm_actions(alarm, old, judgement.state, judgement.reason)
    module._evaluate_parent_alarms(alarm)


def _keep_math(module: Any) -> None:
    emulator_put = module._put_metric_alarm

    def put_metric_alarm(params: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        answer = emulator_put(params, data, is_cbor, is_json)
        given = data if is_cbor or is_json else structured(params)
        alarm = module._alarms.get(given.get("AlarmName"))
        if answer[0] == 200 and alarm is not None:
            if given.get("Metrics"):
                _as_math(alarm, given["Metrics"])
            if not is_json:
                alarm["TreatMissingData"] = given.get("TreatMissingData") or "missing"
            module._evaluate_alarm(alarm)
        return answer

    module._put_metric_alarm = put_metric_alarm


def _as_math(alarm: dict[str, Any], metrics: list[dict[str, Any]]) -> None:
    alarm["Metrics"] = metrics
    for name in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit"):
        alarm.pop(name, None)
    alarm["Dimensions"] = []


def _keep_math_of_templates() -> None:
    provisioners = seam.service("cloudformation.provisioners")
    emulator_record = provisioners._cw_metric_alarm_record

    def record(name: str, props: dict[str, Any]) -> dict[str, Any]:
        metrics = props.get("Metrics")
        if not metrics:
            return emulator_record(name, props)
        plain = {key: value for key, value in props.items() if key != "Metrics"}
        alarm = emulator_record(
            name, {**plain, "MetricName": "math", "Namespace": "math", "Statistic": "Sum", "Period": 60}
        )
        _as_math(alarm, metrics)
        return alarm

    provisioners._cw_metric_alarm_record = record


def _add_composite_type(module: Any) -> None:
    provisioners = seam.service("cloudformation.provisioners")
    if "AWS::CloudWatch::CompositeAlarm" in provisioners._RESOURCE_HANDLERS:
        return

    def put(name: str, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        status, _, body = module._put_composite_alarm({}, {**props, "AlarmName": name}, False, True)
        if status >= 400:
            raise ValueError(f"AWS::CloudWatch::CompositeAlarm failed: {body!r}")
        return name, {"Arn": module._composite_alarms[name]["AlarmArn"]}

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        return put(props.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255), props)

    def update(physical_id: str, _old: dict[str, Any], new: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        return put(physical_id, new)

    def delete(physical_id: str, _props: dict[str, Any]) -> None:
        module._composite_alarms.pop(physical_id, None)

    handlers = {"create": create, "update": update, "delete": delete}
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = handlers
