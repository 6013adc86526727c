"""A template as a person wrote it: checked in its outline, with places and the values that hold after Globals."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from shoreward.domain import Place, SpecError, SpecErrors
from shoreward.spec._words import did_you_mean
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.yaml import Document, read_yaml

SAM = "AWS::Serverless-2016-10-31"
FUNCTION = "AWS::Serverless::Function"
_SECTIONS = (
    "AWSTemplateFormatVersion", "Conditions", "Description", "Globals", "Hooks", "Mappings", "Metadata", "Outputs",
    "Parameters", "Resources", "Rules", "Transform",
)  # fmt: skip
_LARGEST = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template that is sound in its outline.

    Attributes:
        file: its path, relative to the repository's root.
        value: all of it, short tags in their long form; nobody changes it.
    """

    file: str
    value: dict[str, Json]
    document: Document

    @property
    def sam(self) -> bool:
        """Whether it asks for the SAM transform."""
        return "Transform" in self.value

    @property
    def resources(self) -> dict[str, dict[str, Json]]:
        """Logical id to resource."""
        return cast("dict[str, dict[str, Json]]", self.value["Resources"])

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Json]]]:
        """Logical ids and resources of some types, in the template's order."""
        return ((name, resource) for name, resource in self.resources.items() if resource["Type"] in types)

    def sam_resource(self, name: str) -> bool:
        """Whether a resource is one of SAM's, which the transform replaces."""
        return str(self.resources[name]["Type"]).startswith("AWS::Serverless::")

    def property(self, name: str, key: str) -> Json:
        """A property of a resource, or what Globals give it; None where neither does."""
        properties = mapping(self.resources[name].get("Properties"))
        return properties[key] if key in properties else self._globals(name).get(key)

    def place_of(self, name: str, *path: str | int, key: bool = False) -> Place:
        """Where a resource's property is written, in Globals if it comes from there."""
        properties = mapping(self.resources[name].get("Properties"))
        if path and path[0] not in properties and path[0] in self._globals(name):
            return self.document.place(("Globals", self._section(name), *path), key=key)
        return self.document.place(("Resources", name, "Properties", *path), key=key)

    def place(self, *path: str | int) -> Place:
        """Where the key at a path is written."""
        return self.document.place(path, key=True)

    def beside(self, path: str) -> str:
        """A path that the template names, relative to the repository's root; begins with '..' when it leads outside."""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(self.file), path))
        return "" if joined == "." else joined

    def _section(self, name: str) -> str:
        return str(self.resources[name]["Type"]).removeprefix("AWS::Serverless::")

    def _globals(self, name: str) -> dict[str, Json]:
        if not self.sam_resource(name):
            return {}
        ignored = self.resources[name].get("IgnoreGlobals", [])
        if ignored == "*":
            return {}
        section = mapping(mapping(self.value.get("Globals")).get(self._section(name)))
        return {key: value for key, value in section.items() if key not in ignored}


def read_template(text: str, file: str) -> Template:
    """Read a SAM or CloudFormation template, YAML or JSON.

    Args:
        text: the file's content.
        file: its path relative to the repository's root, as people see it in errors.

    Raises:
        SpecError: TEMPLATE_TOO_LARGE, TEMPLATE_SECTION_UNKNOWN, TEMPLATE_INVALID, TEMPLATE_TRANSFORM_UNSUPPORTED, and
            those of `read_yaml`; `SpecErrors` when several things are wrong.
    """
    if len(text.encode()) > _LARGEST:
        advice = "Split the application, or move long definitions into files of their own."
        raise SpecError("TEMPLATE_TOO_LARGE", "The template has more than 1 MB.", where=Place(file=file), next=advice)
    document = read_yaml(text, file)
    template = Template(file=file, value=document.value, document=document)
    if errors := [*_sections(template), *_transforms(template), *_resources(template)]:
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0]
    return template


def _sections(template: Template) -> Iterator[SpecError]:
    for name in template.value:
        if name not in _SECTIONS:
            what = f"A template has no section '{name}'."
            advice = did_you_mean(name, _SECTIONS)
            yield SpecError("TEMPLATE_SECTION_UNKNOWN", what, where=template.place(name), next=advice)


def _transforms(template: Template) -> Iterator[SpecError]:
    wanted = template.value.get("Transform", SAM)
    listed = cast("list[Json]", wanted if isinstance(wanted, list) else [wanted])
    for transform in listed:
        if transform != SAM:
            what = f"The transform {transform!r} runs inside AWS, so a revision could not hold what it makes."
            advice = f"Only {SAM} is rendered here; write out what the other one would make."
            yield SpecError("TEMPLATE_TRANSFORM_UNSUPPORTED", what, where=template.place("Transform"), next=advice)
    serverless = [name for name, found in mapping(template.value.get("Resources")).items()
                  if str(mapping(found).get("Type")).startswith("AWS::Serverless::")]  # fmt: skip
    if serverless and "Transform" not in template.value:
        what = f"{serverless[0]} is a SAM resource, but the template does not ask for the SAM transform."
        where = template.place("Resources", serverless[0])
        yield SpecError("TEMPLATE_INVALID", what, where=where, next=f"Add at the top: Transform: {SAM}")


def _resources(template: Template) -> Iterator[SpecError]:
    resources = template.value.get("Resources")
    if not isinstance(resources, dict) or not resources:
        where = template.document.place(("Resources",))
        yield SpecError("TEMPLATE_INVALID", "A template needs a section Resources with at least one.", where=where)
        return
    for name, resource in cast("dict[str, Json]", resources).items():
        at = template.place("Resources", name)
        if not (name.isascii() and name.isalnum()):
            advice = "Use letters and digits only."
            yield SpecError("TEMPLATE_INVALID", f"'{name}' cannot be a logical id.", where=at, next=advice)
        if not isinstance(resource, dict) or not isinstance(mapping(resource).get("Type"), str):
            yield SpecError("TEMPLATE_INVALID", f"{name} has no Type.", where=at, next="Check the indentation.")
        elif not isinstance(mapping(resource).get("Properties", {}), dict):
            place = template.place("Resources", name, "Properties")
            yield SpecError("TEMPLATE_INVALID", f"Properties of {name} are not a mapping.", where=place)
