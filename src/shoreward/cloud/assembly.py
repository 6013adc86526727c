"""Puts the cloud together: the emulator, its mended gaps, the function pool, and what answers a request.

Imported in the cloud's own process only, after its environment is prepared: the emulator reads that when imported.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

from shoreward.cloud import seam
from shoreward.cloud.functions.pool import FunctionPool, PoolLimits
from shoreward.cloud.metrics.store import MetricStore
from shoreward.cloud.patches import (
    absent,
    addresses,
    alarms,
    alias_targets,
    aliases,
    cloudwatch,
    code_packages,
    drift,
    execution,
    http_apis,
    invoke,
    parameters,
    physical_names,
    queue_metrics,
    replacements,
    resource_types,
    rest_apis,
    roles,
    stack_rules,
    versions,
)
from shoreward.cloud.patches.function_logs import FunctionLogs
from shoreward.cloud.patches.function_metrics import FunctionMetrics
from shoreward.cloud.rights.gate import Gate
from shoreward.cloud.server.asgi import Bridge, lifespan
from shoreward.cloud.server.dataplane import DataPlane
from shoreward.cloud.server.http11 import Request, Response
from shoreward.cloud.server.sidedoor import SideDoor

REAP_EVERY = 10.0

Handler = Callable[[Request], Awaitable[Response]]


@contextlib.asynccontextmanager
async def assemble(endpoint: str, work_dir: Path, processes: int) -> AsyncGenerator[Handler]:
    """The whole cloud as one request handler, from start to end."""
    application = seam.application()
    for chatty in ("kms", "samtranslator"):
        logging.getLogger(chatty).setLevel(logging.ERROR)  # warnings of theirs that are about nobody here
    application._docker_socket_present = lambda: False
    application.container_reaper.start = _no_containers
    store = MetricStore()
    metrics = FunctionMetrics(store)
    logs = FunctionLogs()
    pool = FunctionPool(work_dir, endpoint, PoolLimits(total=processes), logs.write_outside)
    executor = execution.Executor(endpoint, pool, metrics, logs)
    cloudwatch.apply(store)
    alarms.apply(store)
    aliases.apply()
    execution.apply(executor)
    invoke.apply(executor)
    addresses.apply(endpoint)
    http_apis.apply(endpoint)
    rest_apis.apply()
    resource_types.apply()
    for strict in (code_packages, alias_targets, versions, stack_rules, replacements, roles, drift, absent, parameters):
        strict.apply()
    physical_names.apply()
    dataplane = DataPlane(store)
    bridge = Bridge(application.app, int(endpoint.rpartition(":")[2]))

    def forget() -> None:
        metrics.clear()
        dataplane.clear()
        executor.clear()
        pool.close()

    door = SideDoor(Gate(bridge), dataplane.answer, forget)
    async with lifespan(application.app), _background(alarms.run(store), queue_metrics.run(store), _reap(pool)):
        try:
            yield door
        finally:
            pool.close()


def _no_containers(*_args: object) -> None:
    """Docker, should this machine have it, is none of this cloud's business."""


async def _reap(pool: FunctionPool) -> None:
    while True:
        await asyncio.sleep(REAP_EVERY)
        pool.reap()


@contextlib.asynccontextmanager
async def _background(*jobs: Awaitable[None]) -> AsyncGenerator[None]:
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
