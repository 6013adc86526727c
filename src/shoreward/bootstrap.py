"""The composition root: reads settings and wires adapters to ports."""
