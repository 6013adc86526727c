"""docs/aws.md names every code that the adapters raise, and none that they do not."""

from __future__ import annotations

import re
from pathlib import Path

import shoreward.adapters.aws as adapters

_DOCUMENT = Path(__file__).parents[2] / "docs" / "aws.md"
_ELSEWHERE = {"ARTIFACT_MISSING", "TARGET_DRIFTED"}  # raised by the store of artifacts, and for what is compared here
_TOLD_BY_ERRORS = {"sandboxes", "values", "survey"}  # whose codes that page has


def test_codes_and_their_table_agree() -> None:
    table = _DOCUMENT.read_text().partition("## Codes")[2]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    root = Path(adapters.__file__).parent
    files = [
        path for path in root.rglob("*.py") if not _TOLD_BY_ERRORS & set(path.relative_to(root).with_suffix("").parts)
    ]
    source = "".join(path.read_text() for path in files)
    raised = set(re.findall(r"(?:Terminal|Retryable|UserError)\(\s*\"([A-Z_]+)\"", source))
    assert len(raised) > 20
    assert raised | _ELSEWHERE == documented
