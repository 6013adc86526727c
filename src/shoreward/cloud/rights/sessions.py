"""Functions sign with credentials of their role, as on AWS: a session of the role, named after the function.

Seam: the emulator's store of STS sessions, which tells the account of a key and answers GetCallerIdentity from it.
"""

import hashlib
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.functions.model import Credentials

KEY_PREFIX = "ASIA"
"""How access keys of sessions begin, on AWS and in the emulator; an account's own key here is its twelve digits."""

_MARK = "shoreward:function"


def begin(function_arn: str, role_arn: str) -> Credentials:
    """A session of a function in its role: the same one whenever both are the same. The role need not exist."""
    digest = hashlib.sha256(f"{function_arn} {role_arn}".encode()).hexdigest()
    credentials = Credentials(
        access_key=KEY_PREFIX + digest[:16].upper(),
        secret_key=hashlib.sha256(f"secret {digest}".encode()).hexdigest(),
        token=hashlib.sha256(f"token {digest}".encode()).hexdigest(),
    )
    account, name = function_arn.split(":")[4], function_arn.split(":")[6]
    role = role_arn.rpartition("/")[2] or "none"
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "UserId": f"{role}:{name}",
        "SecretAccessKey": credentials.secret_key,
        "SessionToken": credentials.token,
        _MARK: function_arn,
    }
    seam.service("sts").register_session(credentials.access_key, session)
    return credentials


def is_functions(access_key: str) -> bool:
    """Whether a function calls, in its own role or in one that it has assumed from there."""
    sessions: dict[str, dict[str, Any]] = seam.service("sts")._sessions
    session = sessions.get(access_key)
    while session is not None and _MARK not in session:
        session = sessions.get(session.get("SourceAccessKeyId", ""))
    return session is not None
