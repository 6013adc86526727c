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
    from shoreward.cli.output import make_room, nobody_reads, want_json

    make_room()
    want_json("--json" in arguments)
    try:
        code = app(arguments, prog_name="shoreward", standalone_mode=False)
        sys.stdout.flush()
    except TyperException as error:
        # Without a word from us it was no command at all, and the help has been printed.
        return _misused(error.format_message())
    except (Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us (head, less) has seen enough.
        nobody_reads()
        return 0
    except Exception as error:
        if (code := _foreseen(error)) is None:
            raise
    return code or 0


def _misused(said: str) -> int:
    from shoreward.cli.output import complain
    from shoreward.domain import UserError

    if said:
        complain(UserError("USAGE", said, next="Add --help to see what there is."))
    return 2


def _foreseen(error: Exception) -> int | None:
    """Tell of an error in a sentence; its exit code, or None for one that nobody foresaw."""
    from shoreward.cli.output import complain
    from shoreward.domain import ShorewardError, Terminal, UserError

    if isinstance(error, OSError):
        error = Terminal("FILE_REFUSED", f"{error.strerror or error}.", where=str(error.filename or ""))
    if not isinstance(error, ShorewardError):
        return None
    complain(error)
    return 2 if isinstance(error, UserError) else 3
