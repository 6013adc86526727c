"""A commit's template as CloudFormation would get it, without building any code.

What is compared with a base is rights and stateful resources, and neither depends on what the code is: every artifact
stands for the same zip.
"""

from __future__ import annotations

from collections.abc import Mapping

from shoreward.app.files import Source
from shoreward.domain import Pipeline, Place, SpecError
from shoreward.spec.template import Memory, find_assets, parameter_values, read_template, render
from shoreward.spec.template.plain import Json, listed, mapping

_ANY = "0" * 64


def rendered_template(source: Source, pipeline: Pipeline, commit: str, memory: Memory | None = None) -> dict[str, Json]:
    """The translated template of a commit, with the pipeline's parameters as far as it declares them.

    Args:
        memory: see `render`.

    Raises:
        SpecError: TEMPLATE_MISSING, and what else is wrong with it.
    """
    content = source.read(commit, pipeline.template)
    if content is None:
        what = f"The commit {commit[:10]} has no template {pipeline.template}."
        raise SpecError("TEMPLATE_MISSING", what, where=Place(file=pipeline.template))
    try:
        template = read_template(content.decode(), pipeline.template)
    except UnicodeDecodeError as error:
        where = Place(file=pipeline.template)
        raise SpecError("TEMPLATE_INVALID", "The template is not UTF-8 text.", where=where) from error
    declared = {name: mapping(found) for name, found in mapping(template.value.get("Parameters")).items()}
    targets = [(target.key, _values(declared, dict(target.parameters))) for target in pipeline.targets]
    values = parameter_values(template, targets, made_up=True)
    assets = find_assets(template, values)
    digests = {asset.logical_id: _ANY for asset in assets}
    return render(template, values, assets, digests, lambda path: source.read(commit, path), memory).template


def _values(declared: Mapping[str, Mapping[str, Json]], given: Mapping[str, str]) -> dict[str, str]:
    """A target's values as far as another commit's template takes them; what it needs beyond is made up."""
    values: dict[str, str] = {}
    for name, found in declared.items():
        allowed = [str(value) for value in listed(found.get("AllowedValues"))]
        if name in given and (not allowed or given[name] in allowed):
            values[name] = given[name]
        elif "Default" not in found:
            values[name] = allowed[0] if allowed else name
    return values
