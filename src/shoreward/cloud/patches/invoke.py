"""The Invoke operation: weights of aliases, the version that ran, the tail of the log, asynchronous events.

The emulator resolved the alias by itself here, before our weights could be drawn. Seam: ``_invoke`` of its Lambda
module; what is not ours (durable functions, unknown functions) still goes to the emulator.
"""

import base64
import json
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.patches.execution import Executor
from shoreward.cloud.untyped import mapping

Answer = tuple[int, dict[str, str], bytes]


def apply(executor: Executor) -> None:
    """Answer Invoke by ``executor``."""
    module = seam.service("lambda_svc")
    emulator_invoke = module._invoke

    async def invoke(
        name: str,
        event: Any,
        headers: dict[str, str],
        path_qualifier: str | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> Answer:
        func = module._functions.get(name)
        qualifier = path_qualifier or module._qp_first(query_params or {}, "Qualifier") or None
        record, config = module._effective_func_record_for_qualifier(func, qualifier)
        kind = headers.get("x-amz-invocation-type") or "RequestResponse"
        if record is None or config.get("DurableConfig") or config.get("State") == "Pending" or kind == "DryRun":
            return await emulator_invoke(name, event, headers, path_qualifier, query_params)
        record = {**record, "config": config}
        if kind == "Event":
            configs: dict[str, Any] = mapping(func.get("event_invoke_configs"))
            settings = configs.get(qualifier or "$LATEST") or func.get("event_invoke_config")
            module.invoke_async_with_retry({**record, "event_invoke_config": settings}, event)
            return 202, {"X-Amz-Executed-Version": str(config.get("Version", "$LATEST"))}, b""
        context = headers.get("x-amz-client-context", "")
        decoded = base64.b64decode(context).decode() if context else ""
        result = await executor.run(record, event, client_context=decoded)
        return _answer(result, tail=headers.get("x-amz-log-type", "").lower() == "tail")

    module._invoke = invoke


def _answer(result: dict[str, Any], *, tail: bool) -> Answer:
    if result.get("throttle"):
        return 429, {"Content-Type": "application/json"}, json.dumps(result.get("body") or {}).encode()
    headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": result["executed_version"]}
    if tail:
        headers["X-Amz-Log-Result"] = base64.b64encode(result["log"].encode()[-4096:]).decode()
    if result.get("error"):
        headers["X-Amz-Function-Error"] = result["function_error"]
    return 200, headers, json.dumps(result["body"]).encode()
