"""Runs Lambda functions: AWS's own runtime interface client in warm processes, behind a small Runtime API."""
