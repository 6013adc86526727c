"""The commands that make the ground to stand on: a cloud on this machine, roles in an account, a demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoreward.cli.options import HERE, Config, Directory, Json
from shoreward.cli.output import print_json, print_text

grounds = typer.Typer()


@grounds.command(epilog="Example: `shoreward cloud --port 4566`, then `aws --endpoint-url http://127.0.0.1:4566 s3 ls`")
def cloud(
    port: Annotated[int, typer.Option(help="Where it listens on 127.0.0.1; 0 takes a free port.")] = 4566,
    state: Annotated[Path | None, typer.Option(help="Keep what is created in this folder.")] = None,
    json: Json = False,
) -> None:
    """Run the embedded cloud: AWS on this machine, without Docker, until interrupted."""
    from shoreward.cli.clouding import run_cloud

    run_cloud(port, state, json=json)


@grounds.command(epilog="Example: `shoreward bootstrap --trusted arn:aws:iam::999999999999:role/ci > roles.yaml`")
def bootstrap(
    trusted: Annotated[str, typer.Option(help="ARN of whoever runs Shoreward and may assume the deploy role.")],
    boundary: Annotated[
        str | None, typer.Option(help="ARN of a permissions boundary that the application's roles must carry.")
    ] = None,
    sandboxes: Annotated[
        bool, typer.Option("--sandboxes", help="For the account of sandboxes, which are removed without a trace.")
    ] = False,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print the CloudFormation template of the least-privilege roles that a target account needs."""
    from shoreward.bootstrap import open_project

    project = open_project(directory, config=config)
    roles = project.sandbox_roles if sandboxes else project.roles
    text = roles(trusted=trusted, boundary=boundary)
    if json:
        print_json({"template": text})
    else:
        print_text(text)


@grounds.command(epilog="Example: `shoreward demo --report report.json`")
def demo(
    report: Annotated[Path | None, typer.Option(help="Write what happened as JSON.")] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the work folder, with its repository and journal.")
    ] = False,
    faults: Annotated[float, typer.Option(help="Share of all AWS calls that fail, 0 to 0.5.", min=0.0, max=0.5)] = 0.0,
    json: Json = False,
) -> None:
    """The main job on the embedded cloud: good releases go all the way, bad ones come back by themselves."""
    from shoreward.demo import run_demo

    raise typer.Exit(run_demo(report=report, keep=keep, faults=faults, json=json))
