"""The check `template`: what cfn-lint finds, on the lines that people wrote.

A SAM template is looked at twice: as it is written (SAM's own properties, parameters that nobody uses), and as
CloudFormation gets it (all else, and what SAM makes). What both find is told once. Places are found by path, since
cfn-lint's own lines follow Globals to wherever they were merged.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoreward.adapters.policy.checks import SETTINGS
from shoreward.adapters.policy.errors import engine_failed
from shoreward.adapters.policy.hands import Hand
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.plain import Json, listed
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.wording import counted
from shoreward.domain import Finding, Place, Severity, SpecError
from shoreward.spec.template import Template
from shoreward.spec.yaml import read_yaml

_FOLDERS = ("append_rules", "registry_schemas")
_FILES = ("custom_rules", "override_spec")
_LEVELS = {"error": Severity.HIGH, "warning": Severity.LOW, "informational": Severity.NOTE}
_STYLE = ("W1020", "W2001", "W3005", "W7001", "W8001", "W8003", "I")
"""What only the template that a person wrote can be blamed for: SAM leaves parameters unused and writes as it likes."""


def lint(
    template: Template, text: str, made: Mapping[str, Json], materials: Materials, hand: Hand, running: Running
) -> Report:
    """Look at a template.

    Args:
        text: the template as it is written.
        made: the translated one.

    Raises:
        SpecError: CFN_LINT_SETTINGS.
        Terminal: POLICY_ENGINE_FAILED.
    """
    running.say("looking at the template")
    targets = materials.pipeline.targets
    files = settings_files(materials)
    asked = {
        "templates": [text, json.dumps(made)] if template.sam else [text],
        "regions": sorted({target.region for target in targets}),
        "parameters": _parameters(materials),
        "files": files,
    }
    answer = hand.ask(asked, running.stop)
    if len(files) > 1:
        hand.close()  # rules and schemas of one commit must not be there for the next
    if answer["config"]:
        where = Place(file=next(iter(files), template.file))
        raise SpecError("CFN_LINT_SETTINGS", f"cfn-lint refuses its settings: {answer['config']}.", where=where)
    findings = [*_strangers(answer["strangers"], template), *_findings(answer["found"], Origins(template, dict(made)))]
    resources = counted(len(template.resources), "resource")
    return Report(findings=tuple(findings), summary=f"{resources}, {counted(len(asked['regions']), 'region')}")


def settings_files(materials: Materials) -> dict[str, str]:
    """`.cfnlintrc` of the commit, and the files that it names, by their paths."""
    for name in SETTINGS:
        content = materials.source.read(materials.commit, name)
        if content is None:
            continue
        try:
            text = content.decode()
            document = read_yaml(text, name, intrinsics=False) if text.strip() else None
        except UnicodeDecodeError as error:
            raise SpecError("CFN_LINT_SETTINGS", "The file is not UTF-8 text.", where=Place(file=name)) from error
        value: dict[str, Json] = document.value if document else {}
        named = [str(path) for key in _FOLDERS for path in listed(value.get(key))]
        named += [str(value[key]) for key in _FILES if value.get(key)]
        return {name: text} | dict(_below(materials, [posixpath.normpath(path) for path in named]))
    return {}


def _below(materials: Materials, paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        if path.startswith(("..", "/")):
            what = f"cfn-lint's settings name {path}, which is not in the repository."
            raise SpecError("CFN_LINT_SETTINGS", what, where=Place(file=SETTINGS[0]), next="Move it in.")
        for entry in materials.source.entries(materials.commit, "" if path == "." else path):
            if entry.kind in ("file", "executable"):
                content = materials.source.read(materials.commit, entry.path) or b""
                yield entry.path, content.decode(errors="replace")


def _parameters(materials: Materials) -> list[tuple[str, dict[str, str]]]:
    """Each set of parameters that some target has, under that target's name."""
    sets = {target.parameters: target.key for target in reversed(materials.pipeline.targets)}
    return [(key, dict(values)) for values, key in sets.items() if values]


def _strangers(regions: Sequence[str], template: Template) -> Iterator[Finding]:
    for region in regions:
        yield Finding(
            rule="REGION_UNKNOWN",
            severity=Severity.NOTE,
            what=f"cfn-lint does not know the region {region}: what there is in it was not looked at.",
            fix="Install a newer cfn-lint.",
            where=Place(file=template.file),
            subject=region,
        )


def _findings(found: Sequence[Mapping[str, Any]], origins: Origins) -> Iterator[Finding]:
    seen: set[tuple[str, Place]] = set()
    for match in found:
        translated = match["template"] == 1
        rule, path = str(match["rule"]), tuple(match["path"])
        place = _translated(origins, path) if translated else origins.written(path)
        if (translated and rule.startswith(_STYLE)) or (rule, place) in seen:
            continue
        seen.add((rule, place))
        if match["level"] not in _LEVELS:
            raise engine_failed("cfn-lint", f"it knows a level {match['level']!r}.")
        subject = str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""
        yield Finding(
            rule=rule,
            # A value that a target really has will be refused there, whatever cfn-lint thinks of values in general.
            severity=Severity.HIGH if match["parameters"] else _LEVELS[match["level"]],
            what=_sentence(str(match["message"]), origins.subject(subject) if subject else ""),
            why=f"{str(match['about']).rstrip('.')}.",
            fix="Mend it, or name the rule under ignore_checks in .cfnlintrc.",
            where=place,
            subject=origins.subject(subject) if translated and subject else subject,
            details=(("url", str(match["url"])),) if match["url"] else (),
        )


def _translated(origins: Origins, path: Sequence[str | int]) -> Place:
    match path:
        case ("Resources", str(name), *rest):
            return origins.place(name, rest)
        case _:
            return origins.written(path)


def _sentence(message: str, subject: str) -> str:
    """The message with its endless lists cut."""
    short = message if len(message) <= 300 else f"{message[:300].rsplit(', ', 1)[0]} ..."
    text = short if subject in short else f"{subject}: {short}"
    return text if text.endswith(".") else f"{text}."
