"""The customers of the demo: people at eight beaches, more at some than at others."""

from __future__ import annotations

from shoreward.demo.scene import Scene
from shoreward.domain import Target
from shoreward.testing.customers import Beach, Customers, Visit

VISITS = (
    Visit("GET", "/tides/brighton", weight=45.0),
    Visit("GET", "/tides/scheveningen", weight=25.0),
    Visit("GET", "/tides/warnemuende", weight=15.5),
    Visit("GET", "/tides/nazare", weight=4.5),
    Visit("GET", "/castles/camelot", weight=7.0),
    Visit("PUT", "/castles/camelot", body='{"beach": "brighton", "builder": "Arthur"}', weight=3.0),
)
"""One request in twenty to the tides function asks for Nazare."""

QUIETEST, BUSIEST = 60.0, 84.0
"""Requests per second at the first target of the pipeline, and at the last."""


def rates(targets: tuple[Target, ...]) -> dict[str, float]:
    """Requests per second of each target: the later its wave, the busier it is."""
    step = (BUSIEST - QUIETEST) / max(1, len(targets) - 1)
    return {target.key: QUIETEST + step * index for index, target in enumerate(targets)}


def customers(scene: Scene) -> Customers:
    """Customers at every target of the pipeline, at the addresses that the stacks give out; not started yet."""
    targets = scene.pipeline.targets
    rate = rates(targets)
    beaches = [Beach(target.key, scene.output(target, "ApiUrl"), rate[target.key]) for target in targets]
    return Customers(beaches, VISITS, seed=7)
