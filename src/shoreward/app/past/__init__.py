"""What was: of targets, of commits, and of a team in figures."""
