"""Parity: how a sandbox differs from production, computed from template and parameters, and from what is live there."""

from shoreward.app.sandboxes.parity.compare import Difference, differences
from shoreward.app.sandboxes.parity.live import FunctionFacts, Observed, Observer
from shoreward.app.sandboxes.parity.report import parity

__all__ = ["Difference", "FunctionFacts", "Observed", "Observer", "differences", "parity"]
