"""What the checks `template` and `policies` do when they look."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from shoreward.adapters.policy.deployments import Deployment, deployments
from shoreward.adapters.policy.fetching import Fetching
from shoreward.adapters.policy.hands import Hand
from shoreward.adapters.policy.iam import deployed_iam_findings
from shoreward.adapters.policy.judged import findings_of, rules_in
from shoreward.adapters.policy.linted import lint
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.rendering import rendered_template
from shoreward.adapters.policy.replaced import stateful_findings
from shoreward.adapters.policy.rulebook import Gathered, asked_of, gather
from shoreward.adapters.policy.runtimes import runtime_findings
from shoreward.app.checking import Materials, Report, Running
from shoreward.app.files import Source
from shoreward.app.ports import Blobs
from shoreward.app.words.wording import counted
from shoreward.domain import Finding, Pipeline, Place, PolicySource, Severity, SpecError
from shoreward.spec.template import Memory, Template, read_template
from shoreward.spec.template.plain import Json, mapping

UNCOMPARED = "BASE_UNREADABLE"
_TEMPLATES = (".json", ".template", ".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the policies are judged with; see `checks.policy_checks`."""

    policies: tuple[PolicySource, ...]
    fetching: Fetching
    blobs: Blobs
    hand: Hand
    stateful: frozenset[str]
    pipeline_at: Callable[[str], Pipeline]
    memory: Memory | None
    today: date


def look_at_template(materials: Materials, running: Running, blobs: Blobs, hand: Hand) -> Report:
    """cfn-lint on the template; see `linted`."""
    template, made = _read(materials, blobs)
    report = lint(template, made, materials, hand, running)
    return _report(list(report.findings), report.summary)


def look_at_policies(materials: Materials, running: Running, setting: Setting) -> Report:
    """All rules on the translated template.

    Raises:
        UserError: POLICY_UNREADABLE, POLICY_BROKEN, POLICY_EMPTY, POLICY_REF_UNKNOWN.
        Terminal: POLICY_ENGINE_FAILED, POLICY_ENGINE_MISSING.
        Retryable: POLICY_SOURCE_UNREACHABLE, POLICY_STOPPED.
    """
    template, made = _read(materials, setting.blobs)
    running.say("gathering rules")
    sources = gather(materials, setting.policies, setting.fetching)
    origins = Origins(template, made)
    running.say("asking the rules")
    parameters = _parameters(materials)
    asked = {"files": asked_of(sources), "template": json.dumps(made, sort_keys=True), "parameters": parameters}
    answer = setting.hand.ask(asked, running.stop)
    base, compared, doubt = _base(materials, setting)
    findings = [
        *findings_of(answer, sources, origins, made),
        *doubt,
        *deployed_iam_findings(made, base, origins, parameters=_values(parameters), deployments=compared),
        *stateful_findings(
            made,
            base,
            origins,
            stateful=setting.stateful,
            allowed=materials.pipeline.allow_replacement,
            deployments=compared,
        ),
        *runtime_findings(made, origins, setting.today),
    ]
    resources, rules = len(mapping(made["Resources"])), rules_in(answer)
    compared = f", compared with {materials.base[:10]}" if materials.base and base is not None else ""
    return _report(
        findings,
        f"{counted(rules, 'rule')} on {counted(resources, 'resource')}{compared}{_pins(sources)}",
        measures=(("rules", float(rules)), ("resources", float(resources))),
        lasting=not any(file.changing for source in sources for file in source.files),
    )


def _report(
    findings: list[Finding], summary: str, *, measures: tuple[tuple[str, float], ...] = (), lasting: bool = True
) -> Report:
    ordered = tuple(sorted(dict.fromkeys(findings), key=_order))
    return Report(findings=ordered, summary=summary, measures=measures, lasting=lasting)


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    where = finding.where or Place(file="")
    return where.file, where.line or 0, where.column or 0, finding.rule, finding.subject, finding.what


def _pins(sources: tuple[Gathered, ...]) -> str:
    """The commits of other repositories whose rules were asked."""
    others = [source.about for source in sources if source.source and source.source.repository]
    return f"; {', '.join(others)}" if others else ""


def _read(materials: Materials, blobs: Blobs) -> tuple[Template, dict[str, Json]]:
    """The template as it is written, and as CloudFormation gets it."""
    product = json.loads(materials.products["build"])
    made: dict[str, Json] = json.loads(blobs.get(product["template"]))
    file = materials.pipeline.template
    content = materials.source.read(materials.commit, file)
    if content is None:
        raise SpecError("TEMPLATE_MISSING", f"The commit has no template {file}.", where=Place(file=file))
    return read_template(content.decode(), file), made


def _parameters(materials: Materials) -> list[dict[str, str]]:
    """Each set of parameters that some target has."""
    return [dict(values) for values in dict.fromkeys(target.parameters for target in materials.pipeline.targets)]


def _values(parameters: list[dict[str, str]]) -> dict[str, tuple[str, ...]]:
    """All values of each parameter."""
    names = {name for values in parameters for name in values}
    return {name: tuple(sorted({values[name] for values in parameters if name in values})) for name in sorted(names)}


def _base(
    materials: Materials, setting: Setting
) -> tuple[Mapping[str, Json] | None, tuple[Deployment, ...], list[Finding]]:
    """The translated template to compare with, if there is one, and where; what is to be said when it is unreadable."""
    if materials.base is None:
        return None, (), []
    try:
        before = _pipeline_before(materials, materials.base, setting)
        compared = deployments(before, materials.pipeline)
        return rendered_template(materials.source, before, materials.base, setting.memory), compared, []
    except SpecError as error:
        if error.code == "TEMPLATE_MISSING" and not _has_template(materials.source, materials.base):
            return None, (), []  # a new application
        finding = Finding(
            rule=UNCOMPARED,
            severity=Severity.MEDIUM,
            what=f"The template of {materials.base[:10]} cannot be read, so nothing was compared with it: {error.what}",
            why="Rights may have become broader, and stateful resources may be replaced or removed.",
            fix="Look at the difference yourself, and waive this finding with what you saw.",
            where=Place(file=materials.pipeline.template, line=1),
        )
        return None, (), [finding]


def _pipeline_before(materials: Materials, base: str, setting: Setting) -> Pipeline:
    """The base's own pipeline: its template, targets and parameters; today's where it had none yet."""
    try:
        return setting.pipeline_at(base)
    except SpecError as error:
        if error.code != "SPEC_FILE_MISSING":
            raise
        return materials.pipeline


def _has_template(source: Source, commit: str) -> bool:
    """Whether a commit has anything that looks like a template: then it is not the application's first."""
    paths = (entry.path for entry in source.entries(commit) if entry.path.endswith(_TEMPLATES))
    return any(
        b"AWS::" in content and b"Resources" in content for path in paths if (content := source.read(commit, path))
    )
