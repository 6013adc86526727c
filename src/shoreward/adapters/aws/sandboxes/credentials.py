"""What a program needs to work with a sandbox: who it is, and where AWS is."""

from __future__ import annotations

import os
from collections.abc import Mapping

from shoreward.adapters.aws.calls import Aws
from shoreward.domain import Target


def variables(aws: Aws, target: Target, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables with the credentials that we have for a target, and with our way to AWS.

    Args:
        environment: this process's variables; where it finds AWS (`AWS_ENDPOINT_URL` and its like) is passed on.
    """
    found = aws.sessions.credentials(target)
    given = {
        "AWS_ACCESS_KEY_ID": found.access_key,
        "AWS_SECRET_ACCESS_KEY": found.secret_key,
        "AWS_SESSION_TOKEN": found.token,
    }
    endpoints = {name: value for name, value in environment.items() if name.startswith("AWS_ENDPOINT_URL")}
    return {**endpoints, **{name: value for name, value in given.items() if value}}
