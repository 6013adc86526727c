"""The API under /api/v1: what is known as JSON, commands, and a stream of events."""
