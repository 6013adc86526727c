"""Series: where a team's own metrics come from (`app.ports.SeriesSource`).

    sources     asks each source for its part of what is wanted
    prometheus  a Prometheus server, by its HTTP API
    recorded    a file of recorded samples

CloudWatch is in `adapters.aws`.
"""

from shoreward.adapters.series.prometheus import Prometheus
from shoreward.adapters.series.recorded import RecordedSamples
from shoreward.adapters.series.sources import Sources

__all__ = ["Prometheus", "RecordedSamples", "Sources"]
