"""Many pipelines for many days, in simulated time: do the properties hold, and what do merges take and cost?

The real `decide`, `evolve`, surroundings and quarantine rules, over a world that is as simple as it may be: what a
target serves (`cloud`), what commits change (`history`), what looks say (`looks`), what people do (`people`).
"""

from shoreward.simulation.fleet.report import Report, reported, table
from shoreward.simulation.fleet.run import Fleet, fleet_of, simulate
from shoreward.simulation.fleet.shape import Shape

__all__ = ["Fleet", "Report", "Shape", "fleet_of", "reported", "simulate", "table"]
