"""The planner: certified ramps, waves that are derived, and what peers would do."""
