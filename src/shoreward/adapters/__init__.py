"""The outside world, one folder a neighbour, behind the ports of `shoreward.app.ports`."""
