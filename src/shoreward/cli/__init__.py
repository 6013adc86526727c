"""The command line: commands and the live terminal view.

Exit codes: 0 it went well; 1 the release was rolled back or aborted; 2 the request is wrong, and nothing was done;
3 we could not tell or act (errored); 130 interrupted, the release stays where it is.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` itself would cost the quickest answer a tenth of its time
    from collections.abc import Sequence
    from typing import NoReturn

INTERRUPTED = 130
"""What a shell says of a command that was ended by Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; every failure that was foreseen is a sentence, with a code.

    Args:
        arguments: those of this process when None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_again(given) if given[:1] == ["check"] else _run(given))


def _again(arguments: list[str]) -> int:
    """The last answer, when nothing has changed; else the long way."""
    from shoreward.cli.unchanged import answered

    code = answered(arguments)
    return _run(arguments) if code is None else code


def _run(arguments: list[str]) -> int:
    from typer import Abort
    from typer.exceptions import TyperException

    from shoreward.cli.app import app
    from shoreward.cli.output import complain, make_room, nobody_reads, want_json
    from shoreward.domain import ShorewardError, Terminal, UserError

    make_room()
    want_json("--json" in arguments)
    try:
        code = app(arguments, prog_name="shoreward", standalone_mode=False)
        sys.stdout.flush()
    except UserError as error:
        complain(error)
        return 2
    except ShorewardError as error:
        complain(error)
        return 3
    except TyperException as error:
        # Without a word from us it was no command at all, and the help has been printed.
        if said := error.format_message():
            complain(UserError("USAGE", said, next="Add --help to see what there is."))
        return 2
    except (Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough.
        nobody_reads()
        return 0
    except OSError as error:
        complain(Terminal("FILE_REFUSED", f"{error.strerror or error}.", where=str(error.filename or "")))
        return 3
    return code or 0
