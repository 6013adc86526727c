"""The judge is a library: whoever imports it gets numpy, and nothing else of Shoreward."""

import subprocess
import sys

LOADED = """
import sys
import numpy
before = set(sys.modules)
import shoreward.judge
print(*sorted(set(sys.modules) - before))
"""


def brought_in() -> list[str]:
    """The modules that importing the judge loads in a fresh interpreter, beside numpy and the standard library."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    known = {"numpy", *sys.stdlib_module_names}
    return [name for name in done.stdout.split() if name.split(".")[0] not in known]


def test_importing_the_judge_imports_numpy_and_the_judge_only():
    others = [name for name in brought_in() if not f"{name}.".startswith("shoreward.judge.")]

    assert others == ["shoreward", "shoreward.verdict"]
