"""REST APIs described by an OpenAPI ``Body``: integrations with all that the description says of them.

The emulator took over an integration's type and address only, so that an API that speaks to a queue by itself, or
answers a browser's OPTIONS, had neither templates nor responses. Seam: its import of one operation.
"""

from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping

_TAKEN_OVER = (
    "requestParameters",
    "requestTemplates",
    "passthroughBehavior",
    "credentials",
    "contentHandling",
    "connectionType",
    "timeoutInMillis",
)


def apply() -> None:
    """Take over what the emulator leaves out."""
    module = seam.service("apigateway_v1")
    emulator_import = module._import_operation

    def imported(api_id: str, resource_id: str, method: str, operation: dict[str, Any], *security: Any) -> None:
        emulator_import(api_id, resource_id, method, operation, *security)
        described = mapping(mapping(operation).get("x-amazon-apigateway-integration"))
        if not described:
            return
        made = module._resources[api_id][resource_id]["resourceMethods"][method]["methodIntegration"]
        made.update({key: described[key] for key in _TAKEN_OVER if key in described})
        for pattern, response in mapping(described.get("responses")).items():
            # Of the responses' names only "default" is none: the others are patterns of what the backend answers.
            given = {**mapping(response), "selectionPattern": "" if pattern == "default" else str(pattern)}
            status = str(given.get("statusCode", 200))
            module._put_integration_response(api_id, resource_id, method, status, given)

    module._import_operation = imported
