"""Which packages the code of a folder imports, by looking at JavaScript and TypeScript as text."""

from __future__ import annotations

import posixpath
import re
import tempfile
from pathlib import Path

from shoreward.app.files import Source

CODE = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_IMPORT = re.compile(r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["'](@[^/"']+/[^/"']+|[^./"'][^/"']*)""")
_ASIDE = re.compile(r"(?:.*/)?(?:node_modules|__tests__|tests?)/.*|.*\.(?:test|spec|config|d)\.[cm]?[jt]sx?")
"""What no handler imports: tests, settings of tools, declarations."""


def imported(source: Source, commit: str, folder: str) -> frozenset[str]:
    """Names of packages that the code below a folder imports; tests and settings of tools do not count."""
    wanted = [
        entry.path
        for entry in source.entries(commit, folder)
        if entry.kind in ("file", "executable") and entry.path.endswith(CODE)
    ]
    inside = [path for path in wanted if not _ASIDE.fullmatch(posixpath.relpath(path, folder or "."))]
    with tempfile.TemporaryDirectory(prefix="shoreward-scan-") as directory:
        source.export(commit, Path(directory), folder)
        texts = ((Path(directory) / path).read_text(encoding="utf-8", errors="replace") for path in inside)
        return frozenset(name for text in texts for name in _IMPORT.findall(text))
