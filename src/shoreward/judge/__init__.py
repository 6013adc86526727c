"""The judge: anytime-valid statistics on arrays, pure."""
