"""The command line: commands and the live terminal view.

Exit codes: 0 it went well; 1 the release was rolled back or aborted; 2 the request is wrong, and nothing was done;
3 we could not tell or act (errored); 130 interrupted, the release stays where it is.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; every failure that was foreseen is a sentence, with a code."""
    from shoreward.cli.app import app
    from shoreward.cli.output import complain
    from shoreward.domain import ShorewardError, UserError

    try:
        app()
    except UserError as error:
        complain(error)
        sys.exit(2)
    except ShorewardError as error:
        complain(error)
        sys.exit(3)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)
