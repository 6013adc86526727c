"""Where a deployment goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from shoreward.domain.errors import Place

Parameters = tuple[tuple[str, str], ...]


class Written(str):
    """A text that knows where it was written; for everything else it is that text.

    Attributes:
        where: the place in the file.
    """

    where: Place | None

    def __new__(cls, text: str, where: Place | None = None) -> Self:
        """The text, and the place in the file."""
        made = super().__new__(cls, text)
        made.where = where
        return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a deployment goes: account x region x stack.

    Attributes:
        account: the 12 digits of the AWS account.
        role: ARN of the role to assume for it, or None to use the caller's own credentials.
        execution_role: ARN of the role that CloudFormation works with there; None: with whoever calls it.
        parameters: template parameters of this target, complete (shared ones included), sorted by name; values are
            `Written` when they were just read.
        traffic: requests per second that customers send there; None when nobody said.
        customers: how many they are, in any unit; None when nobody said, and then they count as their traffic does.
        fault_domain: what fails together; "" for the region.
    """

    account: str
    region: str
    stack: str
    role: str | None = None
    execution_role: str | None = None
    parameters: Parameters = ()
    traffic: float | None = None
    customers: float | None = None
    fault_domain: str = ""

    @property
    def domain(self) -> str:
        """What fails together with this target, by name."""
        return self.fault_domain or self.region

    @property
    def weight(self) -> float:
        """How many customers it has beside others; 1 when nobody said anything of customers or traffic."""
        known = self.traffic if self.customers is None else self.customers
        return 1.0 if known is None else known

    @property
    def key(self) -> str:
        """What identifies the target everywhere: account/region/stack."""
        return f"{self.account}/{self.region}/{self.stack}"

    def __str__(self) -> str:
        return f"{self.account}/{self.region}"
