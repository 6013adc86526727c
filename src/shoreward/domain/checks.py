"""What is looked at before a change goes to production, as `checks` in `shoreward.yaml` declares it.

Values only. What is left out is found by looking at the repository (docs/checks.md).
Paths are relative to the repository's root; durations are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shoreward.domain.errors import Place
from shoreward.domain.finding import Severity, Waiver
from shoreward.domain.target import Target
from shoreward.domain.trials import Dynamic, Resilience

SuiteKind = Literal["unit", "quality", "security", "integration", "acceptance", "performance", "resilience", "dynamic"]
"""What a suite is for. Those from `integration` on run against the sandbox."""

IN_SANDBOX: frozenset[SuiteKind] = frozenset(("integration", "acceptance", "performance", "resilience", "dynamic"))
"""Kinds of suites that run against the application's own stack in a sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A command that tests something.

    Attributes:
        name: unique among the checks.
        command: for the shell, run in `folder` of a fresh copy of the commit's files.
        inputs: patterns (as in .gitignore: `**`, `*`) of the files that it reads; all of the repository's when empty.
        environment: names of the variables of this process that it sees, and that its verdict depends on.
        tools: names of programs on the PATH that its verdict depends on.
        requirements: requirements files of the Python environment that it runs in; none is made when empty.
        report: pattern of the JUnit XML or SARIF files that it writes, from `folder`; pytest is asked for one anyway.
        timeout: after how long it counts as hanging.
        repeat: how often it runs before it counts as passed: more than once finds flaky tests.
    """

    name: str
    kind: SuiteKind
    command: str
    folder: str = ""
    inputs: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    report: str = ""
    timeout: float = 600.0
    repeat: int = 1
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPlan:
    """Where sandboxes are made, and how.

    Attributes:
        target: account, region, role and parameters; its stack's name is the beginning of every sandbox's.
        lease: how long a sandbox lives after its last use.
        seed: a command that puts data into a fresh sandbox, or "".
        template: of a configuration, that of the application which reads the values; "" for the pipeline's own.
        seeded: where that command is declared.
    """

    target: Target
    lease: float = 14_400.0
    seed: str = ""
    template: str = ""
    where: Place | None = field(default=None, compare=False)
    seeded: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """Organisational rules: a folder of the repository, or of another git repository.

    Attributes:
        path: folder with `.guard`, `.rego`, `.cel` or `.yaml` rules.
        repository: address of the git repository, or "" for the application's own.
        ref: branch, tag or commit in it.
    """

    path: str
    repository: str = ""
    ref: str = ""
    where: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisories:
    """Where vulnerabilities are looked up.

    Attributes:
        source: address of an OSV API, or path of a folder with OSV's offline archives (`PyPI.zip`, `npm.zip`).
        max_age: how old an offline archive may be.
        poll: how often revisions that are under way or live are looked up again.
        on_new: what happens to a release that is under way when a new advisory matches its revision.
    """

    source: str = "https://api.osv.dev"
    max_age: float = 172_800.0
    poll: float = 3_600.0
    on_new: Literal["hold", "rollback"] = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """Somebody else's key, whose signatures on manifests count.

    Attributes:
        name: what people call it: a machine, a team.
        key: the Ed25519 public key as SubjectPublicKeyInfo in base64, the middle line of its PEM.
    """

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What is looked at before production.

    Attributes:
        block: the least severity of a finding that fails a check.
        skip: names of checks that are left out, each said aloud in every verdict.
        suites: declared ones; one found by looking at the repository gives way to a declared one of its kind.
        discover: whether suites are looked for in the repository.
        cache: a folder, or `s3://bucket/prefix`, that a team shares its results in; "" for none.
        resilience: faults that are injected into the sandbox; None for none.
        dynamic: attacks on the sandbox's APIs; None for none.
        trusted_keys: of others who may sign manifests, beside the machine that carries the release.
    """

    block: Severity = Severity.MEDIUM
    skip: tuple[str, ...] = ()
    suites: tuple[Suite, ...] = ()
    discover: bool = True
    sandbox: SandboxPlan | None = None
    policies: tuple[PolicySource, ...] = ()
    advisories: Advisories = Advisories()
    waivers: tuple[Waiver, ...] = ()
    cache: str = ""
    resilience: Resilience | None = None
    dynamic: Dynamic | None = None
    trusted_keys: tuple[TrustedKey, ...] = ()
