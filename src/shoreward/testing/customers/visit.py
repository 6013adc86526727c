"""What a customer asks for."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visit:
    """A kind of request: `path` starts with '/', `body` is sent as JSON, `weight` is its share of the mix."""

    method: str
    path: str
    body: str | None = None
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (self.method.isascii() and self.method.isalpha()):
            raise ValueError(f"a visit needs a method such as GET, not {self.method!r}")
        if not self.path.startswith("/") or not self.path.isascii() or not self.path.isprintable() or " " in self.path:
            raise ValueError(f"a visit's path starts with '/' and is percent-encoded, unlike {self.path!r}")
        if not (self.weight > 0 and math.isfinite(self.weight)):
            raise ValueError(f"a visit's weight is a number above 0, not {self.weight!r}")
