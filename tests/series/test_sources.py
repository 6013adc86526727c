"""What only one of the sources has: expressions that are refused, servers that are gone, files that are none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from shoreward.adapters.series import Prometheus, RecordedSamples
from shoreward.domain import FileQuery, PrometheusQuery, Retryable, Target, Terminal

from .remote_write import write

NORTH = Target(account="111111111111", region="eu-north-1", stack="shop")
START = time.time() // 60 * 60 - 1_800


def ask(address: str, promql: str, intervals: int = 3) -> list[float]:
    query = PrometheusQuery(address=address, promql=promql)
    found = Prometheus().series(NORTH, [query], start=START, end=START + intervals * 60, period=60)
    return np.nan_to_num(found[query], nan=-1.0).tolist()


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_grew_in_a_minute_is_that_minutes(prometheus: str):
    for minute, value in enumerate((10.0, 10.0, 40.0, 40.0)):
        write(prometheus, {"__name__": "sold"}, START - 60 + minute * 60 + 59, value)
    assert ask(prometheus, "sold - sold offset 1m") == [0.0, 30.0, 0.0]


def test_an_expression_that_is_none_is_refused_for_good(prometheus: str):
    with pytest.raises(Terminal, match=r"does not take 'sum\('") as refused:
        ask(prometheus, "sum(")
    assert refused.value.code == "PROMETHEUS_REFUSED"


def test_several_series_are_not_one(prometheus: str):
    for version in "12":
        write(prometheus, {"__name__": "busy", "version": version}, START + 30, 1.0)
    with pytest.raises(Terminal, match="gives 2 series") as several:
        ask(prometheus, "busy")
    assert several.value.code == "PROMETHEUS_REFUSED"
    assert ask(prometheus, "sum(max_over_time(busy[1m]))") == [2.0, -1.0, -1.0]


def test_a_division_by_nothing_is_no_value(prometheus: str):
    assert ask(prometheus, "vector(0) / vector(0)") == [-1.0, -1.0, -1.0]
    assert ask(prometheus, "vector(1) / vector(0)") == [-1.0, -1.0, -1.0]


def test_a_span_of_more_points_than_a_request_takes_is_read_in_several(prometheus: str):
    query = PrometheusQuery(address=prometheus, promql="vector(1)")
    end = time.time() // 60 * 60
    found = Prometheus().series(NORTH, [query], start=end - 12_000, end=end, period=1)[query]
    assert found.tolist() == [1.0] * 12_000


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, b"later"),
        (500, b'{"status": "error"}'),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"status": "success", "data": {"result": [{"values": 3}]}}'),
        (200, b'{"status": "success", "data": {"result": [{"values": [[1, "x"]]}]}}'),
    ],
)
def test_a_server_that_does_not_tell_may_tell_later(status: int, body: bytes):
    with answering(status, body) as address, pytest.raises(Retryable) as refused:
        ask(address, "up")
    assert refused.value.code == "PROMETHEUS_UNREACHABLE"


def test_a_part_of_the_answer_is_no_answer():
    warned = b'{"status": "success", "warnings": ["a store is down"], "data": {"result": []}}'
    with answering(200, warned) as address, pytest.raises(Retryable, match="a store is down") as partial:
        ask(address, "up")
    assert partial.value.code == "METRICS_INCOMPLETE"


def test_a_server_that_is_gone_may_come_back():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Retryable) as gone:
            ask(address, "up")
    assert gone.value.code == "PROMETHEUS_UNREACHABLE"


def recorded(folder: Path, text: str, column: str = "value", arm: str = "canary") -> list[float]:
    (folder / "samples").write_text(text)
    query = FileQuery(path="samples", sample="m", column=column, arm=arm)  # type: ignore[arg-type]
    found = RecordedSamples(folder).series(NORTH, [query], start=0.0, end=180.0, period=60)
    return np.nan_to_num(found[query], nan=-1.0).tolist()


COUNTS = """\
time,target,arm,metric,requests,bad
1970-01-01T00:00:10Z,eu-north-1,canary,m,10,1
1970-01-01T00:00:40Z,111111111111/eu-north-1,canary,m,20,2
1970-01-01T00:01:00Z,111111111111/eu-north-1/shop,canary,m,5,0
1970-01-01T00:01:00Z,eu-north-1,baseline,m,7,7
1970-01-01T00:02:00Z,us-east-1,canary,m,9,9
"""


def test_counts_of_a_file_are_added_up_by_arm_and_target(tmp_path: Path):
    assert recorded(tmp_path, COUNTS, "requests") == [30.0, 5.0, -1.0]
    assert recorded(tmp_path, COUNTS, "bad") == [3.0, 0.0, -1.0]
    assert recorded(tmp_path, COUNTS, "bad", "baseline") == [-1.0, 7.0, -1.0]


def test_values_of_a_file_are_averaged(tmp_path: Path):
    text = "time,target,arm,metric,value\n" + "".join(
        f"1970-01-01T00:00:{second}Z,eu-north-1,canary,m,{value}\n" for second, value in ((10, 1), (40, 4))
    )
    assert recorded(tmp_path, text) == [2.5, -1.0, -1.0]


@pytest.mark.parametrize(("text", "says"), [("nonsense\n", "lacks time"), (COUNTS, "has no value in line 2")])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, says: str):
    with pytest.raises(Terminal, match=says) as refused:
        recorded(tmp_path, text)
    assert refused.value.code == "SAMPLES_INVALID"


def test_a_file_that_is_not_there_may_come(tmp_path: Path):
    query = FileQuery(path="samples", sample="m", column="value")
    with pytest.raises(Retryable) as missing:
        RecordedSamples(tmp_path).series(NORTH, [query], start=0.0, end=60.0, period=60)
    assert missing.value.code == "SAMPLES_UNREADABLE"
