"""Answers questions line by line: JSON on standard input, JSON on what was standard output.

Native libraries print what they please, so standard output itself leads to standard error, which whoever started this
keeps for when things go wrong. The process ends when nobody can ask any more.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Answer until standard input ends."""
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        said.write(json.dumps(answer(json.loads(line))) + "\n")
        said.flush()
