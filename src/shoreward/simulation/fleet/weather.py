"""Weather: regions that answer nothing for some hours. Their customers are served all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shoreward.simulation.fleet.shape import DAY, MONDAY, REGIONS

if TYPE_CHECKING:
    from shoreward.simulation.fleet.run import Fleet

LASTS = (3_600.0, 14_400.0)
"""Seconds for which a region is dark."""


class Weather:
    """Which regions are dark; `outages` counts them."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.outages = 0

    def begin(self) -> None:
        """Draw when regions go dark."""
        shape, chance = self.fleet.shape, self.fleet.chance
        for _ in range(chance.poisson(shape.outages * shape.days / 7)):
            region = REGIONS[int(chance.integers(shape.regions))]
            at, lasts = MONDAY + float(chance.uniform(0, shape.days * DAY)), float(chance.uniform(*LASTS))
            self.fleet.at(at, lambda region=region, lasts=lasts: self._dark(region, lasts))

    def _dark(self, region: str, lasts: float) -> None:
        self.outages += 1
        dark = self.fleet.acting.dark
        dark.add(region)
        self.fleet.recheck()
        self.fleet.at(self.fleet.now + lasts, lambda: dark.discard(region))
