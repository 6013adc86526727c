"""The tick loop: wakes releases, performs what the core decided, records what came of it."""
