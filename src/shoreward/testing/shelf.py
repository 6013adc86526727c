"""A shelf for kept verdicts that is gone with its process."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class MemoryShelf:
    """Implements `adapters.keep.Shelf` in memory; `content` is open to whoever wants to damage it."""

    content: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def get(self, name: str) -> bytes | None:
        """See `Shelf.get`."""
        return self.content.get(name)

    def put(self, name: str, content: bytes) -> None:
        """See `Shelf.put`."""
        self.content[name] = content

    def drop(self, name: str) -> None:
        """See `Shelf.drop`."""
        self.content.pop(name, None)
