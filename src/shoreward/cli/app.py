"""The commands. Each is a few lines: what it does is in `app`, what it shows beside it.

Nothing heavy is imported until a command needs it, so that `--help` and `status` answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from shoreward.cli.options import HERE, Config, Directory, JournalFile, Json, ReleaseId, Rev
from shoreward.cli.output import console, print_json, print_text
from shoreward.cli.pasts import pasts
from shoreward.cli.people import people
from shoreward.cli.sandboxing import sandbox

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


@app.command(epilog="Example: `shoreward init --account 111111111111 --region eu-north-1 --region us-east-1`")
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


@app.command(epilog="Example: `shoreward schema > .shoreward/schema.json`")
def schema() -> None:
    """Print the JSON Schema of shoreward.yaml, for editors."""
    from shoreward.spec.schema import schema_text

    print_text(schema_text())


@app.command(
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
    )
    raise typer.Exit(begin(directory, asked, config=config, journal=journal, watch=watch, show=list_))


@app.command(epilog="Example: `shoreward plan main --diff`")
def plan(
    rev: Rev = "HEAD",
    diff: Annotated[bool, typer.Option("--diff", help="Show the diffs of git and of the template, whole.")] = False,
    directory: Directory = HERE,
    config: Config = None,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show what a release would change in each target, and how it would go; changes nothing."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.planning import make_plan, show_plan

    made = make_plan(open_project(directory, config=config, journal=journal), rev)
    if json:
        print_json(made)
    else:
        show_plan(made, diff=diff)


@app.command(
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


@app.command(
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


@app.command(epilog="Example: `shoreward release` releases the last commit; `shoreward release v1.4.0` a tag.")
def release(
    rev: Rev = "HEAD",
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Release the commit although the work tree has other changes.")
    ] = False,
    despite_quarantine: Annotated[
        str, typer.Option(help="Why a commit that was rolled back may go all the same.", metavar="REASON")
    ] = "",
    detach: Annotated[bool, typer.Option("--detach", help="Only open it; `shoreward run` carries it.")] = False,
    directory: Directory = HERE,
    config: Config = None,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Carry a commit to production, wave by wave, and back by itself when it harms.

    Interrupted or killed, it stays where it is; the same command (or `shoreward run`) goes on with it.
    """
    from shoreward.bootstrap import open_project
    from shoreward.cli.starting import start

    project = open_project(directory, config=config, journal=journal)
    opened = start(project, rev, allow_dirty=allow_dirty, despite=despite_quarantine, detached=detach)
    if detach:
        if json:
            print_json({"id": opened})
        else:
            console.print(f"{opened} is open; `shoreward run` carries it.")
        return
    from shoreward.cli.carry import carry

    raise typer.Exit(carry(project, opened, json=json))


