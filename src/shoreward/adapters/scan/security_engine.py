"""bandit over Python files in the working directory; `engine` runs this in a process of its own.

Answers with `{"issues": [...], "skipped": reason}` for each file; a test of bandit's that breaks counts as a file that
was skipped, and is not passed over as bandit itself would do.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from typing import Any


def main() -> None:
    """Read what to do from standard input, and answer on standard output."""
    warnings.simplefilter("ignore")
    from bandit.core.config import BanditConfig  # pyright: ignore[reportMissingTypeStubs]
    from bandit.core.manager import BanditManager  # pyright: ignore[reportMissingTypeStubs]

    logging.disable(logging.CRITICAL)
    files: list[str] = json.load(sys.stdin)["files"]
    manager: Any = BanditManager(BanditConfig(), "file", debug=True, quiet=True)
    manager.files_list = sorted(files)
    manager.run_tests()
    found: dict[str, Any] = {file: {"issues": [], "skipped": ""} for file in files}
    for issue in manager.results:
        found[issue.fname]["issues"].append(_plain(issue))
    for file, reason in manager.get_skipped():
        found[file]["skipped"] = reason
    json.dump(found, sys.stdout)


def _plain(issue: Any) -> dict[str, Any]:
    return {
        "test": issue.test_id,
        "name": issue.test,
        "text": issue.text,
        "severity": issue.severity,
        "confidence": issue.confidence,
        "cwe": issue.cwe.id,
        "line": issue.lineno,
        "column": issue.col_offset + 1,
    }


if __name__ == "__main__":
    main()
