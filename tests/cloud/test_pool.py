"""Many calls of few processes: each has its turn, whoever else waits, and whatever becomes of a process."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from shoreward.cloud.functions.model import Credentials, FunctionSpec, Invocation, Outcome
from shoreward.cloud.functions.pool import Abandoned, FunctionPool, PoolLimits, wanted
from shoreward.testing.cloud import archive

SAYS = "import os\ndef handler(event, context): return os.getpid()"
DIES = "import os\ndef handler(event, context): os._exit(1)"


def spec(name: str, source: str = SAYS) -> FunctionSpec:
    return FunctionSpec(
        key=(name,),
        account="111111111111",
        region="eu-west-1",
        credentials=Credentials(access_key="a", secret_key="s", token="t"),
        name=name,
        version="1",
        runtime="python3.11",
        handler="index.handler",
        timeout=20.0,
        memory=128,
        environment={},
        code=archive({"index.py": source}),
        code_digest=name,
        layers=(),
        log_group="/aws/lambda/f",
        log_format="Text",
        log_level="",
    )


@contextlib.asynccontextmanager
async def pool(folder: Path, limits: PoolLimits) -> AsyncIterator[FunctionPool]:
    made = FunctionPool(folder, "http://127.0.0.1:1", limits, lambda _spec, _text: None)
    try:
        yield made
    finally:
        made.close()


async def crowd(made: FunctionPool, asked: FunctionSpec, size: int) -> list[Outcome]:
    calls = (Invocation(request_id=str(number), event=b"{}", arn="arn") for number in range(size))
    return await asyncio.gather(*(made.invoke(asked, call) for call in calls))


def test_a_crowd_before_a_function_that_does_not_run_yet_is_served_by_few_processes(tmp_path: Path) -> None:
    async def come() -> list[Outcome]:
        async with pool(tmp_path, PoolLimits(per_version=2)) as made:
            return await crowd(made, spec("f"), 300)

    outcomes = asyncio.run(come())
    assert not any(one.failed for one in outcomes)
    assert 1 <= len({json.loads(one.payload) for one in outcomes}) <= 2


def test_functions_that_find_no_room_have_what_others_leave(tmp_path: Path) -> None:
    async def come() -> list[list[Outcome]]:
        async with pool(tmp_path, PoolLimits(total=1, patience=0.01)) as made:
            return list(await asyncio.gather(*(crowd(made, spec(name), 3) for name in ("f", "g", "h"))))

    assert not any(one.failed for outcomes in asyncio.run(come()) for one in outcomes)


def test_a_process_that_dies_is_replaced_for_those_who_wait(tmp_path: Path) -> None:
    async def come() -> list[Outcome]:
        async with pool(tmp_path, PoolLimits(per_version=1)) as made:
            return await crowd(made, spec("f", DIES), 3)

    assert [json.loads(one.payload)["errorType"] for one in asyncio.run(come())] == ["Runtime.ExitError"] * 3


def test_nothing_is_started_for_those_who_have_left(tmp_path: Path) -> None:
    """Else those who come after a stall would wait until all of those are served who gave up during it."""
    left: set[int] = set()

    async def customer(made: FunctionPool, number: int) -> Outcome:
        wanted.set(lambda: number not in left)
        return await made.invoke(spec("f"), Invocation(request_id=str(number), event=b"{}", arn="arn"))

    async def come() -> list[Outcome | BaseException]:
        async with pool(tmp_path, PoolLimits(per_version=1)) as made:
            calls = [asyncio.ensure_future(customer(made, number)) for number in range(20)]
            await asyncio.sleep(0)
            left.update(range(5, 15))
            return await asyncio.gather(*calls, return_exceptions=True)

    ended = asyncio.run(come())
    assert [number for number, one in enumerate(ended) if isinstance(one, Abandoned)] == list(range(5, 15))


def test_code_that_cannot_be_unpacked_is_told_to_each(tmp_path: Path) -> None:
    async def come() -> list[Outcome]:
        async with pool(tmp_path, PoolLimits()) as made:
            return await crowd(made, replace(spec("f"), code=b"no archive"), 3)

    assert [json.loads(one.payload)["errorType"] for one in asyncio.run(come())] == ["Runtime.InvalidEntrypoint"] * 3
