"""What people may ask: of releases, pipelines and everything, from wherever they ask it."""
