"""The first `shoreward.yaml` of an application: written from its template, commented, ready to be changed.

What it cannot know it does not make up: an account that was not given is left blank, which `load` refuses, and
parameters without a value stay comments that say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from shoreward.domain import IN_SANDBOX, SpecError, Suite
from shoreward.spec._draft import Draft, draft
from shoreward.spec._regions import PARTITION_OF
from shoreward.spec._words import did_you_mean
from shoreward.spec.dump import scalar

REGIONS = ("eu-north-1", "us-west-2", "eu-west-1", "us-east-1")
"""Regions of an example: two that have little of most applications' traffic, then two that have much."""

_WAVES = (
    (
        "first",
        "One region, in small steps, watched the longest.",
        "    steps: [5%, 25%, 50%]\n    soak: 4h\n",
    ),
    ("second", "One more, to see that the first was no accident.", ""),
    ("few", "A few regions.", ""),
    ("rest", "Everywhere else.", ""),
)


def init(
    template: Path,
    *,
    account: str | None = None,
    regions: Sequence[str] | None = None,
    suites: Sequence[Suite] | None = None,
) -> str:
    """The text of a `shoreward.yaml` to put beside a template.

    Args:
        account: 12 digits; None leaves a blank that must be filled in before the file loads.
        regions: in the order in which to release to them; None takes an example's, the one in samconfig.toml first.
        suites: those that are found in the repository; None when nobody could look.

    Raises:
        SpecError: the template cannot be read, or an argument is wrong.
    """
    if account is not None and not re.fullmatch("[0-9]{12}", account):
        raise SpecError("SPEC_ACCOUNT_ID", f"'{account}' is not an account id.", next="Give its 12 digits.")
    for region in regions or ():
        if region not in PARTITION_OF:
            advice = did_you_mean(region, PARTITION_OF)
            raise SpecError("SPEC_REGION_UNKNOWN", f"There is no region '{region}'.", next=advice)
    known = draft(template)
    if not regions:
        regions = [known.region, *REGIONS] if known.region in PARTITION_OF and known.region else REGIONS
    blocks = (
        _head(known, template.name),
        _accounts(account),
        _defaults(),
        _waves(regions),
        _alarms(known),
        _probes(known),
        (*_checks(regions[0], suites), *_trials(known)),
    )
    return "\n".join("".join(block) for block in blocks)


def _head(known: Draft, template: str) -> Iterator[str]:
    yield "# yaml-language-server: $schema=.shoreward/schema.json\n"
    yield "# The line above gives editors the keys; `shoreward schema > .shoreward/schema.json` writes that file.\n"
    yield f"application: {scalar(known.application)}\n"
    yield f"template: {scalar(template)}\n"
    yield "# stack: the stack's name on every target, where it is not the application's\n"
    given = [parameter for parameter in known.parameters if parameter.value is not None]
    missing = [parameter for parameter in known.parameters if parameter.value is None]
    if known.parameters:
        yield "\n# The template's parameters that have no default. Targets and accounts can have values of their own.\n"
        yield "parameters:\n" if given else "# parameters:\n"
    for parameter in given:
        yield f"  {scalar(parameter.name)}: {scalar(parameter.value)}  # {parameter.note}\n"
    for parameter in missing:
        yield f'#   {scalar(parameter.name)}: ""  # to be filled in: {parameter.note}\n'


def _accounts(account: str | None) -> Iterator[str]:
    yield "accounts:\n"
    yield "  main:\n"
    yield f'    id: "{account or ""}"{"" if account else "  # to be filled in: the 12 digits of the account"}\n'
    example = f"arn:aws:iam::{account or '111111111111'}:role/shoreward"
    yield f"    # role: {example}  # to be assumed; without it, your own credentials are used\n"


def _defaults() -> Iterator[str]:
    yield "# How every wave goes, unless it says otherwise.\n"
    yield "defaults:\n"
    yield "  steps: [10%, 50%]  # traffic of the new version; after the last step passes, all of it\n"
    yield "  bake:  # what each step waits for: a minimum of time and a minimum of evidence\n"
    yield "    minimum: 10m\n"
    yield "    requests: 100\n"
    yield "    deadline: 4h\n"
    yield "    on-deadline: hold  # or rollback\n"
    yield "  soak: 1h  # watching on after the wave's last target\n"


def _waves(regions: Sequence[str]) -> Iterator[str]:
    ordered = list(dict.fromkeys(regions))
    few = max(1, len(ordered[2:]) // 3)
    parts = (ordered[:1], ordered[1:2], ordered[2 : 2 + few], ordered[2 + few :])
    yield "waves:\n"
    for (name, about, extra), part in zip(_WAVES, parts, strict=True):
        if part:
            targets = ", ".join(f"main/{region}" for region in part)
            yield f"  - name: {name}  # {about}\n    targets: [{targets}]\n{extra}"


def _alarms(known: Draft) -> Iterator[str]:
    yield "# CloudWatch alarms that roll a release back when they fire. They must exist before the release.\n"
    names = known.alarms or ("{stack}-{region}-high-errors",)
    yield f"# alarms: [{', '.join(scalar(name) for name in names)}]\n"


def _probes(known: Draft) -> Iterator[str]:
    yield "# Requests that a new version must answer before it gets traffic. Use only ones without side effects.\n"
    yield "# probes:\n"
    for name, routes in known.functions or (("YourFunction", ()),):
        serves = f"  # {', '.join(routes)}" if routes else ""
        yield f"#   - function: {scalar(name)}{serves}\n"
        yield "#     payload: {}\n"


def _checks(region: str, suites: Sequence[Suite] | None) -> Iterator[str]:
    yield "# What is looked at before a release, and by `shoreward check`: the template, policies, secrets, unsafe\n"
    yield "# code, dependencies with known vulnerabilities, and these suites of the repository:\n"
    if suites is None:
        yield "#   those that are found, once this is in a git repository\n"
    elif not suites:
        yield "#   none was found (docs/suites.md says what is looked for)\n"
    for suite in suites or ():
        waits = "  (needs a sandbox)" if suite.kind in IN_SANDBOX else ""
        yield f"#   {suite.name}: {' '.join(suite.command.split())}{waits}\n"
    yield "checks:\n"
    yield "  discover: true  # false: only suites that are declared here, under suites\n"
    yield "  # skip: [security]  # left out, which every verdict says\n"
    yield "  # A stack of the application's own, in which suites are run. It costs what it uses and stands in an\n"
    yield "  # account, so nobody makes one until you say where; best in an account without customers.\n"
    yield f"  # sandbox: {{target: main/{region}}}\n"


def _trials(known: Draft) -> Iterator[str]:
    """What Shoreward can try by itself in a sandbox, where the template has something to try it on."""
    if len(known.functions) > 1:
        yield "  # Faults in the sandbox: each function is throttled in turn, while the probes above are sent. How\n"
        yield "  # much of that customers may notice is for you to say, so do ask for it (docs/resilience.md).\n"
        yield "  # resilience: {}\n"
    if known.web:
        yield "  # Attacks on the sandbox's APIs: what anybody could send to them. They leave junk in tables and\n"
        yield "  # queues, and call whatever your functions call, so do ask for it (docs/dynamic.md).\n"
        yield "  # dynamic: {}\n"
