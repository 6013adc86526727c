"""The embedded cloud in the foreground."""

from __future__ import annotations

import signal
from importlib.util import find_spec
from pathlib import Path

from shoreward.cli.output import console, print_json_line
from shoreward.cloud import CloudError, EmbeddedCloud
from shoreward.domain import Refused

_ENDS = {signal.SIGINT, signal.SIGTERM}


def run_cloud(port: int, state: Path | None, *, json: bool) -> None:
    """Run it until it is interrupted."""
    cloud = _start(port, state)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        if json:
            print_json_line({"endpoint": cloud.endpoint})
        else:
            console.print(f"The embedded cloud listens at {cloud.endpoint}, on this machine only. Ctrl-C ends it.\n")
            console.print("In another terminal:")
            console.print(f"  export AWS_ENDPOINT_URL={cloud.endpoint} AWS_DEFAULT_REGION=us-east-1")
            console.print("  export AWS_ACCESS_KEY_ID=111111111111 AWS_SECRET_ACCESS_KEY=any  # the key is the account")
        signal.sigwait(_ENDS)
    finally:
        cloud.stop()


def _start(port: int, state: Path | None) -> EmbeddedCloud:
    if find_spec("ministack") is None or find_spec("awslambdaric") is None:
        raise Refused(
            "CLOUD_NOT_INSTALLED",
            "The embedded cloud is not installed.",
            next="Install it with: pip install 'shoreward[cloud]'",
        )
    try:
        return EmbeddedCloud(port=port, state_dir=state).start()
    except CloudError as error:
        raise Refused("CLOUD_NOT_STARTED", str(error)) from error
