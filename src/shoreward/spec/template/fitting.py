"""Whether what is built for production fits a target that was not built for: a sandbox.

The artifacts that were tested are the ones that are deployed, so there is one build. A sandbox whose own parameters
choose another runtime, architecture, handler or code would run what nobody built for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from shoreward.domain import Place, SpecError, Target
from shoreward.spec.template.assets import CODE
from shoreward.spec.template.document import Template
from shoreward.spec.template.parameters import Values
from shoreward.spec.template.plain import Json, as_text, mapping, only, several

_DECIDING = ("Runtime", "Handler", "Architectures", "CompatibleArchitectures", "CompatibleRuntimes")


def misfits(template: Template, values: Values, sandbox: Target, where: Place | None) -> Iterator[SpecError]:
    """BUILD_DIFFERS for each property that decides how code is built and has another value in sandboxes.

    Args:
        values: of the parameters over production's targets.
        where: the place in shoreward.yaml that plans the sandbox.
    """
    given = dict(sandbox.parameters)
    declared = mapping(template.value.get("Parameters"))
    for name, resource in template.of_type(*CODE):
        for key in (*_DECIDING, CODE[resource["Type"]]):
            for parameter in _parameters(template.property(name, key)):
                there = values.shared.get(parameter)
                default = mapping(declared.get(parameter)).get("Default")
                here = given.get(parameter, as_text(default) if default is not None else there)
                if there is not None and here != there:
                    what = f"{key} of {name} is {there!r} in production and {here!r} in sandboxes ({parameter})."
                    advice = "Code is built once, for production: give the sandbox the same value, or leave it out."
                    place = where or template.place_of(name, key)
                    yield SpecError("BUILD_DIFFERS", what, where=place, next=advice)


def _parameters(value: Json) -> Iterator[str]:
    """Parameters that a value refers to, as far as building takes them for an answer."""
    for one in several(value):
        key, name = only(one)
        if key == "Ref" and isinstance(name, str):
            yield name
