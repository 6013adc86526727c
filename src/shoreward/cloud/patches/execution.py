"""Every invocation, by whatever way it came, runs on our warm processes, and is drawn, counted and logged here.

Seams: ``_execute_function`` (threads: queues, streams, topics, schedules) and ``run_reentrant`` (the event loop:
Invoke, HTTP and REST APIs, function URLs), the two places through which the emulator runs Lambda code.
"""

import asyncio
import json
import logging
import sys
import time
import uuid
from collections import Counter
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.functions.model import FunctionSpec, Invocation, Outcome
from shoreward.cloud.functions.pool import Abandoned, FunctionPool
from shoreward.cloud.patches.addresses import localised
from shoreward.cloud.patches.aliases import serving
from shoreward.cloud.patches.function_logs import FunctionLogs
from shoreward.cloud.patches.function_metrics import FunctionMetrics
from shoreward.cloud.rights import sessions
from shoreward.cloud.untyped import mapping

log = logging.getLogger("shoreward.cloud.functions")

CONCURRENCY = 1000
"""Executions at once in an account and a region, those that wait for a process included: AWS's default.

The emulator's own limit is one for all, and as low as this machine's memory, because it starts a process for each.
"""

Result = dict[str, Any]


class Executor:
    """Runs the emulator's function records on the pool. Belongs to the event loop's thread unless it says otherwise."""

    def __init__(self, endpoint: str, pool: FunctionPool, metrics: FunctionMetrics, logs: FunctionLogs) -> None:
        self._endpoint = endpoint
        self._lambda = seam.service("lambda_svc")
        self._pool = pool
        self._metrics = metrics
        self._logs = logs
        self._loop = asyncio.get_running_loop()
        self._specs: dict[tuple[str, ...], FunctionSpec] = {}
        self._warned: set[str] = set()
        self._running: Counter[tuple[str, str]] = Counter()

    async def run(self, record: dict[str, Any], event: object, *, client_context: str = "") -> Result:
        """Run one invocation of a record (``{"config": ..., "code_zip": ...}``); the emulator's kind of result."""
        config = record.get("config") or record
        arn: str = config["FunctionArn"]
        parts = arn.split(":")
        account, region, name = parts[4], parts[3], parts[6]
        qualifier = parts[7] if len(parts) > 7 else ""
        func = self._lambda._functions.get_scoped(account, region, name) or record
        if qualifier in func.get("aliases", ()):
            record = serving(func, qualifier)
            config = record["config"]
        version = str(config.get("Version", "$LATEST"))
        slot, limit = self._lambda._acquire_execution_slot(func, config)
        if slot is None or self._running[account, region] >= CONCURRENCY:
            self._lambda._release_execution_slot(slot)
            self._metrics.throttled(account, region, name, qualifier, version)
            return self._throttle(name, limit)
        self._running[account, region] += 1
        try:
            spec = self._spec(account, region, name, version, record, config)
            invocation = _invocation(event, arn, client_context)
            outcome = await self._pool.invoke(spec, invocation)
        except Abandoned:
            return {"body": None, "log": "", "error": True, "function_error": "Unhandled", "executed_version": version}
        finally:
            self._running[account, region] -= 1
            self._lambda._release_execution_slot(slot)
        self._metrics.completed(account, region, name, qualifier, version, outcome)
        self._logs.write(spec, invocation, outcome)
        return {**as_result(outcome), "executed_version": version}

    def clear(self) -> None:
        """Forget what is known of functions, after everything was reset."""
        self._specs.clear()

    def run_from_thread(self, record: dict[str, Any], event: object) -> Result:
        """The same, for the emulator's worker threads: blocks the thread until the outcome is there."""
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop:
            raise RuntimeError("a function cannot be run synchronously on the event loop's thread")
        return asyncio.run_coroutine_threadsafe(self.run(record, event), self._loop).result()

    def _spec(
        self, account: str, region: str, name: str, version: str, record: dict[str, Any], config: dict[str, Any]
    ) -> FunctionSpec:
        digest = str(config.get("CodeSha256", ""))
        key = (account, region, name, version, str(config.get("RevisionId", "")), digest)
        found = self._specs.get(key)
        if found is not None:
            return found
        for stale in [old for old in self._specs if old[:4] == key[:4]]:
            del self._specs[stale]
        scope = seam.core("responses").request_scope
        with scope(account, region):
            layers = [self._lambda._resolve_layer_zip(layer) for layer in config.get("Layers") or ()]
        logging_config: dict[str, Any] = mapping(config.get("LoggingConfig"))
        runtime = str(config.get("Runtime") or config.get("PackageType") or "")
        self._warn_of_runtime(runtime)
        spec = self._specs[key] = FunctionSpec(
            key=key,
            account=account,
            region=region,
            credentials=sessions.begin(str(config["FunctionArn"]), str(config.get("Role") or "")),
            name=name,
            version=version,
            runtime=runtime,
            handler=str(config.get("Handler") or ""),
            timeout=float(config.get("Timeout") or 3),
            memory=int(config.get("MemorySize") or 128),
            environment=self._environment(config),
            code=record.get("code_zip") or b"",
            code_digest=digest,
            layers=tuple(layer for layer in layers if layer),
            log_group=str(logging_config.get("LogGroup") or f"/aws/lambda/{name}"),
            log_format=str(logging_config.get("LogFormat") or "Text").upper(),
            log_level=str(logging_config.get("ApplicationLogLevel") or ""),
        )
        self._pool.forget(lambda known: known[:4] != key[:4] or known == key)
        return spec

    def _environment(self, config: dict[str, Any]) -> dict[str, str]:
        """The function's own variables; addresses of APIs in them lead to this cloud."""
        given = mapping(mapping(config.get("Environment")).get("Variables"))
        return {name: localised(str(value), self._endpoint) for name, value in given.items()}

    def _warn_of_runtime(self, runtime: str) -> None:
        here = f"python{sys.version_info.major}.{sys.version_info.minor}"
        if runtime.startswith("python") and runtime != here and runtime not in self._warned:
            self._warned.add(runtime)
            log.warning("functions for %s run on this machine's %s", runtime, here)

    def _throttle(self, name: str, limit: str | None) -> Result:
        reason = (
            "ReservedFunctionConcurrentInvocationLimitExceeded"
            if limit == "function"
            else "ConcurrentInvocationLimitExceeded"
        )
        result: Result = self._lambda._throttle_response(reason_code=reason, msg=f"Rate Exceeded: {name}")
        return result


