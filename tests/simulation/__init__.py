"""The simulator: what it says is repeatable, and what the real core and judge say."""
