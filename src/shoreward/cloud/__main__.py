"""``python -m shoreward.cloud``: the embedded cloud by itself, for the AWS command line and for other tools."""

import argparse
from pathlib import Path

from shoreward.cloud.launcher import Settings, main


def _settings() -> Settings:
    parser = argparse.ArgumentParser(prog="python -m shoreward.cloud", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="port on 127.0.0.1; 0 takes a free one (default: 4566)")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep what was created in this directory")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="written with the endpoint once it answers")
    parser.add_argument("--processes", type=int, default=96, help="most function processes at once (default: 96)")
    parser.add_argument("--log-level", default="WARNING", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    parser.add_argument("--work-dir", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--parent-pipe", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    return Settings(
        port=given.port,
        state_dir=given.state,
        ready_file=given.ready_file,
        work_dir=given.work_dir,
        announce=True,
        parent_pipe=given.parent_pipe,
        log_level=given.log_level,
        processes=given.processes,
    )


if __name__ == "__main__":
    main(_settings())
