"""The environment variables of a suite: few, and the same everywhere, so that a verdict does not depend on whose
terminal it was.

docs/suites.md lists them. A suite sees a variable of this process only when it declares it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoreward.adapters.suites.workspace import Workspace
from shoreward.domain import IN_SANDBOX, Place, Suite, Terminal

FIXED = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "SHELL": "/bin/sh",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "CI": "true",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONUNBUFFERED": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    "UV_NO_SYNC": "1",
    # Unit tests have no credentials, and need not wait until nobody offers them any.
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What every suite sees, with these values."""

NETWORK = (
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE",
)  # fmt: skip
"""What suites in the sandbox see of this process, if it has it: how the network is reached."""

CREDENTIALS = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)  # fmt: skip
"""What suites in the sandbox see of this process, unless the sandbox brings credentials of its own."""

_AWS_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def variables(
    suite: Suite, space: Workspace, environment: Mapping[str, str], path: list[Path], region: str, product: str
) -> dict[str, str]:
    """All that a suite sees.

    Args:
        environment: this process's variables.
        path: folders that go first on the PATH.
        region: where the application goes first.
        product: what the check `sandbox` produced, for suites that run there.

    Raises:
        Terminal: SUITE_SANDBOX.
    """
    first = os.pathsep.join(str(folder) for folder in path)
    own = {
        "PATH": f"{first}{os.pathsep}{environment.get('PATH') or os.defpath}",
        "HOME": str(space.home),
        "TMPDIR": str(space.tmp),
    }
    declared = {name: environment[name] for name in suite.environment if name in environment and name != "PATH"}
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    if suite.kind not in IN_SANDBOX:
        return {**FIXED, **regions, **own, **declared}
    outputs, given = _sandbox(product, suite.where)
    passed = {name: environment[name] for name in NETWORK if name in environment}
    if "AWS_ACCESS_KEY_ID" not in given:
        passed |= _credentials(environment)
    fixed = {name: value for name, value in FIXED.items() if name != "AWS_EC2_METADATA_DISABLED"}
    return {**outputs, **fixed, **passed, **given, **own, **declared}


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    """Whose credentials the suite works with: this process's; the files in the home folder are named."""
    found = {name: environment[name] for name in CREDENTIALS if name in environment}
    for name, usual in _AWS_FILES.items():
        path = Path(usual).expanduser()
        if name not in found and path.is_file():
            found[name] = str(path)
    return found


def _sandbox(product: str, where: Place | None) -> tuple[dict[str, str], dict[str, str]]:
    """What a stack's outputs are called, and how the stack is found, as variables."""
    try:
        found: dict[str, Any] = json.loads(product)
        stack, region = str(found["stack"]), str(found["region"])
        outputs: dict[str, str] = {str(name): str(value) for name, value in dict(found["outputs"]).items()}
        more: dict[str, str] = {str(name): str(value) for name, value in dict(found.get("environment") or {}).items()}
    except (ValueError, KeyError, TypeError) as error:
        what = "There is no sandbox to run in, or it does not say where it is."
        advice = "Declare a sandbox in shoreward.yaml, and let the check 'sandbox' run."
        raise Terminal("SUITE_SANDBOX", what, where=where, next=advice) from error
    upper = {_upper(name): value for name, value in outputs.items()}
    known = {"AWS_SAM_STACK_NAME": stack, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return upper | outputs, known | more


def _upper(name: str) -> str:
    """ApiUrl becomes API_URL."""
    return _WORDS.sub("_", name).strip("_").upper()
