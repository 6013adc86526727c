"""The command line, put together of its families of commands."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from shoreward.cli import settings
from shoreward.cli.commands.access import access
from shoreward.cli.commands.grounds import grounds
from shoreward.cli.commands.looking import looking
from shoreward.cli.commands.notifying import notify
from shoreward.cli.commands.pasts import pasts
from shoreward.cli.commands.people import people
from shoreward.cli.commands.preparing import preparing
from shoreward.cli.commands.releasing import releasing
from shoreward.cli.commands.sandboxing import sandbox

app = typer.Typer(
    name="shoreward",
    help="Hands-off deployments for serverless applications: waves, a judge, and rollback by itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 it went well, 1 rolled back or aborted, 2 the request is wrong, 3 we could not tell or act, "
    "130 interrupted (the release stays where it is).",
)


@app.callback()
def everywhere(
    context: typer.Context,
    server: Annotated[
        str, typer.Option(envvar="SHOREWARD_SERVER", help="Ask this server; its token is SHOREWARD_TOKEN's.")
    ] = "",
    log_format: Annotated[
        Literal["console", "json"], typer.Option(envvar="SHOREWARD_LOG_FORMAT", help="How to log, to standard error.")
    ] = "console",
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], typer.Option(envvar="SHOREWARD_LOG_LEVEL", help="What to log.")
    ] = "info",
) -> None:
    """Options of all commands, before their name."""
    source = context.get_parameter_source("server")
    named = source is not None and source.name == "COMMANDLINE"
    settings.log_as(log_format, log_level)
    context.call_on_close(settings.leave)
    settings.address(server, context.invoked_subcommand or "", named=named)


for family in (preparing, releasing, looking, grounds, people, pasts, sandbox, notify, access):
    app.add_typer(family)
