"""The cloud as a process: it ends with its parent, takes its functions with it, keeps state if asked."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloud.support import REGION, eventually, function, invoke, request
from shoreward.cloud import CloudError, EmbeddedCloud
from shoreward.testing.cloud import account_of

ACCOUNT = "210987654321"
PID = "import os\ndef handler(event, context): return os.getpid()"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_importing_the_cloud_is_cheap() -> None:
    heavy = "('ministack', 'boto3', 'botocore', 'asyncio')"
    code = f"import sys, shoreward.cloud; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_functions_end_with_the_cloud_even_when_it_is_killed() -> None:
    with EmbeddedCloud() as cloud:
        worker = invoke(function(account_of(cloud, ACCOUNT), "f", PID), "f")
        assert alive(worker)
        os.kill(cloud.pid, signal.SIGKILL)
        eventually(lambda: not alive(worker))


def test_the_cloud_ends_with_its_parent_and_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
        import os, signal, sys
        from shoreward.cloud import EmbeddedCloud
        cloud = EmbeddedCloud().start()
        print(cloud.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    eventually(lambda: not alive(int(ran.stdout)))
    assert list(tmp_path.iterdir()) == []


def test_stopping_takes_everything_along_and_can_be_repeated() -> None:
    cloud = EmbeddedCloud().start()
    worker = invoke(function(account_of(cloud, ACCOUNT), "f", PID), "f")
    pid, port = cloud.pid, int(cloud.endpoint.rpartition(":")[2])
    cloud.stop()
    cloud.stop()
    assert not alive(pid)
    assert not alive(worker)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    with pytest.raises(CloudError, match="not running"):
        _ = cloud.endpoint


def test_only_loopback_is_bound(embedded_cloud: EmbeddedCloud) -> None:
    invoke(function(account_of(embedded_cloud, ACCOUNT), "f", PID), "f")
    mine, target = set(), ""
    for entry in Path(f"/proc/{embedded_cloud.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            target = str(entry.readlink())
        if target.startswith("socket:"):
            mine.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{embedded_cloud.pid}/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in mine:
                listening.append(columns[1].rpartition(":")[0])
    assert set(listening) == {"0100007F"}


def test_state_outlives_the_process_when_asked(tmp_path: Path) -> None:
    with EmbeddedCloud(state_dir=tmp_path) as cloud:
        account = account_of(cloud, ACCOUNT)
        function(account, "f", PID)
        account.client("s3", "us-east-1").create_bucket(Bucket="kept-here")
        account.client("s3", "us-east-1").put_object(Bucket="kept-here", Key="k", Body=b"tide")
    with EmbeddedCloud(state_dir=tmp_path) as cloud:
        account = account_of(cloud, ACCOUNT)
        assert account.client("s3", "us-east-1").get_object(Bucket="kept-here", Key="k")["Body"].read() == b"tide"
        assert invoke(account.client("lambda", REGION), "f") > 0


def test_a_reset_forgets_everything() -> None:
    with EmbeddedCloud() as cloud:
        account = account_of(cloud, ACCOUNT)
        client = function(account, "f", PID)
        worker = invoke(client, "f")
        cloud.reset()
        assert client.list_functions()["Functions"] == []
        assert account.client("cloudwatch", REGION).list_metrics()["Metrics"] == []
        assert cloud.calls() == ()
        eventually(lambda: not alive(worker))
        invoke(function(account, "f", PID), "f")
        assert len(account.client("cloudwatch", REGION).list_metrics()["Metrics"]) == 12


def test_the_command_tells_where_it_answers(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "shoreward.cloud", "--port", "0", "--ready-file", str(ready)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert ready.read_text() == line
        endpoint = f"http://127.0.0.1:{line.split('127.0.0.1:')[1].split(chr(34))[0]}"
        assert request(f"{endpoint}/_shoreward/health").json() == {"status": "ok"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CloudError, match=f"port {port} on 127.0.0.1 is in use"):
            EmbeddedCloud(port=port).start()


def test_credentials_and_endpoints_of_the_host_are_never_used(
    embedded_cloud: EmbeddedCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(
        "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = x\nregion = sa-east-1\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_PROFILE", "real")
    identity = account_of(embedded_cloud, ACCOUNT).client("sts").get_caller_identity()
    assert identity["Account"] == ACCOUNT


def children(pid: int) -> int:
    stats = [entry.read_text().rpartition(")")[2].split() for entry in Path("/proc").glob("[0-9]*/stat")]
    return sum(columns[1] == str(pid) and columns[0] != "Z" for columns in stats)


def test_function_processes_are_few_and_the_least_used_give_way() -> None:
    with EmbeddedCloud(processes=3) as cloud:
        account = account_of(cloud, ACCOUNT)
        for name in "abcdef":
            function(account, name, f"def handler(event, context): return '{name}'", Timeout=20)
        client = account.client("lambda", REGION)
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda name: invoke(client, name), "abcdef" * 4))
        assert "".join(answers) == "abcdef" * 4
        assert children(cloud.pid) <= 3
