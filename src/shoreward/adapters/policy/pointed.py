"""Where exactly cfn-lint's complaint belongs, for rules that point at all of a resource though they know better."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from shoreward.adapters.policy.origins import Origins
from shoreward.domain import Place
from shoreward.spec.template import Template
from shoreward.spec.template.plain import Json, Path, listed, mapping

_UNEXPECTED = re.compile(r"\('(\w+)' was unexpected")
_ATTRIBUTES = re.compile(r"AttributeDefinitions: \[(?P<defined>[^]]*)\] and KeySchemas: \[(?P<used>[^]]*)\]")
_QUOTED = re.compile(r"'([^']+)'")


def place_of(origins: Origins, template: Template, path: Sequence[str | int], what: str) -> Place:
    """The line of a complaint.

    Args:
        path: in the translated template, as cfn-lint gives it.
        what: cfn-lint's words.
    """
    match tuple(path):
        case ("Resources", str(name), *rest):
            if (found := _UNEXPECTED.search(what)) and found[1] not in rest[-1:]:
                rest = [*rest, found[1]]
            if found and template.document.has(("Resources", name, *rest)):
                return template.place("Resources", name, *rest)
            if attribute := _attribute(template, name, what):
                return template.document.place(attribute)
            return origins.place(name, rest)
        case steps:
            return origins.written(steps)


def _attribute(template: Template, name: str, what: str) -> Path | None:
    """Of a table the key of an attribute that is not defined, else the definition of one that no key uses."""
    found = _ATTRIBUTES.search(what)
    if found is None or name not in template.resources:
        return None
    defined, used = set(_QUOTED.findall(found["defined"])), set(_QUOTED.findall(found["used"]))
    given = mapping(template.resources[name].get("Properties"))
    definitions = ("Resources", name, "Properties", "AttributeDefinitions")
    keys = ((*definitions[:-1], key) for key in given if key != definitions[-1])
    undefined = (one for key in keys for one in _named(given[key[-1]], key, used - defined))
    unused = _named(given.get(definitions[-1]), definitions, defined - used)
    return next(chain(undefined, unused), None)


def _named(value: Json, path: Path, names: set[str]) -> Iterator[Path]:
    for step, inner in (*mapping(value).items(), *enumerate(listed(value))):
        if step == "AttributeName" and inner in names:
            yield (*path, step)
        yield from _named(inner, (*path, step), names)
