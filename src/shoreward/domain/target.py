"""Where a deployment goes."""

from __future__ import annotations

from dataclasses import dataclass

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a deployment goes: account x region x stack.

    Attributes:
        account: the 12 digits of the AWS account.
        role: ARN of the role to assume for it, or None to use the caller's own credentials.
        execution_role: ARN of the role that CloudFormation works with there; None: with whoever calls it.
        parameters: template parameters of this target, complete (shared ones included), sorted by name.
    """

    account: str
    region: str
    stack: str
    role: str | None = None
    execution_role: str | None = None
    parameters: Parameters = ()

    @property
    def key(self) -> str:
        """What identifies the target everywhere: account/region/stack."""
        return f"{self.account}/{self.region}/{self.stack}"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"
