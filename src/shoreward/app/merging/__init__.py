"""From merge to release: commits that appear on watched branches become releases, alone or in groups."""
