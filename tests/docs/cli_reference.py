"""The second half of docs/cli.md, made of the command line's own help.

    PYTHONPATH=tests python -m docs.cli_reference

writes it anew; a test fails while the page says something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from shoreward.cli.app import app

from .pages import DOCS, read

PAGE = DOCS / "cli.md"
MARK = "<!-- Made of the command line's own help: PYTHONPATH=tests python -m docs.cli_reference -->\n"


def command_line() -> Any:
    """All commands, with their parameters."""
    return typer.main.get_command(app)


def all_commands() -> dict[str, Any]:
    """Commands by their names, groups followed by what is in them: `sandbox`, `sandbox up`."""
    found: dict[str, Any] = {}
    for name, command in command_line().commands.items():
        found[name] = command
        found |= {f"{name} {inner}": one for inner, one in getattr(command, "commands", {}).items()}
    return found


def reference() -> str:
    """Every command, its arguments and its options, in Markdown."""
    return "\n".join("\n".join(_command(name, command)) for name, command in all_commands().items())


def _command(name: str, command: Any) -> Iterator[str]:
    inner = getattr(command, "commands", {})
    yield f"##{'#' * name.count(' ')} {name}\n"
    if not inner:
        yield f"`{usage(name, command)}`\n"
    yield f"{_flowing(command.help)}\n"
    if command.epilog:
        yield f"{_flowing(command.epilog)}\n"
    if command.params and not inner:
        yield "| | default | |"
        yield "|---|---|---|"
        for parameter in command.params:
            yield f"| {_names(parameter)} | {_default(parameter)} | {_about(parameter)} |"
        yield ""


def usage(name: str, command: Any) -> str:
    """How a command is called."""
    parts = ["shoreward", name]
    for parameter in command.params:
        if _is_argument(parameter):
            parts.append(f"[{parameter.name.upper()}]")
        elif parameter.required:
            parts.append(f"{parameter.opts[0]} {_value(parameter)}")
    if any(not _is_argument(parameter) and not parameter.required for parameter in command.params):
        parts.append("[OPTIONS]")
    return " ".join(parts)


def _flowing(text: str) -> str:
    return re.sub(r"(?<!\n)\n(?!\n)", " ", text)


def _is_argument(parameter: Any) -> bool:
    return parameter.param_type_name == "argument"


def _value(parameter: Any) -> str:
    return parameter.metavar or parameter.name.upper()


def _names(parameter: Any) -> str:
    if _is_argument(parameter):
        return f"`{parameter.name.upper()}`"
    names = ", ".join(f"`{name}`" for name in parameter.opts)
    return names if parameter.is_flag else f"{names} `{_value(parameter)}`"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "**required**"
    if parameter.default in (None, "", False) or getattr(parameter, "is_flag", False):
        return ""
    return f"`{parameter.default}`"


def _about(parameter: Any) -> str:
    return f"{parameter.help} Also: `{parameter.envvar}`." if parameter.envvar else parameter.help


def main() -> None:
    """Write the page's second half anew."""
    PAGE.write_text(read(PAGE).partition(MARK)[0] + MARK + "\n" + reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
