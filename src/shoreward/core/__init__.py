"""The pure centre: `evolve(state, event)` and `decide(state, now)`."""
