"""docs/building.md names every error and every note that building can end in."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("src/shoreward/adapters/git", "src/shoreward/adapters/build", "src/shoreward/spec/template")
ELSEWHERE = ("ancestry.py", "remote.py", "reverting.py", "configuration.py")
"""What asks git about histories and remotes, and not for what is built; and values, which have a page of their own."""

RAISED = re.compile(r'(?:Error|Retryable|Terminal)\(\s*"([A-Z_]+)"|Note\(\s*code="([A-Z_]+)"')


def test_every_code_is_documented() -> None:
    files = (path for folder in FOLDERS for path in (ROOT / folder).glob("*.py"))
    sources = (path.read_text() for path in files if path.name not in ELSEWHERE)
    raised = {code for text in sources for pair in RAISED.findall(text) for code in pair if code}
    written = set(re.findall(r"`([A-Z][A-Z_]+)`", (ROOT / "docs" / "building.md").read_text()))
    assert len(raised) > 40
    assert raised <= written
