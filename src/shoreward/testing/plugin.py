"""The pytest plugin: fixtures that ship with Shoreward."""