@app.command(
    epilog="Examples: `shoreward run --forever` carries what `shoreward release --detach` opens, until interrupted; "
    "`shoreward run --fleet fleet.yaml` releases what is merged, too."
)
def run(
    forever: Annotated[bool, typer.Option("--forever", help="Wait for further releases.")] = False,
    fleet: Annotated[
        Path | None, typer.Option(help="Watch the branches that this file names, and release what is merged.")
    ] = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Carry every open release of the journal: after a crash, or for those that were opened with --detach.

    With --fleet, merges become releases by themselves, in any number of repositories.
    """
    if fleet:
        from shoreward.cli.fleets import carry_fleet

        carry_fleet(fleet, journal=journal, json=json)
    else:
        from shoreward.bootstrap import open_project
        from shoreward.cli.carry import carry_all

        carry_all(open_project(directory, journal=journal), forever=forever, json=json)


@app.command(
    epilog="Examples: `shoreward serve`, then open http://127.0.0.1:8080 in a browser; "
    "`shoreward serve --fleet fleet.yaml` for many pipelines, from the merge on."
)
def serve(
    port: Annotated[int, typer.Option(help="Where it listens; 0 takes a free port.", min=0, max=65_535)] = 8080,
    host: Annotated[str, typer.Option(help="The address; only this machine's own goes without sign-in.")] = "127.0.0.1",
    no_carry: Annotated[bool, typer.Option("--no-carry", help="Only show; another process carries releases.")] = False,
    fleet: Annotated[
        Path | None, typer.Option(help="Watch the branches that this file names, and release what is merged.")
    ] = None,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Serve the page and the API, and carry every open release meanwhile, until interrupted."""
    if fleet:
        from shoreward.cli.serving import serve_fleet

        serve_fleet(fleet, host, port, journal=journal, carry=not no_carry, json=json)
    else:
        from shoreward.bootstrap import open_project
        from shoreward.cli.serving import serve as serve_it

        serve_it(open_project(directory, journal=journal), host, port, carry=not no_carry, json=json)


@app.command(epilog="Example: `shoreward status`, or `shoreward status --all` for every release so far.")
def status(
    release: ReleaseId = None,
    every: Annotated[bool, typer.Option("--all", help="All releases, newest first.")] = False,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Show where a release is, what it waits for, and what its targets serve."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.show import show_all, show_status

    project = open_project(directory, journal=journal)
    if every:
        show_all(project, json=json)
    else:
        show_status(project, release, json=json)


@app.command(
    epilog="Example: `shoreward advisories`, once a day. Exit codes: 0 nothing, 1 there are some, 3 nobody can tell."
)
def advisories(
    limit: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=1)] = 60,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Look up whether what is live would still pass its checks, with the advisories of the day.

    The answer is kept in the journal, and `status` shows it. Nothing else is changed.
    """
    from shoreward.bootstrap import open_project
    from shoreward.cli.advising import look_up

    raise typer.Exit(look_up(open_project(directory, journal=journal), limit=limit, json=json))


@app.command(epilog="Example: `shoreward watch --json | jq .text`")
def watch(
    release: ReleaseId = None, directory: Directory = HERE, journal: JournalFile = None, json: Json = False
) -> None:
    """Follow a release live until it ends; with --json, one line for each event."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.carry import EXIT, follow
    from shoreward.cli.show import chosen

    project = open_project(directory, journal=journal)
    state = chosen(project, release)
    outcome = follow(project, state.id, json=json).outcome
    raise typer.Exit(EXIT[outcome] if outcome else 0)


@app.command(epilog="Example: `shoreward why sandcastles-12`")
def why(
    release: ReleaseId = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every look of the judge, not only those that said more.")
    ] = False,
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Explain a release: every decision with its counts, evidence, alarms and times."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.show import show_why

    show_why(open_project(directory, journal=journal), release, full=full, json=json)


app.add_typer(people)
app.add_typer(pasts)
app.add_typer(sandbox)


@app.command(
    epilog="Examples: `shoreward blame sandcastles-12`, `shoreward blame sandcastles-12 --revert`. "
    "Exit codes: 0 told, 1 the revert has conflicts, 2 the request is wrong, 3 the history cannot be read."
)
def blame(
    release: ReleaseId = None,
    bisect: Annotated[
        list[str] | None,
        typer.Option(
            help="Find the culprit by running this check on some of the commits; may be given again.", metavar="CHECK"
        ),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(help="A file, such as a test that shows the harm, to put into each of them; may be given again."),
    ] = None,
    revert: Annotated[
        bool, typer.Option("--revert", help="Make a branch that takes the likeliest commit back; nothing is pushed.")
    ] = False,
    commit: Annotated[
        list[str] | None, typer.Option(help="Revert this commit instead; may be given again.", metavar="REV")
    ] = None,
    onto: Annotated[
        str, typer.Option(help="Where the branch begins; the main branch's last commit by default.", metavar="REV")
    ] = "",
    directory: Directory = HERE,
    journal: JournalFile = None,
    json: Json = False,
) -> None:
    """Tell which commit of a release that harmed is the likely culprit, with reasons."""
    from shoreward.bootstrap import open_project
    from shoreward.cli.blaming import Asked, show_blame

    asked = Asked(
        checks=tuple(bisect or ()),
        tests=tuple(test or ()),
        revert=revert,
        commits=tuple(commit or ()),
        onto=onto,
        json=json,
    )
    raise typer.Exit(show_blame(open_project(directory, journal=journal), release, asked))


@app.command(epilog="Example: `shoreward cloud --port 4566`, then `aws --endpoint-url http://127.0.0.1:4566 s3 ls`")
def cloud(
    port: Annotated[int, typer.Option(help="Where it listens on 127.0.0.1; 0 takes a free port.")] = 4566,
    state: Annotated[Path | None, typer.Option(help="Keep what is created in this folder.")] = None,
    json: Json = False,
) -> None:
    """Run the embedded cloud: AWS on this machine, without Docker, until interrupted."""
    from shoreward.cli.clouding import run_cloud

    run_cloud(port, state, json=json)


@app.command(epilog="Example: `shoreward bootstrap --trusted arn:aws:iam::999999999999:role/ci > roles.yaml`")
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


@app.command(epilog="Example: `shoreward demo --report report.json`")
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
