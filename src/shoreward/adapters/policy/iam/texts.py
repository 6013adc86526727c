"""What a value of a template may read once CloudFormation has filled it in: texts with names that are not known yet.

`{"Fn::Sub": "arn:${AWS::Partition}:s3:::${Bucket}/*"}` reads `arn:${AWS::Partition}:s3:::${Bucket}/*`, and so does a
join of its parts. A value that depends on a condition reads two ways, each under its branch. What cannot be read stands
for itself and nothing else: its stars are no wildcards.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product

from shoreward.adapters.policy.iam.grants import Clause
from shoreward.domain import digest_of
from shoreward.spec.template.plain import Json, listed, mapping, only

Reading = tuple[str, frozenset[Clause]]

_VARIABLE = re.compile(r"\$\{(!?)\s*([^}]+?)\s*\}")
_NO_WILDCARDS = str.maketrans({"*": "∗", "?": "？"})  # noqa: RUF001 - looks alike to people, and is no wildcard
_MOST = 64


class Texts:
    """Reads values of one template.

    Args:
        made: the template.
        parameters: values of its parameters over all targets. Only those with a wildcard are filled in: a name tells
            people more than what it stands for.
    """

    def __init__(self, made: Mapping[str, Json], parameters: Mapping[str, tuple[str, ...]]) -> None:
        self._conditions = mapping(made.get("Conditions"))
        self._filled = {
            name: values for name, values in parameters.items() if any("*" in value or "?" in value for value in values)
        }

    def branch(self, condition: str, holds: bool) -> Clause:
        """A clause that a condition of the template holds, or not; another one after its definition changed."""
        definition = digest_of(self._expanded(condition, ()))[:12]
        return Clause("if", condition, frozenset((definition, str(holds))))

    def read(self, value: Json) -> Iterator[Reading]:
        """All that a value may read, each with the branches that it stands under; nothing for AWS::NoValue."""
        if isinstance(value, str):
            yield value, frozenset()
            return
        key, argument = only(value)
        if key == "Ref" and isinstance(argument, str):
            texts = self._filled.get(argument, (f"${{{argument}}}",))
            yield from ((text, frozenset[Clause]()) for text in texts if argument != "AWS::NoValue")
        elif key == "Fn::Sub":
            yield from self._substituted(*_template_of(argument))
        elif key == "Fn::GetAtt":
            yield f"${{{argument if isinstance(argument, str) else '.'.join(map(str, argument))}}}", frozenset()
        else:
            yield from self._seldom(key, argument, value)

    def _seldom(self, key: str, argument: Json, value: Json) -> Iterator[Reading]:
        match key, argument:
            case "Fn::Join", [str(between), parts] if isinstance(parts, list):
                yield from _together(between, [list(self.read(part)) for part in listed(parts)])
            case "Fn::If", [str(condition), yes, no]:
                for branch, holds in ((yes, True), (no, False)):
                    under = self.branch(condition, holds)
                    yield from ((text, clauses | {under}) for text, clauses in self.read(branch))
            case _:
                yield _plain(value), frozenset()

    def _substituted(self, text: str, variables: dict[str, Json]) -> Iterator[Reading]:
        if not variables and not self._filled and "${!" not in text:
            yield text, frozenset()
            return
        parts: list[list[Reading]] = []
        at = 0
        for found in _VARIABLE.finditer(text):
            parts.append([(text[at : found.start()], frozenset())])
            literal, name = found[1], found[2]
            if literal:
                parts.append([(f"${{{name}}}".translate(_NO_WILDCARDS), frozenset())])
            elif name in variables:
                parts.append(list(self.read(variables[name])))
            else:
                filled = self._filled.get(name, (f"${{{name}}}",))
                parts.append([(one, frozenset()) for one in filled])
            at = found.end()
        parts.append([(text[at:], frozenset())])
        yield from _together("", parts)

    def _expanded(self, condition: str, inside: tuple[str, ...]) -> Json:
        """A condition's definition with those that it names in their places."""

        def expand(value: Json) -> Json:
            key, name = only(value)
            if key == "Condition" and isinstance(name, str) and name not in inside:
                return self._expanded(name, (*inside, condition))
            if isinstance(value, list):
                return [expand(inner) for inner in listed(value)]
            return {key: expand(inner) for key, inner in mapping(value).items()} if mapping(value) else value

        return expand(self._conditions.get(condition))


def _template_of(argument: Json) -> tuple[str, dict[str, Json]]:
    """Text and variables of an Fn::Sub."""
    found = listed(argument)
    return (str(found[0]), mapping(found[1])) if len(found) == 2 else (str(argument), {})


def _plain(value: Json) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            return f"${{{json.dumps(value, sort_keys=True)}}}".translate(_NO_WILDCARDS)


def _together(between: str, parts: list[list[Reading]]) -> Iterator[Reading]:
    for index, chosen in enumerate(product(*(part for part in parts if part))):
        if index == _MOST:  # branches multiply; nobody writes so many, and a grant that is missed would be silent
            yield "*", frozenset()
            return
        yield between.join(text for text, _ in chosen), frozenset[Clause]().union(*(clauses for _, clauses in chosen))
