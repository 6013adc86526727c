"""Templates: read, rendered, refused."""
