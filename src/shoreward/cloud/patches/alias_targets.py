"""An alias leads to versions that exist, by weights that make sense; anything else is refused as on AWS.

Seams: CreateAlias, UpdateAlias, and the CloudFormation type (whose update goes through UpdateAlias).
"""

from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping

_NUMBERED = "Function not found: {}:{}"


def apply() -> None:
    """Refuse aliases to nowhere."""
    module = seam.service("lambda_svc")
    provisioners = seam.service("cloudformation.provisioners")
    emulator_create, emulator_update = module._create_alias, module._update_alias

    def create_alias(name: str, data: dict[str, Any]) -> Any:
        return _refusal(module, name, data, None) or emulator_create(name, data)

    def update_alias(name: str, alias: str, data: dict[str, Any]) -> Any:
        current: dict[str, Any] | None = mapping(mapping(module._functions.get(name)).get("aliases")).get(alias)
        refused = _refusal(module, name, data, current) if current is not None else None
        return refused or emulator_update(name, alias, data)

    module._create_alias, module._update_alias = create_alias, update_alias
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Alias"]
    provision = handlers["create"]

    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        name = module._resolve_name(str(props.get("FunctionName", "")))
        data = {**props, "RoutingConfig": provisioners._lambda_alias_routing_config(props)}
        refused = _refusal(module, name, data, None)
        if refused:
            raise ValueError(f"Resource handler returned message: {refused[2].decode()}")
        return provision(logical_id, props, stack_name)

    handlers["create"] = create


def _refusal(module: Any, name: str, data: dict[str, Any], current: dict[str, Any] | None) -> Any:
    func = module._functions.get(name)
    if func is None:
        return None
    versions: dict[str, Any] = func["versions"]
    target = data.get("FunctionVersion") or mapping(current).get("FunctionVersion")
    weights: dict[str, float] = mapping(mapping(data.get("RoutingConfig")).get("AdditionalVersionWeights"))
    for version in (target, *weights):
        if version is not None and version != "$LATEST" and str(version) not in versions:
            text = _NUMBERED.format(module._func_arn(name), version)
            return module.error_response_json("ResourceNotFoundException", text, 404)
    complaint = _complaint(str(target), weights)
    return module.error_response_json("InvalidParameterValueException", complaint, 400) if complaint else None


def _complaint(target: str, weights: dict[str, float]) -> str:
    if len(weights) > 1:
        return "Number of items in AdditionalVersionWeights cannot be greater than 1"
    if any(not 0 <= float(weight) <= 1 for weight in weights.values()):
        return "The weight of an additional version is between 0.0 and 1.0"
    if target in weights:
        return f"Function version {target} is already included in routing configuration."
    if weights and "$LATEST" in (target, *weights):
        return "$LATEST is not supported for an alias pointing to more than 1 version"
    return ""
