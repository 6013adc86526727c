"""Patterns of IAM: `*` stands for any text, `?` for any one character.

Both questions are answered for what patterns may stand for, and never with a yes in doubt.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=8192)
def covers(wide: str, narrow: str) -> bool:
    """Whether everything that `narrow` stands for is something that `wide` stands for.

    A `*` of the narrow one must meet a `*` of the wide one, since it may stand for anything.
    """
    if wide in ("*", narrow):
        return True
    if not _wild(wide):
        return False
    reached = {0}
    for letter in narrow:
        reached = _closed(wide, reached)
        step = {at for at in reached if at < len(wide) and wide[at] == "*"}
        if letter != "*":
            step |= {at + 1 for at in reached if at < len(wide) and wide[at] != "*" and wide[at] in (letter, "?")}
        reached = step
    return len(wide) in _closed(wide, reached)


@lru_cache(maxsize=8192)
def meets(one: str, other: str) -> bool:
    """Whether something exists that both stand for."""
    if not _wild(one) and not _wild(other):
        return one == other
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        left, right = one[at[0] : at[0] + 1], other[at[1] : at[1] + 1]
        if not left and not right:
            return True
        if left == "*" or right == "*":
            waiting += [(at[0] + 1, at[1])] if left == "*" else []
            waiting += [(at[0], at[1] + 1)] if right == "*" else []
            waiting += [(at[0] + (left != "*"), at[1] + (right != "*"))] if left and right else []
        elif left and right and (left == right or "?" in (left, right)):
            waiting.append((at[0] + 1, at[1] + 1))
    return False


def _wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def _closed(pattern: str, positions: set[int]) -> set[int]:
    """Positions that can be reached when a `*` stands for nothing."""
    closed = set(positions)
    for start in positions:
        at = start
        while at < len(pattern) and pattern[at] == "*":
            at += 1
            closed.add(at)
    return closed
