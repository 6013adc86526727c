"""When customers come: by chance, and whatever became of those before them.

Rate and chance alone decide, which is what makes the load open-loop: no answer, late or missing, moves an arrival.
"""

import random
from collections.abc import Iterator


def arrivals(rate: float, chance: random.Random, start: float = 0.0) -> Iterator[float]:
    """Endless ascending times of a Poisson process of `rate` per second after `start`; `rate` is above 0."""
    moment = start
    while True:
        moment += chance.expovariate(rate)
        yield moment
