"""`shoreward.yaml` and SAM templates, parsed once and totally into domain values."""
