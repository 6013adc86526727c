"""Resilience: faults are injected into a sandbox under load, and the application has to bear them."""
