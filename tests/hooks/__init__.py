"""Whoever is asked whether a gate is open: a function, an address, and the simulated twin."""
