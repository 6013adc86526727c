"""The local code that a template's functions and layers are made of, and where it is to be replaced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from shoreward.domain import BUCKET, SpecError, SpecErrors
from shoreward.spec.template.document import FUNCTION, Template
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.template.values import Asset

LAYER = "AWS::Serverless::LayerVersion"
CODE = {
    FUNCTION: "CodeUri",
    "AWS::Lambda::Function": "Code",
    LAYER: "ContentUri",
    "AWS::Lambda::LayerVersion": "Content",
}
"""Types whose code is built, and the property that names it."""

_NESTED = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}
_UNBUILT = {
    "AWS::Serverless::WebFunction": "CodeUri",
    "AWS::Serverless::MicroVMImage": "CodeUri",
    "AWS::CloudFormation::ModuleVersion": "ModulePackage",
    "AWS::CloudFormation::ResourceVersion": "SchemaHandlerPackage",
    "AWS::ElasticBeanstalk::ApplicationVersion": "SourceBundle",
    "AWS::Lambda::MicroVMImage": "Code",
}
_ARCHITECTURES = ("x86_64", "arm64")


def is_local(value: Json) -> bool:
    """Whether a location names a file or folder beside the template."""
    return isinstance(value, str) and "://" not in value and not value.startswith("arn:")


def s3_location(type: str, digest: str) -> dict[str, str]:
    """What takes the place of local code in a resource of this type."""
    prefix = "S3" if type.startswith("AWS::Lambda::") else ""
    return {f"{prefix}Bucket": BUCKET, f"{prefix}Key": f"{digest}.zip"}


def find_assets(template: Template, values: Values) -> tuple[Asset, ...]:
    """Local code that must be built before the template can be rendered, in the template's order.

    Raises:
        SpecError: IMAGE_PACKAGE_UNSUPPORTED, NESTED_STACK_UNSUPPORTED, ASSET_UNSUPPORTED, CODE_OUTSIDE,
            CODE_MISSING, BUILD_UNDECIDED; `SpecErrors` when there are several.
    """
    found: list[Asset] = []
    errors: list[SpecError] = [*_unsupported(template)]
    for name, resource in template.of_type(*CODE):
        try:
            if asset := _asset(template, values, name, resource):
                found.append(asset)
        except SpecError as error:
            errors.append(error)
    if errors:
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
    return tuple(found)


def _asset(template: Template, values: Values, name: str, resource: dict[str, Json]) -> Asset | None:
    kind = resource["Type"]
    function = kind in (FUNCTION, "AWS::Lambda::Function")
    location = values.resolve(template.property(name, CODE[kind]))
    where = template.place_of(name, CODE[kind])
    if function and template.property(name, "PackageType") == "Image":
        return _image(template, name)
    if location is None and kind == FUNCTION:
        if template.property(name, "InlineCode") is not None:
            return None
        location = "."  # SAM's default, though its reference does not say so: the template's own folder
    if location is None:
        what = f"{name} does not say where its code is."
        raise SpecError("CODE_MISSING", what, where=where, next=f"Give it a {CODE[kind]}.")
    if not is_local(location):
        return None
    source = template.beside(cast("str", location))
    if source.startswith(("..", "/")):
        what = f"{CODE[kind]} of {name} leads outside of the repository: {location}."
        advice = "A revision is made of one commit: move the code into the repository."
        raise SpecError("CODE_OUTSIDE", what, where=where, next=advice)
    metadata = mapping(resource.get("Metadata"))
    return Asset(
        logical_id=name,
        kind="function" if function else "layer",
        source=source,
        runtime=_text(template, values, name, "Runtime") if function else _layer_runtime(template, name),
        handler=_text(template, values, name, "Handler") if function else "",
        architecture=_architecture(template, values, name, metadata, function),
        method="skip" if metadata.get("SkipBuild") is True else str(metadata.get("BuildMethod") or ""),
        properties=mapping(metadata.get("BuildProperties")),
        layered=bool(template.property(name, "Layers")) if function else False,
        where=where,
        handler_where=template.place_of(name, "Handler"),
    )


def _text(template: Template, values: Values, name: str, key: str) -> str:
    value = values.resolve(template.property(name, key))
    if isinstance(value, str) and value:
        return value
    what = f"{name} has no {key}." if value is None else f"{key} of {name} is not known while building."
    advice = f"Write the {key} out, or refer to a parameter that has the same value on all targets."
    raise SpecError("BUILD_UNDECIDED", what, where=template.place_of(name, key), next=advice)


def _architecture(template: Template, values: Values, name: str, metadata: dict[str, Json], function: bool) -> str:
    key = "Architectures" if function else "CompatibleArchitectures"
    given = template.property(name, key)
    listed = cast("list[Json]", given) if isinstance(given, list) else [given]
    chosen = metadata.get("BuildArchitecture") or (values.resolve(listed[0]) if listed else None) or "x86_64"
    if chosen not in _ARCHITECTURES:
        what = f"{key} of {name} must be one of {' or '.join(_ARCHITECTURES)}, not {chosen!r}."
        advice = "Write it out, or refer to a parameter that has the same value on all targets."
        raise SpecError("BUILD_UNDECIDED", what, where=template.place_of(name, key), next=advice)
    return str(chosen)


def _layer_runtime(template: Template, name: str) -> str:
    runtimes = template.property(name, "CompatibleRuntimes")
    first = cast("list[Json]", runtimes)[0] if isinstance(runtimes, list) and runtimes else ""
    return first if isinstance(first, str) else ""


def _image(template: Template, name: str) -> None:
    if not isinstance(uri := template.property(name, "ImageUri"), str) or is_local(uri) or template.sam:
        what = f"{name} is a container image; only functions that are packaged as zip files can be released."
        advice = "Package it as a zip (PackageType: Zip), or leave it out of this template."
        where = template.place_of(name, "PackageType")
        raise SpecError("IMAGE_PACKAGE_UNSUPPORTED", what, where=where, next=advice)


def _unsupported(template: Template) -> Iterator[SpecError]:
    for name, resource in template.resources.items():
        kind = resource["Type"]
        nested = _NESTED.get(kind, "")
        if nested and (template.sam_resource(name) or is_local(template.property(name, nested))):
            what = f"{name} is a nested stack; a revision holds one template."
            advice = "Deploy it as an application of its own, or bring its resources into this template."
            where = template.place_of(name, nested)
            yield SpecError("NESTED_STACK_UNSUPPORTED", what, where=where, next=advice)
        key = _UNBUILT.get(kind, "")
        if key and is_local(template.property(name, key)):
            what = f"{key} of {name} is a local path, which cannot be packaged for {kind}."
            advice = "Upload it yourself and give its address in S3."
            yield SpecError("ASSET_UNSUPPORTED", what, where=template.place_of(name, key), next=advice)
