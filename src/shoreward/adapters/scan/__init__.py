"""Looking for what should not go to production: known vulnerabilities, secrets, unsafe code; and bills of materials.

    scan_checks                   the checks, put together without importing what looks
    open_database                 where advisories are looked up
    lookup.lookup                 what is known against components, as findings
    sbom.carried                  the components of a revision that was checked, from its bills of materials

The last two are imported from their modules, since they cost more to import than a check that is not run may.
"""

from shoreward.adapters.scan.checks import scan_checks
from shoreward.adapters.scan.database import open_database

__all__ = ["open_database", "scan_checks"]
