"""The graph of checks: order, keeping, waivers, and the command that runs it."""
