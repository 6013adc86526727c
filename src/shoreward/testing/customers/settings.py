"""What the process of the customers is told before anybody comes: the first line that it reads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from shoreward.testing.customers.beach import Beach
from shoreward.testing.customers.visit import Visit


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the process needs to know, as its first line says it."""

    beaches: Sequence[Beach]
    visits: Sequence[Visit]
    seed: int
    timeout: float
    concurrency: int
    version_header: str

    @classmethod
    def read(cls, line: bytes) -> Self:
        """The settings that the parent wrote as one line of JSON."""
        said: dict[str, Any] = json.loads(line)
        beaches = [Beach(**beach) for beach in said.pop("beaches")]
        return cls(beaches=beaches, visits=[Visit(**visit) for visit in said.pop("visits")], **said)
