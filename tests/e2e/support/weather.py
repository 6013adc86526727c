"""Bad weather: a fifth of all calls to AWS fails, in every service and region, and a tenth is slow."""

from __future__ import annotations

from shoreward.cloud import FaultRule

FOUL = (
    FaultRule(kind="throttle", rate=0.05),
    FaultRule(kind="error", status=500, rate=0.03),
    FaultRule(kind="error", status=503, rate=0.03),
    FaultRule(kind="reset", rate=0.04),
    FaultRule(kind="error", status=500, rate=0.03, after=True),
    FaultRule(kind="reset", rate=0.04, after=True),
    FaultRule(kind="latency", rate=0.1, seconds=0.2),
)
"""Each rule is asked in turn, so the chance of any failure is 1 - 0.95 x 0.97^3 x 0.96^2 = 20 %."""
