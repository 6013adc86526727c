"""The check `template`: what cfn-lint finds, on the lines that people wrote.

It looks at what CloudFormation gets, where SAM's properties have their real names and what SAM makes is there, too;
what is wrong with SAM's own properties was refused when the template was rendered. Places are found by path.
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
from shoreward.adapters.policy.pointed import place_of
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Place, Severity, SpecError
from shoreward.spec.template import Template
from shoreward.spec.template.plain import Json, listed, mapping
from shoreward.spec.template.references import references
from shoreward.spec.yaml import read_yaml

_FOLDERS = ("append_rules", "registry_schemas")
_FILES = ("custom_rules", "override_spec")
_LEVELS = {"error": Severity.HIGH, "warning": Severity.LOW, "informational": Severity.NOTE}
_STYLE = ("W1020", "W3005", "W8003")
"""What SAM is not blamed for: it writes as it likes."""
_UNUSED = {"W2001": "value", "W7001": "mapping", "W8001": "condition"}
"""What is unused may have been used while SAM's transform ran; kinds of references that would show it."""


def lint(template: Template, made: Mapping[str, Json], materials: Materials, hand: Hand, running: Running) -> Report:
    """Look at a template.

    Args:
        template: as it is written.
        made: the translated one.

    Raises:
        SpecError: CFN_LINT_SETTINGS.
        Terminal: POLICY_ENGINE_FAILED.
    """
    running.say("looking at the template")
    targets = materials.pipeline.targets
    files = settings_files(materials)
    asked = {
        "template": json.dumps(made),
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
    findings = [
        *_strangers(answer["strangers"], template),
        *_findings(answer["found"], template, Origins(template, dict(made))),
    ]
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


def _findings(found: Sequence[Mapping[str, Any]], template: Template, origins: Origins) -> Iterator[Finding]:
    used = {(one.to, one.name) for one in references(template.value)} if template.sam else set[tuple[str, str]]()
    seen: set[tuple[str, Place, str]] = set()
    for match in found:
        rule, path, what = str(match["rule"]), tuple(match["path"]), str(match["message"])
        place = place_of(origins, template, path, what)
        name = str(path[1]) if len(path) > 1 else ""
        subject = origins.subject(name) if path[:1] == ("Resources",) and name else name
        blameless = template.sam and (rule.startswith(_STYLE) or (_UNUSED.get(rule), name) in used)
        if blameless or (rule, place, what) in seen or rule.startswith(_ignored(template, subject)):
            continue
        seen.add((rule, place, what))
        if match["level"] not in _LEVELS:
            raise engine_failed("cfn-lint", f"it knows a level {match['level']!r}.")
        yield Finding(
            rule=rule,
            # A value that a target really has will be refused there, whatever cfn-lint thinks of values in general.
            severity=Severity.HIGH if match["parameters"] else _LEVELS[match["level"]],
            what=_sentence(what, subject),
            why=f"{str(match['about']).rstrip('.')}.",
            fix="Mend it, or name the rule under ignore_checks in .cfnlintrc.",
            where=place,
            subject=subject,
            details=(("url", str(match["url"])),) if match["url"] else (),
        )


def _ignored(template: Template, subject: str) -> tuple[str, ...]:
    """Beginnings of rules that a resource's own metadata switches off, for all that SAM makes of it, too."""
    config: Json = mapping(template.resources.get(subject)).get("Metadata")
    for key in ("cfn-lint", "config", "ignore_checks"):
        config = mapping(config).get(key)
    return tuple(map(str, listed(config)))


def _sentence(message: str, subject: str) -> str:
    """The message with its endless lists cut."""
    short = message if len(message) <= 300 else f"{message[:300].rsplit(', ', 1)[0]} ..."
    text = short if subject in short else f"{subject}: {short}"
    return text if text.endswith(".") else f"{text}."
