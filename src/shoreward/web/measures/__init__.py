"""The server's own measures, for Prometheus: `/metrics`."""

from shoreward.web.measures.events import Measures

__all__ = ["Measures"]
