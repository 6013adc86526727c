"""Definitions that a template keeps in files of their own, brought into it: API descriptions, state machines, includes.

A revision is one template. What `sam package` would upload beside it is written into it instead.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

from shoreward.domain import Place, SpecError
from shoreward.spec.template.assets import is_local
from shoreward.spec.template.document import Template
from shoreward.spec.template.plain import Json, mapping
from shoreward.spec.yaml import Document, read_yaml

Read = Callable[[str], bytes | None]
"""A file of the commit by its path from the repository's root; None when there is none."""

_PARSED = {
    ("AWS::Serverless::Api", "DefinitionUri"): "DefinitionBody",
    ("AWS::Serverless::HttpApi", "DefinitionUri"): "DefinitionBody",
    ("AWS::Serverless::StateMachine", "DefinitionUri"): "Definition",
    ("AWS::ApiGateway::RestApi", "BodyS3Location"): "Body",
    ("AWS::ApiGatewayV2::Api", "BodyS3Location"): "Body",
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"): "Definition",
}
_TEXT = {
    ("AWS::Serverless::GraphQLApi", "SchemaUri"): "SchemaInline",
    ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"): "Definition",
    ("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location"): "RequestMappingTemplate",
    ("AWS::AppSync::Resolver", "ResponseMappingTemplateS3Location"): "ResponseMappingTemplate",
    ("AWS::AppSync::Resolver", "CodeS3Location"): "Code",
    ("AWS::AppSync::FunctionConfiguration", "RequestMappingTemplateS3Location"): "RequestMappingTemplate",
    ("AWS::AppSync::FunctionConfiguration", "ResponseMappingTemplateS3Location"): "ResponseMappingTemplate",
    ("AWS::AppSync::FunctionConfiguration", "CodeS3Location"): "Code",
}
_INCLUDE = "Fn::Transform"


def bring_in_files(template: Template, value: dict[str, Json], read: Read) -> dict[str, Document]:
    """Replace locations of local files by what the files hold, in `value`, a copy of the template's.

    Returns the definitions of APIs and state machines that were brought in, by the resource's logical id.

    Raises SpecError: DEFINITION_MISSING, INCLUDE_UNSUPPORTED, and those of `read_yaml` with places in those files.
    """
    documents: dict[str, Document] = {}
    for name, resource in cast("dict[str, dict[str, Json]]", value["Resources"]).items():
        properties = mapping(resource.get("Properties"))
        for key in list(properties):
            target = _PARSED.get((resource["Type"], key)) or _TEXT.get((resource["Type"], key))
            if target and is_local(properties[key]):
                where = template.place_of(name, key)
                path = template.beside(cast("str", properties.pop(key)))
                content = _content(read, path, where)
                if (resource["Type"], key) in _PARSED:
                    documents[name] = read_yaml(content, path)
                    properties[target] = documents[name].value
                else:
                    properties[target] = content
    for section in value:
        value[section] = _included(template, value[section], (section,), read)
    return documents


def _included(template: Template, value: Json, path: tuple[str | int, ...], read: Read) -> Json:
    if isinstance(value, list):
        items = enumerate(cast("list[Json]", value))
        return [_included(template, item, (*path, index), read) for index, item in items]
    if not isinstance(value, dict):
        return value
    node = cast("dict[str, Json]", value)
    if _INCLUDE not in node:
        return {key: _included(template, inner, (*path, key), read) for key, inner in node.items()}
    where = template.document.place((*path, _INCLUDE), key=True)
    wanted = mapping(node[_INCLUDE])
    location = mapping(wanted.get("Parameters")).get("Location")
    if wanted.get("Name") != "AWS::Include" or not is_local(location):
        what = "Only AWS::Include of a file in the repository can be rendered; other transforms run inside AWS."
        advice = "Commit the snippet and give its path as the Location."
        raise SpecError("INCLUDE_UNSUPPORTED", what, where=where, next=advice)
    file = template.beside(str(location))
    snippet = read_yaml(_content(read, file, where), file).value
    rest = {key: copy.deepcopy(inner) for key, inner in node.items() if key != _INCLUDE}
    return snippet | cast("dict[str, Json]", _included(template, rest, path, read))


def _content(read: Read, path: str, where: Place) -> str:
    content = None if path.startswith(("..", "/")) else read(path)
    if content is None:
        advice = "Check the path, which is relative to the template, and that the file is committed."
        raise SpecError("DEFINITION_MISSING", f"The commit has no file {path}.", where=where, next=advice)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise SpecError("DEFINITION_MISSING", f"{path} is not UTF-8 text.", where=where) from error
