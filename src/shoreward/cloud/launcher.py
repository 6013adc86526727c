"""What runs in the cloud's own process: the emulator with its gaps mended, behind one server on 127.0.0.1."""

import asyncio
import json
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger("shoreward.cloud")


# What would change the emulator, or send its own requests anywhere but to itself.
_FOREIGN_PREFIXES = ("AWS_", "MINISTACK_", "LAMBDA_", "S3_", "DOCKER_")
_FOREIGN = frozenset({"AUTH", "USE_SSL", "SERVICES", "EDGE_PORT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to run the cloud. ``port`` 0 takes a free one; without ``state_dir`` nothing outlives the process."""

    port: int = 0
    state_dir: Path | None = None
    ready_file: Path | None = None
    work_dir: Path | None = None
    announce: bool = False
    parent_pipe: bool = False
    log_level: str = "WARNING"
    processes: int = 96


def main(settings: Settings) -> None:
    """Run until told to stop by a signal, or by the parent's end."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    work_dir = settings.work_dir or Path(tempfile.mkdtemp(prefix="shoreward-cloud-"))
    status = 1
    with _listening(settings.port) as listener:
        try:
            asyncio.run(_run(settings, work_dir, listener))
            status = 0
        except Exception:
            log.exception("the embedded cloud could not go on")
    # After a failure whoever gave the directory still wants to read the log in it.
    if status == 0 or settings.work_dir is None:
        shutil.rmtree(work_dir, ignore_errors=True)
    # Pollers of the emulator are threads without an end; nothing of theirs is worth waiting for.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


async def _run(settings: Settings, work_dir: Path, listener: socket.socket) -> None:
    from shoreward.cloud.server.http11 import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.parent_pipe:
        loop.add_reader(sys.stdin.fileno(), _ended_with_parent(loop, stop))
    port = int(listener.getsockname()[1])
    prepare_environment(port, settings, work_dir)
    from shoreward.cloud.assembly import assemble

    async with assemble(f"http://127.0.0.1:{port}", work_dir, settings.processes) as handler:
        server, connections = await serve(handler, listener)
        announce(settings, port)
        await stop.wait()
        server.close()
        for connection in list(connections):
            connection.transport.abort()


def _ended_with_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> Callable[[], None]:
    def readable() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    return readable


def _listening(port: int) -> socket.socket:
    """Take the port before anything else is done, so that a port in use is told at once."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        sys.exit(
            f"port {port} on 127.0.0.1 is in use or may not be used ({error.strerror}): choose another with --port"
        )


def prepare_environment(port: int, settings: Settings, work_dir: Path) -> None:
    """Set what the emulator reads from the environment when it is imported, and hide what it must not find."""
    for name in [name for name in os.environ if name.startswith(_FOREIGN_PREFIXES) or name.upper() in _FOREIGN]:
        del os.environ[name]
    state = settings.state_dir or work_dir / "state"
    state.mkdir(parents=True, exist_ok=True)
    kept = "1" if settings.state_dir else "0"
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        MINISTACK_REGION="us-east-1",
        MINISTACK_AUTOCREATE_AWS_MANAGED="1",
        LAMBDA_ACCOUNT_CONCURRENCY="0",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        DOCKER_HOST=f"unix://{work_dir}/no-docker.sock",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL=settings.log_level,
        PERSIST_STATE=kept,
        STATE_DIR=str(state),
        S3_PERSIST=kept,
        S3_DATA_DIR=str(state / "s3"),
        TMPDIR=str(work_dir),
    )
    tempfile.tempdir = str(work_dir)


def announce(settings: Settings, port: int) -> None:
    """Tell whoever waits that the cloud answers: on standard output, and in the ready file, made whole at once."""
    line = json.dumps({"endpoint": f"http://127.0.0.1:{port}", "port": port, "pid": os.getpid()})
    if settings.ready_file is not None:
        staging = settings.ready_file.with_suffix(".tmp")
        staging.write_text(line + "\n")
        staging.replace(settings.ready_file)
    if settings.announce:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
