"""The commands about who may do what at the server: tokens, and the audit; what they do is in `accounts`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from shoreward.cli.options import HERE, Directory, JournalFile, Json

access = typer.Typer()

token = typer.Typer(
    name="token",
    help="Keys of programs that ask the server; see [Who may do what](access.md).",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
access.add_typer(token)


@token.command("create", epilog="Example: `shoreward token create ci --role operator --pipeline sandcastles --days 30`")
def token_create(
    name: Annotated[str, typer.Argument(help="What the journal calls whoever uses it: `token NAME`.")],
    role: Annotated[Literal["viewer", "operator", "admin"], typer.Option(help="What it may do.")] = "viewer",
    pipeline: Annotated[
        list[str] | None,
        typer.Option(help="Where; `beach-*` is all that begin so; may be given again. Every pipeline by default."),
    ] = None,
    days: Annotated[int, typer.Option(help="How long it holds.", min=1, max=366)] = 90,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Make a token, and show it this once: the journal keeps only its digest."""
    from shoreward.cli.accounts import create, opened

    create(opened(directory, journal), name, role, pipeline or ["*"], days, json=json)


@token.command("list", epilog="Example: `shoreward token list --json`")
def token_list(directory: Directory = HERE, journal: JournalFile = None, json: Json = False) -> None:
    """Show all tokens: who made them, what they may do, until when, and when they were used."""
    from shoreward.cli.accounts import opened, show_tokens

    show_tokens(opened(directory, journal), json=json)


@token.command("revoke", epilog="Example: `shoreward token revoke ci`")
def token_revoke(
    name: Annotated[str, typer.Argument(help="Its name, or its id.")],
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Take a token back: it opens nothing from now on, and streams that it opened end."""
    from shoreward.cli.accounts import opened, revoke

    revoke(opened(directory, journal), name, json=json)


@access.command(epilog="Examples: `shoreward audit`, `shoreward audit --pipeline sandcastles --refused`")
def audit(
    pipeline: Annotated[str, typer.Option(help="What is about this pipeline alone.")] = "",
    who: Annotated[str, typer.Option(help="What this person or token asked for: `ada@example.com`, `token ci`.")] = "",
    refused: Annotated[bool, typer.Option("--refused", help="Only what was not done.")] = False,
    limit: Annotated[int, typer.Option(help="How many, the newest.", min=1, max=10_000)] = 50,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show what was asked of the server: who, from where, what, why, and what came of it."""
    from shoreward.cli.accounts import opened, show_audit

    show_audit(opened(directory, journal), pipeline, who, refused=refused, limit=limit, json=json)
