"""From a template that a person wrote to the one that is deployed.

The order matters: locations of built code come first, because SAM names versions and layers after them; then the
alias that every release shifts; then SAM; then the names of versions; then the checks that need the whole.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import cast

from shoreward.spec.template.assets import CODE, is_local, s3_location
from shoreward.spec.template.checks import check_cycles, check_limits, check_names, check_references
from shoreward.spec.template.document import FUNCTION, Template
from shoreward.spec.template.files import Read, bring_in_files
from shoreward.spec.template.machines import check_machines
from shoreward.spec.template.mappings import check_mappings
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.template.pointing import point_callers
from shoreward.spec.template.translated import Memory, filled, refuse, stand_ins, translated
from shoreward.spec.template.values import Asset, Note, Rendered
from shoreward.spec.template.versions import aliases, name_versions

ALIAS = "live"
"""Name of the alias that a function gets when its template names none."""


def render(
    template: Template,
    values: Values,
    assets: Sequence[Asset],
    digests: Mapping[str, str],
    read: Read,
    memory: Memory | None = None,
    regions: Collection[str] = (),
) -> Rendered:
    """Render a template whose code has been built.

    Args:
        values: parameters over all targets, from `parameter_values`.
        assets: what was built, from `find_assets`.
        digests: sha256 of the zip of each asset, by its logical id.
        read: gives files that the template brings in.
        memory: remembers what SAM made of the template.
        regions: of all targets.

    Raises:
        SpecError: see docs/errors.md under TEMPLATE; `SpecErrors` when several things are wrong.
    """
    refuse(list(check_names(template, values)))
    value = copy.deepcopy(template.value)
    brought = bring_in_files(template, value, read)
    refuse([*check_machines(template, value, brought), *check_mappings(template, values, regions)])
    codes = stand_ins(assets, digests) if template.sam else digests
    for asset in assets:
        resource = value["Resources"][asset.logical_id]
        properties = cast("dict[str, Json]", resource.setdefault("Properties", {}))
        properties[CODE[resource["Type"]]] = s3_location(resource["Type"], codes[asset.logical_id])
    notes = [*_outside(template), *_prepare_aliases(template, value)]
    made = filled(translated(template, value, values.shared, memory), digests) if template.sam else value
    added = {note.resource for note in notes if note.code == "ALIAS_ADDED" and note.resource}
    notes += point_callers(template, made, aliases(made), added)
    if template.sam:
        made = name_versions(template, made, values)
    refuse([*check_references(template, made), *check_cycles(template, made), *check_limits(template, made)])
    functions = aliases(made)
    notes += _unsplit(template, made, {function.logical_id for function in functions})
    return Rendered(template=made, functions=functions, assets=tuple(assets), notes=tuple(notes))


def _prepare_aliases(template: Template, value: dict[str, Json]) -> Iterator[Note]:
    shared = mapping(mapping(value.get("Globals")).get("Function"))
    shared.pop("DeploymentPreference", None)
    for name, _ in template.of_type(FUNCTION):
        properties = cast("dict[str, Json]", value["Resources"][name].setdefault("Properties", {}))
        where = template.place("Resources", name)
        if template.property(name, "AutoPublishAlias") is None:
            properties["AutoPublishAlias"] = ALIAS
            yield Note(code="ALIAS_ADDED", text=f"{name} gets the alias '{ALIAS}'.", resource=name, where=where)
            if template.property(name, "FunctionUrlConfig") is not None:
                text = f"The function URL of {name} moves to its alias: a stack that exists gets a new address for it."
                yield Note(code="FUNCTION_URL_MOVES", text=text, resource=name, where=where)
        preference = template.property(name, "DeploymentPreference")
        properties.pop("DeploymentPreference", None)
        if preference is not None and mapping(preference).get("Enabled") is not False:
            text = f"CodeDeploy's DeploymentPreference of {name} is left out: the release shifts its traffic instead."
            place = template.place_of(name, "DeploymentPreference", key=True)
            yield Note(code="CODEDEPLOY_REPLACED", text=text, resource=name, where=place)
        if properties.pop("AutoPublishCodeSha256", None) is not None:
            text = f"AutoPublishCodeSha256 of {name} is left out: a version follows all that it holds."
            place = template.place_of(name, "AutoPublishCodeSha256", key=True)
            yield Note(code="CODE_SHA_REPLACED", text=text, resource=name, where=place)


def _outside(template: Template) -> Iterator[Note]:
    for name, resource in template.of_type(*CODE):
        location = template.property(name, key := CODE[resource["Type"]])
        if location is None or is_local(location) or "ZipFile" in mapping(location) or "Ref" in mapping(location):
            continue
        text = f"{name} takes its code from outside of the repository; the revision does not hold it."
        yield Note(code="CODE_NOT_HELD", text=text, resource=name, where=template.place_of(name, key, key=True))


def _unsplit(template: Template, made: dict[str, Json], split: set[str]) -> Iterator[Note]:
    for name, resource in cast("dict[str, dict[str, Json]]", made["Resources"]).items():
        if resource["Type"] == "AWS::Lambda::Function" and name not in split:
            where = template.place("Resources", name) if name in template.resources else None
            text = f"{name} has no alias to shift: it changes all at once."
            yield Note(code="NOT_SPLIT", text=text, resource=name, where=where)
        elif name in split and not (name in template.resources and template.sam_resource(name)):
            where = template.place("Resources", name) if name in template.resources else None
            text = f"{name} publishes only when the template gives its version another logical id."
            yield Note(code="VERSION_BY_TEMPLATE", text=text, resource=name, where=where)
