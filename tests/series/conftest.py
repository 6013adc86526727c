"""Where metrics come from, each with a way to put points into it."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aws.conftest import bench
from aws.support import Bench
from shoreward.adapters.series import Prometheus, RecordedSamples, Sources
from shoreward.app.ports import SeriesSource
from shoreward.domain import CloudWatchQuery, FileQuery, PrometheusQuery, Query, Target
from shoreward.testing.metrics import SimulatedSeries

from .remote_write import write

__all__ = ["bench"]

BINARY = Path(__file__).parents[2] / ".tools" / "prometheus" / "usr" / "bin" / "prometheus"
_CONFIGURED = "global: {scrape_interval: 1h}\nstorage: {tsdb: {out_of_order_time_window: 1d}}\n"
_numbers = itertools.count()


@dataclass
class Well:
    """A source, a query for a name, and how a point comes to be."""

    source: SeriesSource
    target: Target
    query: Callable[[str], Query]
    put: Callable[[str, float, float], None]
    corrects: bool = True
    other: Target = field(default_factory=lambda: Target(account="222222222222", region="eu-west-1", stack="shop"))


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one; its address."""
    if not BINARY.exists():
        why = f"There is no Prometheus in {BINARY.parent}: `make test` puts it there."
        if os.environ.get("CI") or shutil.which("apt-get"):
            pytest.fail(why)
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(_CONFIGURED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [str(BINARY), "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    command += [f"--web.listen-address={address}", "--web.enable-remote-write-receiver", "--log.level=error"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        _ready(f"http://{address}", process, folder / "log")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def _ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        assert process.poll() is None, log.read_text()
        try:
            opener.open(f"{address}/-/ready", timeout=10).close()
        except OSError:
            time.sleep(0.05)
        else:
            return


def simulated(request: pytest.FixtureRequest) -> Well:
    source = SimulatedSeries()
    target = Target(account="111111111111", region="eu-north-1", stack="shop")

    def query(name: str) -> Query:
        return CloudWatchQuery(namespace="Shop", metric=name)

    return Well(source, target, query, lambda name, at, value: source.put(target, query(name), at, value))


def cloudwatch(request: pytest.FixtureRequest) -> Well:
    bench: Bench = request.getfixturevalue("bench")
    source = Sources(cloudwatch=bench.adapters.metrics, prometheus=Prometheus(), files=RecordedSamples(Path()))
    client: Any = bench.account.client("cloudwatch", bench.region)

    def put(name: str, at: float, value: float) -> None:
        point = {
            "MetricName": name,
            "Dimensions": [{"Name": "Version", "Value": "2"}],
            "Timestamp": datetime.fromtimestamp(at, UTC),
            "Value": value,
        }
        client.put_metric_data(Namespace="Shop", MetricData=[point])

    def query(name: str) -> Query:
        return CloudWatchQuery(namespace="Shop", metric=name, dimensions=(("Version", "2"),), statistic="Maximum")

    return Well(source, bench.target, query, put)


def of_prometheus(request: pytest.FixtureRequest) -> Well:
    address: str = request.getfixturevalue("prometheus")
    source = Sources(cloudwatch=_Nobody(), prometheus=Prometheus(), files=RecordedSamples(Path()))
    test = f"t{next(_numbers)}"

    def query(name: str) -> Query:
        return PrometheusQuery(address=address, promql=f'max_over_time({name}{{test="{test}"}}[1m])')

    def put(name: str, at: float, value: float) -> None:
        write(address, {"__name__": name, "test": test}, at, value)

    target = Target(account="111111111111", region="eu-north-1", stack="shop")
    return Well(source, target, query, put, corrects=False)


def of_a_file(request: pytest.FixtureRequest) -> Well:
    folder: Path = request.getfixturevalue("tmp_path")
    file = folder / "samples.csv"
    file.write_text("time,target,arm,metric,value\n")
    source = Sources(cloudwatch=_Nobody(), prometheus=Prometheus(), files=RecordedSamples(folder))
    target = Target(account="111111111111", region="eu-north-1", stack="shop")
    rows: dict[tuple[str, float], float] = {}

    def put(name: str, at: float, value: float) -> None:
        rows[name, at] = value
        lines = (
            f"{datetime.fromtimestamp(at, UTC).isoformat()},{target.region},canary,{name},{value}"
            for (name, at), value in rows.items()
        )
        file.write_text("\n".join(("time,target,arm,metric,value", *lines, "")))

    return Well(
        source, target, lambda name: FileQuery(path="samples.csv", sample=name, column="value", arm="canary"), put
    )


class _Nobody:
    """A source that nobody asks."""

    def series(self, *given: object, **span: object) -> Any:
        raise AssertionError(given, span)


WELLS = {"simulated": simulated, "cloudwatch": cloudwatch, "prometheus": of_prometheus, "file": of_a_file}


@pytest.fixture(params=list(WELLS))
def well(request: pytest.FixtureRequest) -> Well:
    """Each source in turn."""
    return WELLS[request.param](request)
