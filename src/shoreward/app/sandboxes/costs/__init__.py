"""What a sandbox costs: a forecast from its template and a table of prices; what has no price in it is said aloud."""

from shoreward.app.sandboxes.costs.forecast import Cost, Forecast, forecast

__all__ = ["Cost", "Forecast", "forecast"]
