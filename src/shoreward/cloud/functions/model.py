"""What a function is to the runner, and what came of an invocation."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an SDK in a function finds in its environment, to sign with."""

    access_key: str
    secret_key: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function version, as far as running it goes. ``key`` changes whenever a warm process must not be reused."""

    key: tuple[str, ...]
    account: str
    region: str
    credentials: Credentials = field(repr=False)
    name: str
    version: str
    runtime: str
    handler: str
    timeout: float
    memory: int
    environment: dict[str, str] = field(hash=False)
    code: bytes = field(repr=False)
    code_digest: str
    layers: tuple[bytes, ...] = field(repr=False)
    log_group: str
    log_format: str
    log_level: str

    @property
    def stream_id(self) -> str:
        """What ends the name of this version's log stream: 32 hexadecimal digits, as on AWS."""
        return hashlib.md5("/".join(self.key).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One call: the event as JSON bytes, and what the context object says about it."""

    request_id: str
    event: bytes
    arn: str
    trace: str = ""
    client_context: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: ``payload`` is the JSON the function returned, or the error as AWS reports it.

    ``duration_ms`` is the handler's time, ``init_ms`` the start of the process when this call had to wait for it.
    """

    payload: bytes
    failed: bool = False
    log: str = ""
    duration_ms: float = 0.0
    init_ms: float = 0.0
