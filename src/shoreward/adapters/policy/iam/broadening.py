"""What a change lets policies allow in addition: the difference of two sets of grants.

Added is an Allow that no former Allow of the same holder covers, and a Deny that no present one covers any more. So an
Allow is never added in silence, and neither taking away an Allow nor adding a Deny is ever reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from shoreward.adapters.policy.iam.grants import Grant


def broadened(before: Iterable[Grant], after: Iterable[Grant], *, gone: Collection[str] = ()) -> tuple[Grant, ...]:
    """Grants of `after` that are new, and denials of `before` that hold no more, in the order of the templates.

    Args:
        gone: holders that the change removes: nobody is left whom their denials would have kept from anything.
    """
    old, new = _sorted(before), _sorted(after)
    added = [
        grant for holder, grants in new["Allow"].items() for grant in _uncovered(grants, old["Allow"].get(holder, []))
    ]
    lifted = [
        denial
        for holder, denials in old["Deny"].items()
        if holder not in gone
        for denial in _uncovered(denials, new["Deny"].get(holder, []))
    ]
    return tuple(added + lifted)


def _uncovered(grants: list[Grant], others: list[Grant]) -> Iterator[Grant]:
    same = {other.rights for other in others}
    for grant in grants:
        if grant.rights not in same and not any(other.covers(grant) for other in others):
            yield grant


def _sorted(grants: Iterable[Grant]) -> dict[str, dict[str, list[Grant]]]:
    found: dict[str, dict[str, list[Grant]]] = {"Allow": {}, "Deny": {}}
    for grant in grants:
        found[grant.effect].setdefault(grant.holder, []).append(grant)
    return found
