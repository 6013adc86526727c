"""The planner: waves derived from traffic, customers, fault domains and a harm budget, and how long they take.

Between `spec`, which reads what a pipeline asks for, and the command line, which shows it. Pure but for `measured`: the
same pipeline gives the same waves, and every figure has its why. A release keeps the waves that it was opened with.
docs/planning.md.
"""

from shoreward.app.planning.derive import Derived, Reason, derive, settle
from shoreward.app.planning.peers import (
    Cost,
    Fixed,
    alone_costs,
    builders_library,
    everything_at_once,
    one_region_per_wave,
)
from shoreward.app.planning.schedule import Forecast, forecast
from shoreward.app.planning.traffic import Known, measured

__all__ = [
    "Cost",
    "Derived",
    "Fixed",
    "Forecast",
    "Known",
    "Reason",
    "alone_costs",
    "builders_library",
    "derive",
    "everything_at_once",
    "forecast",
    "measured",
    "one_region_per_wave",
    "settle",
]
