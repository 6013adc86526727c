"""Use cases: the ports, and performing an effect through them."""
