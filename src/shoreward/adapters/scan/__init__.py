"""Looking for what should not go to production: known vulnerabilities, secrets, unsafe code."""
