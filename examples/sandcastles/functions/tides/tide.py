"""The sea: how high it stands at a beach, and when it next reaches a line.

The height is a sum of the two strongest constituents: the moon's (M2) and the sun's (S2), which make spring and neap
tides together. That is good enough for a sand castle, and not for a ship.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, tau

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOON_HOURS = 12.4206012
SUN_HOURS = 12.0
# A crest that tops the line for less than a step may be missed: that wets a castle's feet, and no more.
STEP = timedelta(minutes=10)
# Two fortnights, so that spring tides come by at least once.
HORIZON = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beach:
    """Amplitudes in metres around the mean level 0, times of high water in hours after EPOCH."""

    moon: float
    moon_high: float
    sun: float
    sun_high: float
    castle_line: float  # Metres above the mean level, where people here usually build.

    @property
    def highest(self) -> float:
        """A level that the sea never exceeds."""
        return self.moon + self.sun


BEACHES: Mapping[str, Beach] = {
    "brighton": Beach(moon=2.2, moon_high=11.1, sun=0.73, sun_high=0.3, castle_line=1.4),
    "nazare": Beach(moon=1.0, moon_high=2.4, sun=0.35, sun_high=3.3, castle_line=0.6),
    "scheveningen": Beach(moon=0.77, moon_high=2.9, sun=0.19, sun_high=4.6, castle_line=0.5),
    "warnemuende": Beach(moon=0.04, moon_high=4.0, sun=0.02, sun_high=5.0, castle_line=0.3),
}


def height(beach: Beach, moment: datetime) -> float:
    """Metres above the mean level."""
    hours = (moment - EPOCH) / timedelta(hours=1)
    moon = beach.moon * cos(tau * (hours - beach.moon_high) / MOON_HOURS)
    sun = beach.sun * cos(tau * (hours - beach.sun_high) / SUN_HOURS)
    return moon + sun


def next_flood(beach: Beach, line: float, start: datetime) -> datetime | None:
    """The first moment from `start` on, to the second, when the sea stands at `line` metres or higher.

    None if it does not within HORIZON, that is: the castle is safe.
    """
    if line > beach.highest:
        return None
    before = start
    while height(beach, before) < line:
        after = before + STEP
        if after > start + HORIZON:
            return None
        if height(beach, after) >= line:
            return _crossing(beach, line, before, after)
        before = after
    return start


def _crossing(beach: Beach, line: float, dry: datetime, wet: datetime) -> datetime:
    while wet - dry > timedelta(seconds=1):
        middle = dry + (wet - dry) / 2
        if height(beach, middle) >= line:
            wet = middle
        else:
            dry = middle
    return wet
