"""Looking for what should not go to production: known vulnerabilities, secrets, unsafe code; and bills of materials."""

from shoreward.adapters.scan.checks import scan_checks
from shoreward.adapters.scan.component import Component
from shoreward.adapters.scan.database import open_database
from shoreward.adapters.scan.lookup import Database, lookup
from shoreward.adapters.scan.sbom import components_of

__all__ = ["Component", "Database", "components_of", "lookup", "open_database", "scan_checks"]
