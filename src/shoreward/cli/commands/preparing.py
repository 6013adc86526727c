"""The commands before a release: a first pipeline, checks, a plan, and what it would be like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from shoreward.cli.options import HERE, Comment, Config, Directory, FleetFile, GroupName, JournalFile, Json, Rev
from shoreward.cli.output import print_json, print_text

preparing = typer.Typer()


@preparing.command(epilog="Example: `shoreward init --account 111111111111 --region eu-north-1 --region us-east-1`")
def init(
    template: Annotated[Path, typer.Argument(help="The SAM or CloudFormation template.")] = Path("template.yaml"),
    account: Annotated[str | None, typer.Option(help="The 12 digits of the AWS account.")] = None,
    region: Annotated[
        list[str] | None, typer.Option(help="A region, fewest customers first; may be given again.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write; beside the template by default.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    json: Json = False,
) -> None:
    """Write a first shoreward.yaml for a template."""
    from shoreward.cli.starting import write_first

    write_first(template, account=account, regions=region, output=output, force=force, json=json)


@preparing.command(epilog="Example: `shoreward schema > .shoreward/schema.json`")
def schema() -> None:
    """Print the JSON Schema of shoreward.yaml, for editors."""
    from shoreward.spec.schema import schema_text

    print_text(schema_text())


@preparing.command(
    epilog="Examples: `shoreward check`, `shoreward check --only unit --watch`, `shoreward check main --junit j.xml`. "
    "Exit codes: 0 everything passed, 1 a check failed, 2 the request is wrong, 3 a check could not look."
)
def check(
    rev: Annotated[
        str | None, typer.Argument(help="A branch, tag or commit; the work tree as it is by default.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A check to run, with what it needs; may be given again.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="A check to leave out, with what needs it; may be given again.")
    ] = None,
    keep_going: Annotated[bool, typer.Option("--keep-going", "-k", help="Run the others when one has failed.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="How many run at once; 0: one a core.", min=0)] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run everything; take no verdict that was kept.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run again what was kept, and report verdicts that come out otherwise.")
    ] = False,
    staged: Annotated[
        bool, typer.Option("--staged", help="What the next commit would hold, and not the work tree.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Check again whenever a file changes.")] = False,
    base: Annotated[
        str, typer.Option(help="What the change is compared with; what is live, or where its branch began, by default.")
    ] = "",
    list_: Annotated[bool, typer.Option("--list", help="Show the checks and what each reads; run nothing.")] = False,
    sarif: Annotated[Path | None, typer.Option(help="Write the findings to this file, for code scanning.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the verdicts to this file, for a CI server.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write a comment for a pull request to this file.")] = None,
    comment: Comment = False,
    directory: Directory = HERE,
    config: Config = None,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Find out whether a change may go to production, and if not, what is wrong, where, and what to do.

    Checks whose files, tools and variables have not changed keep their verdict.
    """
    from shoreward.cli.checking import Asked, begin

    asked = Asked(
        rev=rev,
        staged=staged,
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        keep_going=keep_going,
        jobs=jobs,
        fresh=fresh,
        verify=verify,
        base=base,
        json=json,
        sarif=sarif,
        junit=junit,
        markdown=markdown,
        comment=comment,
    )
    raise typer.Exit(begin(directory, asked, config=config, journal=journal, watch=watch, show=list_))


