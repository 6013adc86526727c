"""From a plan and a rendered resource back to the lines that a person wrote."""

from __future__ import annotations

import re
from collections.abc import Callable

from shoreward.app.files import Source
from shoreward.app.sandboxes.plan import plan_of, template_of
from shoreward.domain import Pipeline, Place, SpecError
from shoreward.spec.template import Template, parameter_values, read_template
from shoreward.spec.template.plain import Json, Path, listed, only

Locate = Callable[[str, str], Place | None]


def locator(content: bytes | None, file: str) -> Locate:
    """Finds logical ids and properties in a template, which is read when the first is asked for.

    What SAM makes for a resource (`HelloRole`, `HelloAliaslive`) is at that resource, and a policy of its role where it
    is written. Nothing is found in a template that cannot be read: whoever reads templates complains about it.
    """
    held: list[Template | None] = []

    def locate(resource: str, key: str) -> Place | None:
        if not held:
            held.append(_read(content, file))
        template = held[0]
        if template is None:
            return None
        names = [name for name in template.resources if resource == name or resource.startswith(name)]
        if not names:
            return None
        name = max(names, key=len)
        steps = tuple(int(step) if step.isdigit() else step for step in key.split(".") if step)
        if name == resource and steps:
            return template.place_of(name, *steps, key=True)
        if resource == f"{name}Role" and steps[:1] == ("Policies",) and template.property(name, "Policies"):
            return template.place_of(name, *steps, *_template_of(template.property(name, "Policies"), steps), key=True)
        return template.place("Resources", name)

    return locate


def _template_of(policies: Json, steps: Path) -> Path:
    """From one of SAM's policy templates on to its parameter, if it has one."""
    number = steps[1] if len(steps) > 1 else None
    several = listed(policies)
    name, given = only(several[number] if isinstance(number, int) and number < len(several) else None)
    parameter, _ = only(given)
    return (name, parameter) if parameter and name.endswith("Policy") else ()


def check_plan(source: Source, commit: str, pipeline: Pipeline) -> None:
    """See that a plan's parameters fit the template of a commit.

    Raises:
        SpecError: PARAMETER_UNKNOWN, PARAMETER_MISSING, PARAMETER_NOT_ALLOWED; the template cannot be read.
        Refused: SANDBOX_NOT_PLANNED.
    """
    file = template_of(pipeline)
    template = read_template((source.read(commit, file) or b"").decode(), file)
    parameter_values(template, [("the sandbox", dict(plan_of(pipeline).target.parameters))])


def _read(content: bytes | None, file: str) -> Template | None:
    try:
        return read_template((content or b"").decode(), file)
    except (SpecError, UnicodeDecodeError):
        return None


def placed(error: SpecError, content: bytes | None) -> SpecError:
    """An error about a template with the line of the first resource that it names; the same error for none.

    Args:
        content: the template.
    """
    if not isinstance(error.where, Place) or error.where.line is not None:
        return error
    locate = locator(content, error.where.file)
    places = (locate(word, "") for word in re.findall(r"\b[A-Z][A-Za-z0-9]+\b", error.what))
    where = next((place for place in places if place is not None), error.where)
    return SpecError(error.code, error.what, where=where, next=error.next)
