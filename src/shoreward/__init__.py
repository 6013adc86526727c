"""Hands-off deployments for serverless applications: waves, a judge, and rollback by itself."""
