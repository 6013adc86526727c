"""SAM to CloudFormation, by AWS's own translator, in this process.

The translator was made to run inside AWS: it asks boto3 for a region and IAM for policies. Here it gets neither. It is
told a constant region, which may not show in what it makes (see `portable`), and knows AWS's managed policies from
the table that it carries; a revision is the same on every machine and for every region.
"""

# The translator carries its types in its code, but no stubs that pyright would find.
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import cast

from shoreward.domain import Place, SpecError, SpecErrors
from shoreward.spec._words import nearest
from shoreward.spec.template.blame import refused
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, Path, mapping

_REGION = "us-east-1"
_PARTITION = "arn:aws:"


class _Parameters(dict[str, Json]):
    """Parameter values that take no more: the translator would add its region, and defaults that targets override."""

    def __setitem__(self, key: str, value: Json) -> None:
        return

    def __deepcopy__(self, memo: dict[int, object]) -> _Parameters:
        return _Parameters(self)


def translate(template: Template, value: dict[str, Json], parameters: Mapping[str, str]) -> dict[str, Json]:
    """Apply the SAM transform to `value`, a prepared copy of the template's content.

    Args:
        parameters: values that may decide; references to other parameters stay references.

    Raises:
        SpecError: TEMPLATE_REFUSED with the translator's words; `SpecErrors` when there are several.
    """
    from samtranslator.metrics.method_decorator import MetricsMethodWrapperSingleton
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

    given = _Parameters(parameters)
    try:
        to_py27_compatible_template(value, cast("dict[str, Json]", given))
        translator = Translator(None, Parser(), boto_session=cast("Json", SimpleNamespace(region_name=_REGION)))
        made = translator.translate(value, parameter_values=given, get_managed_policy_map=dict[str, str])
        plain = json.loads(json.dumps(undo_mark_unicode_str_in_template(made)))
    except InvalidDocumentException as error:
        errors = [refused(template, cause.message) for cause in error.causes]
        raise SpecErrors(tuple(errors)) if len(errors) > 1 else errors[0] from error
    except ExceptionWithMessage as error:
        raise refused(template, error.message) from error
    except Exception as crash:  # the translator trips over shapes that it did not foresee
        what = f"The SAM translator could not read the template ({type(crash).__name__}: {crash})."
        advice = "Look for a list where a mapping belongs, or the other way round."
        raise SpecError("TEMPLATE_REFUSED", what, where=template.place("Resources"), next=advice) from crash
    finally:
        MetricsMethodWrapperSingleton.get_instance().publish()  # to nowhere; else it complains when it is collected
    return portable(plain, frozenset(_texts(template.value)))


def check_properties(template: Template) -> Iterator[SpecError]:
    """Types and properties that SAM does not have, each with the nearest that it has.

    Yields SpecError: TEMPLATE_TYPE_UNKNOWN, TEMPLATE_PROPERTY_UNKNOWN.
    """
    from samtranslator.model import ResourceTypeResolver, sam_resources

    kinds = cast("dict[str, Json]", cast("Json", ResourceTypeResolver(sam_resources)).resource_types)
    for name, resource in template.resources.items():
        if not template.sam_resource(name):
            continue
        kind = str(resource["Type"])
        if kind not in kinds:
            what = f"SAM has no resource type {kind}."
            advice = _did_you_mean(kind, kinds)
            where = template.document.place(("Resources", name, "Type"))
            yield SpecError("TEMPLATE_TYPE_UNKNOWN", what, where=where, next=advice)
            continue
        known = cast("dict[str, Json]", kinds[kind].property_types)
        yield from _unknown(template, name, kind, (), mapping(resource.get("Properties")), known)
        resolver = cast("Json", getattr(kinds[kind], "event_resolver", None))
        events = cast("dict[str, Json]", resolver.resource_types) if resolver else {}
        for event, found in mapping(template.property(name, "Events")).items():
            of_event = str(mapping(found).get("Type"))
            if of_event in events:
                given, path = mapping(mapping(found).get("Properties")), ("Events", event, "Properties")
                known = cast("dict[str, Json]", events[of_event].property_types)
                yield from _unknown(template, name, f"An event of type {of_event}", path, given, known)


def _unknown(
    template: Template, name: str, kind: str, path: Path, given: Mapping[str, Json], known: Mapping[str, Json]
) -> Iterator[SpecError]:
    for key in given:
        if key not in known:
            what = f"{kind} has no property '{key}'."
            where = template.place_of(name, *path, key, key=True)
            yield SpecError("TEMPLATE_PROPERTY_UNKNOWN", what, where=where, next=_did_you_mean(key, known))


def check_policies(template: Template, made: dict[str, Json]) -> Iterator[SpecError]:
    """Names of managed policies that AWS does not have: SAM leaves them as they are, and CloudFormation fails later.

    Yields SpecError: POLICY_UNKNOWN.
    """
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map

    known = get_bundled_managed_policy_map("aws") or {}
    for name in template.resources:
        role = mapping(mapping(made["Resources"]).get(f"{name}Role"))
        arns = cast("list[Json]", mapping(role.get("Properties")).get("ManagedPolicyArns") or [])
        if not template.sam_resource(name):
            continue
        for arn in arns:
            if isinstance(arn, str) and not arn.startswith(("arn:", "{{resolve:")):
                what = f"AWS has no managed policy named '{arn}' that could be given to {name} by its name."
                advice = f"{_did_you_mean(arn, known)} A policy of your own is given by its ARN.".strip()
                yield SpecError("POLICY_UNKNOWN", what, where=_policy_place(template, name, arn), next=advice)


def portable(value: Json, written: frozenset[str], *, substituted: bool = False) -> Json:
    """The value with every ARN that the translator wrote for the partition `aws` made good for all partitions.

    Args:
        written: texts that a person wrote, which stay as they are.
        substituted: whether the value stands inside Fn::Sub, where variables are filled in already.
    """
    match value:
        case dict():
            node = cast("dict[str, Json]", value)
            return {key: portable(inner, written, substituted=key == "Fn::Sub") for key, inner in node.items()}
        case list():
            items = cast("list[Json]", value)
            return [portable(item, written, substituted=substituted and not index) for index, item in enumerate(items)]
        case str() if _PARTITION in value and value not in written:
            text = value.replace(_PARTITION, "arn:${AWS::Partition}:")
            return text if substituted else {"Fn::Sub": text}
        case _:
            return value


def _policy_place(template: Template, name: str, policy: str) -> Place:
    policies = template.property(name, "Policies")
    listed = cast("list[Json]", policies) if isinstance(policies, list) else []
    if policy in listed:
        return template.place_of(name, "Policies", listed.index(policy))
    return template.place_of(name, "Policies")


def _did_you_mean(word: str, known: Mapping[str, Json]) -> str:
    near = nearest(word, known)
    return f"Did you mean '{near}'?" if near else ""


def _texts(value: Json) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in cast("dict[str, Json]", value).values():
                yield from _texts(inner)
        case list():
            for item in cast("list[Json]", value):
                yield from _texts(item)
        case _:
            return
