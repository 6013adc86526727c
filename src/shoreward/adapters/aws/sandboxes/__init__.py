"""Sandboxes on AWS: made, seeded, watched, disturbed, and removed with the proof that nothing is left."""
