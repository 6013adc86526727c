"""Options and arguments that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Directory = Annotated[
    Path, typer.Option("--directory", "-C", help="The application's folder.", exists=True, file_okay=False)
]
Config = Annotated[Path | None, typer.Option("--config", "-c", help="The pipeline's file, instead of shoreward.yaml.")]
JournalFile = Annotated[
    Path | None,
    typer.Option("--journal", envvar="SHOREWARD_JOURNAL", help="The journal, instead of .shoreward/journal.db."),
]
Comment = Annotated[
    bool, typer.Option("--comment", help="Write it into the comment at the pull request that this CI job is about.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, errors included.")]
Rev = Annotated[str, typer.Argument(help="A branch, tag or commit.", show_default=True)]
ReleaseId = Annotated[str | None, typer.Argument(help="A release, such as `sandcastles-12`; the newest by default.")]
Why = Annotated[str, typer.Option("--why", "-m", help="Kept in the journal; asked for when it is not given.")]
OfRelease = Annotated[str | None, typer.Option("--release", "-r", help="A release; the newest by default.")]
TargetName = Annotated[str, typer.Argument(help="A target: its region where that is enough, account/region, or key.")]
HeldWave = Annotated[str, typer.Option("--wave", help="A wave of the release alone, by name.")]
HeldTarget = Annotated[str, typer.Option("--target", help="A target of the release alone.")]
HeldPipeline = Annotated[bool, typer.Option("--pipeline", help="All releases of the pipeline, later ones too.")]
NamedRelease = Annotated[str, typer.Argument(help="A release, such as `sandcastles-12`.")]
GateName = Annotated[str, typer.Argument(help="A gate, by its name; `freeze/NAME` is a person's freeze.")]
GateWave = Annotated[str, typer.Option("--wave", help="The wave; the one that it is in, or comes to next, by default.")]
FleetFile = Annotated[Path | None, typer.Option("--fleet", help="The fleet's file, for one of its groups.")]
GroupName = Annotated[
    str, typer.Option("--group", help="A group of the fleet: what changed of it, at the newest commits.")
]
Everything = Annotated[bool, typer.Option("--everything", help="All pipelines of the journal.")]

HERE = Path()
