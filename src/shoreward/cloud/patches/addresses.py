"""Addresses that answer on this machine: APIs and function URLs, in API answers and in stack outputs alike.

On AWS ``https://{api}.execute-api.{region}.amazonaws.com/{stage}/...`` is served by AWS; nobody answers it here. What
the cloud hands out instead, ``http://127.0.0.1:PORT/_aws/execute-api/{api}/{stage}/...``, joins with a path just the
same, so that integration suites written for AWS run unchanged.
"""

import json
import re
from typing import Any

from shoreward.cloud import seam

_EXECUTE_API = re.compile(
    r"https?://([a-z0-9]+)\.execute-api\.(?:[a-z0-9-]+\.amazonaws\.com(?:\.cn)?|localhost|127\.0\.0\.1)(?::\d+)?"
)
_FUNCTION_URL = re.compile(r"https://([a-z0-9]{32})\.lambda-url\.[a-z0-9-]+\.on\.aws")


def apply(endpoint: str) -> None:
    """Hand out addresses below ``endpoint``."""
    _stack_outputs(endpoint)
    _function_urls(endpoint)
    _api_endpoints(endpoint)


def localised(text: str, endpoint: str) -> str:
    """The text with every address of an API or function URL replaced by the one that answers here."""
    if "execute-api" in text:
        text = _EXECUTE_API.sub(rf"{endpoint}/_aws/execute-api/\1", text)
    if "lambda-url" in text:
        text = _FUNCTION_URL.sub(rf"{endpoint}/_aws/lambda-url/\1", text)
    return text


def _stack_outputs(endpoint: str) -> None:
    module = seam.service("cloudformation.stacks")
    emulator_resolve = module._resolve_stack_outputs

    def resolve(*args: Any, **kwargs: Any) -> Any:
        outputs, exports = emulator_resolve(*args, **kwargs)
        for output in outputs:
            output["OutputValue"] = localised(output["OutputValue"], endpoint)
        for export in exports.values():
            export["Value"] = localised(export["Value"], endpoint)
        return outputs, exports

    module._resolve_stack_outputs = resolve


def _function_urls(endpoint: str) -> None:
    module = seam.service("lambda_svc")
    emulator_create = module._create_function_url_config

    def create(name: str, data: dict[str, Any], qualifier: str | None) -> Any:
        answer = emulator_create(name, data, qualifier)
        if answer[0] != 201:
            return answer
        config = module._function_urls[module._url_config_key(name, qualifier)]
        config["FunctionUrl"] = localised(config["FunctionUrl"], endpoint)
        if qualifier and qualifier != "$LATEST":
            config["FunctionArn"] = f"{module._func_arn(name)}:{qualifier}"
        return module.json_response(config, status=201)

    def url_id(function_url: str) -> str:
        return function_url.rstrip("/").rpartition("/")[2].partition(".")[0]

    module._create_function_url_config = create
    module._function_url_id = url_id


def _api_endpoints(endpoint: str) -> None:
    module = seam.service("apigateway")
    emulator_create = module._create_api

    def create(data: dict[str, Any]) -> Any:
        answer = emulator_create(data)
        if answer[0] != 201:
            return answer
        api = module._apis[json.loads(answer[2])["apiId"]]
        api["apiEndpoint"] = localised(api["apiEndpoint"], endpoint)
        return module._apigw_response(api, 201)

    module._create_api = create