@preparing.command(
    epilog="Examples: `shoreward plan main --diff`; `shoreward plan --fleet fleet.yaml --group shop` tells what of a "
    "group would be released, in which order, and what each would change."
)
def plan(
    rev: Rev = "HEAD",
    diff: Annotated[bool, typer.Option("--diff", help="Show the diffs of git and of the template, whole.")] = False,
    comment: Comment = False,
    fleet: FleetFile = None,
    group: GroupName = "",
    directory: Directory = HERE,
    config: Config = None,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show what a release would change in each target, and how it would go; changes nothing."""
    if fleet or group:
        from shoreward.cli.grouping import named, plan_group

        file, name = named(fleet, group)
        plan_group(file, name, journal=journal, diff=diff, json=json)
        return
    from shoreward.bootstrap import open_project
    from shoreward.cli.planning import make_plan, show_plan

    made = make_plan(open_project(directory, config=config, journal=journal), rev)
    if json:
        print_json(made)
    else:
        show_plan(made, diff=diff)
    if comment:
        from shoreward.cli.commenting import comment_on, say_plan

        say_plan(comment_on(made["application"]), made)


@preparing.command(
    epilog="Examples: `shoreward judge samples.csv`, `shoreward judge samples.csv --picture judged.svg`. "
    "Exit codes: 0 pass, 1 fail, 2 the file is wrong, 3 not enough evidence or no data."
)
def judge(
    file: Annotated[Path, typer.Argument(help="Samples as CSV or JSON Lines; `-` reads the standard input.")],
    history: Annotated[
        Path | None, typer.Option(help="Samples of a time without a change: tells how clustered errors are.")
    ] = None,
    horizon: Annotated[int, typer.Option(help="Intervals over which a regression may begin.", min=1)] = 60,
    alpha: Annotated[
        float | None, typer.Option(help="How often a harmless canary may fail.", min=1e-9, max=0.5)
    ] = None,
    beta: Annotated[float | None, typer.Option(help="How often a harmful canary may pass.", min=1e-9, max=0.5)] = None,
    dispersion: Annotated[
        float | None, typer.Option(help="How clustered errors are, where history does not tell.", min=1, max=1000)
    ] = None,
    harm: Annotated[Literal["higher", "lower", "both"], typer.Option(help="Which way harm lies in gauges.")] = "both",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="FILE is a time without a change: tell what the judge would find on it.")
    ] = False,
    picture: Annotated[Path | None, typer.Option(help="Draw it into this file: .svg, .png or .pdf.")] = None,
    timeline: Annotated[bool, typer.Option("--timeline", help="Tell the answer after every interval.")] = False,
    json: Json = False,
) -> None:
    """Judge recorded samples: when would a release have been rolled back or promoted, and on what evidence?"""
    from shoreward.cli.judging import Asked, judge_file

    asked = Asked(
        file=file,
        history=history,
        alpha=alpha,
        beta=beta,
        dispersion=dispersion,
        horizon=horizon,
        harm=harm,
        calibrate=calibrate,
        timeline=timeline,
        picture=picture,
        json=json,
    )
    raise typer.Exit(judge_file(asked))


@preparing.command(
    epilog="Examples: `shoreward simulate`, `shoreward simulate --fault harmless --fault late --runs 100 --json`, "
    "`shoreward simulate --history metrics.csv --picture trial.svg`"
)
def simulate(
    runs: Annotated[int, typer.Option(help="Releases of each fault.", min=1, max=10_000)] = 25,
    seed: Annotated[int, typer.Option(help="Where chance begins; the same seed gives the same answer.", min=0)] = 0,
    fault: Annotated[list[str] | None, typer.Option(help="A fault to try; may be given again. All by default.")] = None,
    traffic: Annotated[
        float | None, typer.Option(help="Requests per second of targets that say none.", min=0.000001, max=1e9)
    ] = None,
    error_rate: Annotated[
        float, typer.Option(help="Share of requests that fails anyhow, 0 to 1.", min=0.0, max=1.0)
    ] = 0.001,
    swing: Annotated[
        float, typer.Option(help="How far traffic goes up and down in a day, 0 to 1.", min=0.0, max=1.0)
    ] = 0.0,
    late: Annotated[
        float, typer.Option(help="Share of metrics that arrive an interval too late, 0 to 1.", min=0.0, max=1.0)
    ] = 0.0,
    history: Annotated[
        Path | None, typer.Option(help="Recorded metrics to replay (CSV: time,target,metric,requests,bad).")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw what came of it, as SVG, in this file.")] = None,
    directory: Directory = HERE,
    config: Config = None,
    json: Json = False,
) -> None:
    """Try the pipeline out on simulated releases, good and bad: how long they take, and what they cost.

    The core and the judge are the real ones; customers, faults and time are simulated. Nothing is changed anywhere.
    """
    from shoreward.bootstrap import open_project
    from shoreward.cli.simulating import Asked, try_out

    asked = Asked(
        runs=runs,
        seed=seed,
        faults=tuple(fault or ()),
        traffic=traffic,
        error_rate=error_rate,
        swing=swing,
        late=late,
        history=history,
        picture=picture,
        json=json,
    )
    try_out(open_project(directory, config=config).pipeline(), asked)
