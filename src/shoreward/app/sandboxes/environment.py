"""What a program finds of a sandbox: the environment that SAM's own conventions promise to a test suite."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shoreward.domain import Target

_OURS = re.compile(
    r"(AWS|SHOREWARD|LD|DYLD|PIP|UV|NODE|NPM|GIT|SSH|LC|XDG)_.*|PYTHON.*"
    r"|BASH.*|CDPATH|DISPLAY|EDITOR|ENV|HOME|HOST|HOSTNAME|IFS|LANG|LOGNAME|OLDPWD|PAGER|PATH|PS[0-9]|PWD|SHELL|SHLVL"
    r"|TERM|TMP|TEMP|TMPDIR|TZ|USER|USERNAME"
)
"""Variables that programs steer by; an output of a stack that is called so does not change them."""


def environment_of(target: Target, outputs: Mapping[str, str]) -> dict[str, str]:
    """The variables that name a sandbox, without anything secret.

    `AWS_SAM_STACK_NAME`, the region, and each output twice: as it is called (`ApiUrl`) and in capitals (`API_URL`).
    An output whose variable means something to every program (`PATH`) is left out.
    """
    found: dict[str, str] = {}
    for key, value in outputs.items():
        for name in (_capitals(key), key):
            if not _OURS.fullmatch(name):
                found[name] = value
    return {
        **found,
        "AWS_SAM_STACK_NAME": target.stack,
        "AWS_REGION": target.region,
        "AWS_DEFAULT_REGION": target.region,
        "SHOREWARD_SANDBOX": target.stack,
    }


def _capitals(key: str) -> str:
    """`ApiUrl`, `HTTPApiURL2` to `API_URL`, `HTTP_API_URL2`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", key).upper()
