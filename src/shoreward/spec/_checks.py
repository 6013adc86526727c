"""The format of `checks` in `shoreward.yaml`: every key, its shape, its default and what it is for.

A part of `spec._format`, in the same manner.
"""

from __future__ import annotations

from typing import get_args

from shoreward.domain import Advisories, Checks, SandboxPlan, Severity, Suite, SuiteKind, Target
from shoreward.spec._kinds import Choice, Date, Duration, Flag, Number, Parameter, PublicKey, Text, duration_text
from shoreward.spec._shapes import Field, ListOf, MapOf, Record, TextOr
from shoreward.spec._trials import DYNAMIC, RESILIENCE

_CHECKS, _ADVISORIES = Checks(), Advisories()
_SUITE = Suite(name="", kind="unit", command="")
_SANDBOX = SandboxPlan(target=Target(account="", region="", stack=""))

_SEVERITIES = Choice(tuple(Severity))
CHECK_NAME = Text(r"[a-z][a-z0-9-]{0,62}", "a check's name (lower-case letters, digits and hyphens, at most 63)")
_COMMAND = Text(r"[^\x00]*[^\s\x00][^\x00]*", "a command", "SPEC_COMMAND")
_PATH = Text(r"(?![/~])[^\\\n]{1,400}", "a path relative to this file, with slashes", "SPEC_PATH")
_GLOB = Text(r"(?![/~])[^\\\n]{1,400}", "a pattern of paths from this file's folder", "SPEC_PATH")
_VARIABLE = Text(r"[A-Za-z_][A-Za-z0-9_]{0,254}", "the name of an environment variable")
_PROGRAM = Text(r"[A-Za-z0-9_.+-]{1,100}", "the name of a program")
_TARGET = Text(r"[^/\s]+/[^/\s]+", "a target (account/region)", "SPEC_TARGET")
_STACK = Text(r"[A-Za-z][A-Za-z0-9-]{0,99}", "a stack name (letters, digits and hyphens, a letter first, at most 100)")
_ADDRESS = Text(r"[^-\s][^\s]{0,999}", "the address of a git repository", "SPEC_ADDRESS")
_REF = Text(r"[^-\s][^\s]{0,254}", "a branch, tag or commit", "SPEC_NAME")
_SOURCE = Text(
    r"https?://[^\s]+|(?![/~])[^\\\s:]{1,400}|/[^\s]+", "the address of an OSV API, or a folder", "SPEC_ADDRESS"
)
_CACHE = Text(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\s]*)?|[^:\n]{1,400}", "a folder or s3://bucket/prefix", "SPEC_ADDRESS"
)
_KEY_NAME = Text(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", "a name (letters, digits, dots, hyphens; at most 63)")
_WORDS = Text(r"[\s\S]*\S[\s\S]*", "some words", "SPEC_WORDS")
_RULE = Text(r"[^\s]{1,200}", "a rule's id; * stands for anything")

SUITE = Record(
    "a suite",
    (
        Field("name", CHECK_NAME, "What the check is called; its kind by default."),
        Field(
            "kind",
            Choice(get_args(SuiteKind)),
            "What it is for. From integration on, it runs against the sandbox.",
            required=True,
        ),
        Field("run", _COMMAND, "The command, for the shell.", required=True),
        Field("folder", _PATH, "Where it runs; this file's folder by default."),
        Field(
            "inputs",
            ListOf(_GLOB, distinct=True),
            "Patterns of the files that it reads, as in .gitignore; it sees no others. All by default.",
        ),
        Field(
            "environment",
            ListOf(_VARIABLE, distinct=True),
            "Variables that it sees, and that its verdict depends on.",
            default=list(_SUITE.environment),
        ),
        Field(
            "tools",
            ListOf(_PROGRAM, distinct=True),
            "Programs on the PATH that its verdict depends on.",
            default=list(_SUITE.tools),
        ),
        Field(
            "requirements",
            ListOf(_PATH, distinct=True),
            "Requirements files of the Python environment that it runs in.",
            default=list(_SUITE.requirements),
        ),
        Field("report", _GLOB, "JUnit XML or SARIF files that it writes, from its folder. pytest needs none."),
        Field("timeout", Duration(), "After how long it counts as hanging.", default=duration_text(_SUITE.timeout)),
        Field(
            "repeat",
            Number(1, 100, whole=True),
            "How often it must pass: more than once finds flaky tests.",
            default=_SUITE.repeat,
        ),
    ),
)

SANDBOX = Record(
    "'sandbox'",
    (
        Field("target", _TARGET, "account/region of sandboxes; the account by its name in `accounts`.", required=True),
        Field(
            "stack", _STACK, "Beginning of every sandbox's stack name; the pipeline's stack and -sandbox by default."
        ),
        Field(
            "parameters",
            MapOf(Text(r"[A-Za-z0-9]{1,255}", "a parameter's name (letters and digits)"), Parameter()),
            "Template parameters of sandboxes; they win over the account's.",
        ),
        Field(
            "lease",
            Duration(),
            "How long a sandbox lives after it was last used.",
            default=duration_text(_SANDBOX.lease),
        ),
        Field("seed", _COMMAND, "A command that puts data into a fresh sandbox."),
        Field(
            "template",
            _PATH,
            "With `configuration`: template of the application that reads the values, from this file.",
        ),
    ),
)

POLICY = Record(
    "a policy source",
    (
        Field("path", _PATH, "Folder with .guard, .rego and .cel rules.", required=True),
        Field("repository", _ADDRESS, "Another git repository that has the folder."),
        Field("ref", _REF, "Branch, tag or commit of that repository; its default branch without one."),
    ),
)

ADVISORIES = Record(
    "'advisories'",
    (
        Field(
            "source",
            _SOURCE,
            "Address of an OSV API, or a folder with OSV's archives (PyPI.zip, npm.zip).",
            default=_ADVISORIES.source,
        ),
        Field("max-age", Duration(), "How old an archive may be.", default=duration_text(_ADVISORIES.max_age)),
        Field(
            "poll",
            Duration(),
            "How often revisions under way, and live ones, are looked up again.",
            default=duration_text(_ADVISORIES.poll),
        ),
        Field(
            "on-new",
            Choice(("hold", "rollback")),
            "What a release under way does when a new advisory matches its revision.",
            default=_ADVISORIES.on_new,
        ),
    ),
)

WAIVER = Record(
    "a waiver",
    (
        Field("rule", _RULE, "The finding's rule; * stands for anything.", required=True),
        Field("subject", _WORDS, "The finding's resource or package; * stands for anything.", default="*"),
        Field("reason", _WORDS, "Why it may stay.", required=True),
        Field("owner", _WORDS, "Who answers for it.", required=True),
        Field("expires", Date(), "The last day on which it holds, such as 2027-01-31.", required=True),
    ),
)

CHECKS = Record(
    "'checks'",
    (
        Field("block", _SEVERITIES, "The least severity of a finding that stops a change.", default=str(_CHECKS.block)),
        Field(
            "skip",
            ListOf(CHECK_NAME, distinct=True),
            "Checks to leave out; every verdict says so.",
            default=list(_CHECKS.skip),
        ),
        Field("discover", Flag(), "Whether test suites are looked for in the repository.", default=_CHECKS.discover),
        Field(
            "suites",
            ListOf(SUITE),
            "Commands that test something. One replaces what was found of its kind.",
            default=list(_CHECKS.suites),
        ),
        Field("sandbox", SANDBOX, "Where sandboxes are made, and how."),
        Field(
            "policies",
            ListOf(TextOr(_PATH, "path", POLICY)),
            "Organisational rules: folders here or in another repository.",
            default=list(_CHECKS.policies),
        ),
        Field("advisories", ADVISORIES, "Where vulnerabilities are looked up."),
        Field("waivers", ListOf(WAIVER), "Findings that may stay for a time.", default=list(_CHECKS.waivers)),
        Field("resilience", RESILIENCE, "Faults that are injected into the sandbox under load; none without it."),
        Field("dynamic", DYNAMIC, "Attacks on the sandbox's APIs; none without it."),
        Field("trusted-keys", MapOf(_KEY_NAME, PublicKey()), "Public keys of others whose signatures count, by name."),
        Field("cache", _CACHE, "A folder, or s3://bucket/prefix, in which a team shares verdicts."),
    ),
)
