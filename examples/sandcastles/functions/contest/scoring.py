"""How the jury scores a castle. The same castle always gets the same score."""

from math import sqrt

MOST = 100


def score(castle):
    """Whole points from 0 to 100: towers and height count most, a moat helps, shells have diminishing charm.

    KeyError or TypeError if `castle` lacks what the jury looks at.
    """
    towers = 5 * min(castle["towers"], 8)
    height = castle["height_cm"] / 10
    moat = 15 if castle["moat"] else 0
    shells = 1.5 * sqrt(castle["shells"])
    return min(MOST, round(towers + min(height, 25) + moat + shells))
