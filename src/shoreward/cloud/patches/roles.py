"""Only a role that exists in its account can be assumed.

The emulator let anybody become anything, so that a forgotten deployment role went unnoticed until AWS. Trust policies
are not evaluated. Seam: the request handler of its STS module.
"""

import json
from typing import Any
from urllib.parse import parse_qs

from shoreward.cloud import seam


def apply() -> None:
    """Check the role before the emulator hands out credentials."""
    module = seam.service("sts")
    emulator_handle = module.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        wanted = _role_to_assume(headers, body)
        if wanted and not _exists(wanted):
            caller = f"arn:aws:iam::{seam.core('responses').get_account_id()}:root"
            text = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {wanted}"
            return module._error(403, "AccessDenied", text, ns="sts")
        return await emulator_handle(method, path, headers, body, query)

    module.handle_request = handle


def _role_to_assume(headers: dict[str, str], body: bytes) -> str:
    if headers.get("x-amz-target", "").endswith(".AssumeRole"):
        return str(json.loads(body or b"{}").get("RoleArn", ""))
    form = parse_qs(body.decode("utf-8", "replace"))
    return form.get("RoleArn", [""])[0] if form.get("Action") == ["AssumeRole"] else ""


def _exists(arn: str) -> bool:
    parts = arn.split(":")
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return True  # not a role's ARN: the emulator has its own words for that
    return (parts[4], parts[5].rpartition("/")[2]) in seam.service("iam")._roles._data
