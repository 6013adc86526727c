"""HTTP APIs described by an OpenAPI ``Body``, as SAM writes them: expanded to routes and integrations.

The emulator ignored the body, on create and on update. It also looked for an API only in the caller's account, so that
unsigned requests found nothing outside the default one. Seams: the CloudFormation type, and ``find_api_scope``.
"""

import json
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.patches.addresses import localised
from shoreward.cloud.untyped import mapping

_METHODS = frozenset(
    {"get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method"}
)
_MARK = "shoreward:body"


def apply(endpoint: str) -> None:
    """Expand bodies, and find APIs in whatever account they are."""
    for name, apis in (("apigateway", "_apis"), ("apigateway_v1", "_rest_apis")):
        _find_everywhere(seam.service(name), apis)
    module = seam.service("apigateway")
    handlers = seam.service("cloudformation.provisioners")._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    emulator_create, emulator_update = handlers["create"], handlers["update"]

    def finished(made: tuple[str, dict[str, Any]], props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        api_id, attributes = made
        body = _body_of(props)
        if body is not None:
            expand(module, api_id, body)
        api = module._apis[api_id]
        api["apiEndpoint"] = localised(api["apiEndpoint"], endpoint)
        return api_id, {**attributes, "ApiEndpoint": api["apiEndpoint"]}

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        return finished(emulator_create(logical_id, _named(props), stack_name), props)

    def update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any) -> tuple[str, dict[str, Any]]:
        return finished(emulator_update(physical_id, _named(old), _named(new), *rest), new)

    handlers["create"], handlers["update"] = create, update
    _show_stage_in_path(module)


def expand(module: Any, api_id: str, body: dict[str, Any]) -> None:
    """Replace what an earlier body made by the routes, integrations and authorizers of this one."""
    for store in (module._routes, module._integrations, module._authorizers):
        mine: dict[str, Any] = mapping(store.get(api_id))
        for key in [key for key, value in mine.items() if value.get(_MARK)]:
            del mine[key]
    authorizers = _authorizers(module, api_id, body)
    default_security = body.get("security")
    integrations: dict[str, str] = {}
    for path, operations in mapping(body.get("paths")).items():
        for method, operation in mapping(operations).items():
            if method.lower() in _METHODS and operation:
                target = _integration(module, api_id, operation, integrations)
                route = {"routeKey": _route_key(path, method), "target": f"integrations/{target}"}
                route.update(_authorization(operation.get("security", default_security), authorizers))
                _marked(module, "_routes", api_id, "routeId", module._create_route(api_id, route))
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        module._apis[api_id]["corsConfiguration"] = cors


def _show_stage_in_path(module: Any) -> None:
    """As on AWS, the path that a function sees begins with the stage, unless that is ``$default``."""
    emulator_invoke = module._invoke_lambda_proxy

    async def invoke(integration: Any, api_id: str, stage: str, path: str, *rest: Any, **more: Any) -> Any:
        shown = path if stage == "$default" else f"/{stage}{path}"
        return await emulator_invoke(integration, api_id, stage, shown, *rest, **more)

    module._invoke_lambda_proxy = invoke


def _find_everywhere(module: Any, store: str) -> None:
    def find(api_id: str) -> tuple[str, str] | None:
        for account, region, key in list(getattr(module, store)._data):
            if key == api_id:
                return account, region
        return None

    module.find_api_scope = find


def _named(props: dict[str, Any]) -> dict[str, Any]:
    body = _body_of(props)
    if body is None:
        return props
    info: dict[str, Any] = mapping(body.get("info"))
    return {"ProtocolType": "HTTP", "Name": info.get("title"), "Version": info.get("version", ""), **props}


def _body_of(props: dict[str, Any]) -> dict[str, Any] | None:
    body = props.get("Body")
    if body is None and props.get("BodyS3Location"):
        location = props["BodyS3Location"]
        raw = seam.service("lambda_svc")._fetch_code_from_s3(location["Bucket"], location["Key"])
        if raw is None:
            raise ValueError(f"the API definition s3://{location['Bucket']}/{location['Key']} does not exist")
        body = seam.service("cloudformation.engine")._parse_template(raw.decode())
    return json.loads(body) if isinstance(body, str) else body


def _route_key(path: str, method: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method.lower() == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _integration(module: Any, api_id: str, operation: dict[str, Any], known: dict[str, str]) -> str:
    described: dict[str, Any] = mapping(operation.get("x-amazon-apigateway-integration"))
    key = json.dumps(described, sort_keys=True, default=str)
    if key not in known:
        kind = str(described.get("type", "aws_proxy")).upper()
        data = {
            "integrationType": "HTTP_PROXY" if kind == "HTTP" else kind,
            "integrationUri": described.get("uri", ""),
            "integrationMethod": described.get("httpMethod", "POST"),
            "payloadFormatVersion": str(described.get("payloadFormatVersion", "2.0")),
            "timeoutInMillis": int(described.get("timeoutInMillis", 30000)),
        }
        if described.get("requestParameters"):
            data["requestParameters"] = described["requestParameters"]
        answer = module._create_integration(api_id, data)
        known[key] = _marked(module, "_integrations", api_id, "integrationId", answer)
    return known[key]


def _authorizers(module: Any, api_id: str, body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Authorizer id and the routes' authorization type, by the name of the security scheme."""
    made: dict[str, tuple[str, str]] = {}
    for name, scheme in mapping(mapping(body.get("components")).get("securitySchemes")).items():
        described = scheme.get("x-amazon-apigateway-authorizer")
        if not described:
            continue
        jwt = described.get("type", "").lower() == "jwt"
        source = described.get("identitySource", "$request.header.Authorization")
        data: dict[str, Any] = {
            "name": name,
            "authorizerType": "JWT" if jwt else "REQUEST",
            "identitySource": source if isinstance(source, list) else [one.strip() for one in source.split(",")],
            "jwtConfiguration": described.get("jwtConfiguration") or {},
            "authorizerUri": described.get("authorizerUri", ""),
            "authorizerPayloadFormatVersion": str(described.get("authorizerPayloadFormatVersion", "2.0")),
            "enableSimpleResponses": bool(described.get("enableSimpleResponses", False)),
            "authorizerResultTtlInSeconds": int(described.get("authorizerResultTtlInSeconds", 0)),
        }
        answer = module._create_authorizer(api_id, data)
        made[name] = (_marked(module, "_authorizers", api_id, "authorizerId", answer), "JWT" if jwt else "CUSTOM")
    return made


def _authorization(security: list[dict[str, list[str]]] | None, known: dict[str, tuple[str, str]]) -> dict[str, Any]:
    for requirement in security or ():
        for name, scopes in requirement.items():
            if name in known:
                authorizer, kind = known[name]
                return {"authorizationType": kind, "authorizerId": authorizer, "authorizationScopes": scopes}
            if name.upper() == "AWS_IAM":
                return {"authorizationType": "AWS_IAM"}
    return {}


def _marked(module: Any, store: str, api_id: str, key: str, answer: tuple[int, Any, bytes]) -> str:
    made: str = json.loads(answer[2])[key]
    getattr(module, store)[api_id][made][_MARK] = True
    return made
