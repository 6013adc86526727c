"""The nearest known word: what a person most likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The known word most like the given one, whatever its case, or None when none is alike (1 is the same)."""
    folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word[:80].casefold(), folded, n=1, cutoff=likeness)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Advice: the nearest known word, or else all of them while they are few."""
    words = sorted(known)
    near = nearest(word, words)
    if near:
        return f"Did you mean '{near}'?"
    return f"Known here: {', '.join(words)}." if 0 < len(words) <= 20 else ""
