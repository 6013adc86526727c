"""From a commit to a revision."""
