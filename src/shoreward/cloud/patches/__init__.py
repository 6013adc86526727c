"""The gaps in the emulator, mended one idea per module. Each has ``apply(...)`` and a boto3-driven test."""
