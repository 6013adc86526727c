"""The first thing a Python function's process runs: sets the path as Lambda does, then hands over to awslambdaric.

``python_bootstrap.py PARENT HANDLER SUPPORT PATHS...``; run with ``-S`` so that the cloud's own packages stay outside.
"""

import site
import sys
from pathlib import Path


def main() -> None:
    """Set up and serve invocations until the process is told to end."""
    parent, handler, support, *paths = sys.argv[1:]
    sys.path[0] = str(Path(__file__).parent)
    from guard import die_with  # pyright: ignore

    die_with(int(parent))
    sys.modules.pop("guard")
    sys.path[0:1] = paths
    # What the real runtime brings along comes last, so that a function's own copy wins.
    sys.path.append(support)
    sys.argv = ["bootstrap.py", handler]
    site.setquit()  # exit() and quit(), which -S leaves out
    from awslambdaric.__main__ import main as serve  # pyright: ignore

    serve(sys.argv)  # pyright: ignore


if __name__ == "__main__":
    main()
