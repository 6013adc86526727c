"""The composition root: finds an application's repository, and wires adapters to ports.

<repository>/shoreward.yaml           the pipeline (or another file, by --config)
<repository>/.shoreward/journal.db    the journal, unless --journal or SHOREWARD_JOURNAL names another
<repository>/.shoreward/artifacts/    finished artifacts, and what was remembered of earlier builds
<repository>/.shoreward/checks/       what checks found earlier, by the digest of all that they read
<repository>/.shoreward/sandboxes.db  the ledger of sandboxes

`Project` is what everybody asks. What it is asked for is put together in a module for each idea, which is imported
when it is needed: most commands need little of it.
"""

from shoreward.bootstrap.here import SystemClock, owner, wish
from shoreward.bootstrap.project import Project, open_project
from shoreward.bootstrap.sharing import SharedSandbox

__all__ = ["Project", "SharedSandbox", "SystemClock", "open_project", "owner", "wish"]
