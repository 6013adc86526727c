"""The first thing a Python function's process runs: sets the path as Lambda does, then hands over to awslambdaric.

``python_bootstrap.py PARENT HANDLER SUPPORT PATHS...``; run with ``-S`` so that the cloud's own packages stay outside.
"""

import site
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

SDK = ("boto3", "botocore", "s3transfer")


class RuntimesOwn:
    """Finds the SDK's parts among what the runtime brings along, and nowhere else."""

    def __init__(self, support: str) -> None:
        self._support = [support]

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """A finder's answer; None sends the import on to ``sys.path``."""
        return PathFinder.find_spec(name, self._support) if name in SDK else None


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
    brought = {name for name in SDK for path in paths if (Path(path) / name).is_dir()}
    if brought and "boto3" not in brought:
        # A botocore that came along with something else need not fit this machine's boto3.
        sys.meta_path.insert(0, RuntimesOwn(support))  # pyright: ignore
    sys.argv = ["bootstrap.py", handler]
    site.setquit()  # exit() and quit(), which -S leaves out
    from awslambdaric.__main__ import main as serve  # pyright: ignore

    serve(sys.argv)  # pyright: ignore


if __name__ == "__main__":
    main()
