"""detect-secrets over files in the working directory; `engine` runs this in a process of its own.

Answers with `[kind, sha1 of the secret, line]` for each that is found; a secret itself never leaves the process. All
detectors are on, all filters that detect-secrets recommends too, but nothing is verified: that would send what was
found to somebody else's servers. What is `harmless` is left out.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any


def main() -> None:
    """Read what to do from standard input, and answer on standard output."""
    warnings.simplefilter("ignore")
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.core.scan import scan_file
    from detect_secrets.settings import Settings, transient_settings

    from shoreward.adapters.scan.harmless import harmless

    logging.disable(logging.CRITICAL)
    given: dict[str, Any] = json.load(sys.stdin)
    config = {
        "plugins_used": [
            *({"name": kind.__name__} for kind in get_mapping_from_secret_type_to_class().values()),
            *(
                {"name": name, "path": f"file://{Path(__file__).with_name(file)}"}
                for name, file in (
                    ("AddressDetector", "address_detector.py"),
                    ("ShorewardTokenDetector", "token_detector.py"),
                )
            ),
        ],
        "filters_used": [*({"path": path} for path in Settings().filters), *given["settings"]["filters"]],
    }
    found: dict[str, list[tuple[str, str, int]]] = {}
    # It has learnt its own detectors by now, and looks for those of others once only.
    get_mapping_from_secret_type_to_class.cache_clear()
    with transient_settings(config):
        for file in given["files"]:
            # As detect-secrets counts lines; splitlines() would count others, too.
            lines = dict(enumerate(Path(file).read_text(encoding="utf-8").split("\n"), 1))
            told = {
                (one.type, one.secret_hash, one.line_number)
                for one in scan_file(file)
                if not harmless(one.type, lines.get(one.line_number, ""), one.secret_value or "")
            }
            found[file] = sorted(told)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