def _invocation(event: object, arn: str, client_context: str) -> Invocation:
    identity = uuid.uuid4()
    return Invocation(
        request_id=str(identity),
        event=json.dumps(event).encode(),
        arn=arn,
        trace=f"Root=1-{int(time.time()):08x}-{identity.hex[:24]};Parent={identity.hex[16:]};Sampled=0",
        client_context=client_context,
    )


def as_result(outcome: Outcome) -> Result:
    """An outcome in the shape in which the emulator's services read it."""
    try:
        body: object = json.loads(outcome.payload) if outcome.payload else None
    except ValueError:
        body = outcome.payload.decode("utf-8", "replace")
    result: Result = {"body": body, "log": outcome.log}
    if outcome.failed:
        result.update(error=True, function_error="Unhandled")
    return result


def apply(executor: Executor) -> None:
    """Route every invocation of the emulator to ``executor``."""
    module = seam.service("lambda_svc")
    module._execute_function = executor.run_from_thread
    module._emit_lambda_metrics = _nothing
    module._ensure_reaper_thread = _nothing
    for name in ("lambda_svc", "apigateway", "apigateway_v1"):
        _run_on_loop(seam.service(name), module, executor)


def _nothing(*_args: object, **_kwargs: object) -> None:
    """Stands in for the emulator's own metrics and reaper."""


def _run_on_loop(service: Any, module: Any, executor: Executor) -> None:
    """Where the emulator would start a thread for an invocation, wait on the event loop instead."""
    emulator_run = service.run_reentrant

    async def run_reentrant(function: Any, *args: Any, thread_name: str = "", **kwargs: Any) -> Any:
        if function is not module._execute_function_with_config_scope:
            return await emulator_run(function, *args, thread_name=thread_name, **kwargs)
        record, event = args
        result = await executor.run(record, event)
        shape = _FAILURES.get((service.__name__.rpartition(".")[2], thread_name))
        if shape is not None and (result.get("error") or result.get("throttle")):
            return {"error": True, "body": shape(result)}
        return result

    service.run_reentrant = run_reentrant


def _proxy_failure(status: int, body: str) -> Any:
    response = {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": body}
    return lambda _result: response  # pyright: ignore


# What a client sees of a function that failed: never the function's own error, as on AWS.
_FAILURES: dict[tuple[str, str], Any] = {
    ("apigateway", "ministack-apigw-invoke"): _proxy_failure(500, '{"message":"Internal Server Error"}'),
    ("apigateway_v1", "ministack-apigw-invoke"): _proxy_failure(502, "Internal server error"),
    ("lambda_svc", "ministack-lambda-url"): _proxy_failure(502, "Internal Server Error"),
}
