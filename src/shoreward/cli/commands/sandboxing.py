"""The commands of `shoreward sandbox`; what they do is in `sandboxes`."""

from __future__ import annotations

from typing import Annotated

import typer

from shoreward.cli.options import HERE, Config, Directory, Json

sandbox = typer.Typer(
    name="sandbox",
    help="Temporary stacks of the application, like production's: made, used, and removed without a trace.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@sandbox.command("up", epilog="Example: `shoreward sandbox up`, or `shoreward sandbox up v1.4.0 --fresh`")
def sandbox_up(
    rev: Annotated[
        str | None, typer.Argument(help="A branch, tag or commit; the work tree as it is by default.")
    ] = None,
    branch: Annotated[str, typer.Option(help="Whose sandbox it is; the revision's own branch by default.")] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help="Make another one, and do not reuse the branch's.")] = False,
    seed: Annotated[bool, typer.Option("--seed", help="Put data into it again.")] = False,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Have the branch's sandbox with a revision in it, made or updated, and renew its lease."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.sandboxes import bring_up

    bring_up(open_project(directory, config=config), rev, branch=branch, fresh=fresh, seed=seed, json=json)


@sandbox.command("list", epilog="Example: `shoreward sandbox list --json`")
def sandbox_list(directory: Directory = HERE, config: Config = None, json: Json = False) -> None:
    """Show the sandboxes that the ledger or the cloud knows, with age, expiry and cost."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.sandboxes import show_list

    raise typer.Exit(show_list(open_project(directory, config=config), json=json))


@sandbox.command("test", epilog="Example: `shoreward sandbox test integration`")
def sandbox_test(
    names: Annotated[
        list[str] | None, typer.Argument(help="Suites, or kinds of suites; all that run in a sandbox by default.")
    ] = None,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Run test suites against the branch's sandbox, whatever verdicts were kept."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.sandboxes import test

    project = open_project(directory, config=config)
    raise typer.Exit(test(project, directory, tuple(names or ()), config=config, json=json))


@sandbox.command("down", epilog="Example: `shoreward sandbox down` removes the one of this branch.")
def sandbox_down(
    name: Annotated[
        str | None, typer.Argument(help="A sandbox, or a branch; the branch that is checked out by default.")
    ] = None,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Leave behind what cannot be removed, and say what that is.")
    ] = False,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove a sandbox with all that it made, and prove that nothing is left."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.sandboxes import take_down

    project = open_project(directory, config=config)
    raise typer.Exit(take_down(project, name, abandon=abandon, json=json))


@sandbox.command("reap", epilog="Example: `shoreward sandbox reap`, and then `shoreward sandbox reap --yes`")
def sandbox_reap(
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; only shown otherwise.")] = False,
    orphans: Annotated[
        bool, typer.Option("--orphans", help="Also yours that this ledger does not know, before they expire.")
    ] = False,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Find sandboxes that have expired, or that a crash left half made or half removed."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.sandboxes import reap

    raise typer.Exit(reap(open_project(directory, config=config), yes=yes, orphans=orphans, json=json))
