"""Parameters are found by their tags, and keep their type.

The emulator listed all parameters whatever tag was asked for, and let a String become a SecureString, which Systems
Manager refuses. Seams: the filter and the writer of its SSM module.
"""

from typing import Any

from shoreward.cloud import seam


def apply() -> None:
    """Put ours in front of the emulator's."""
    module = seam.service("ssm")
    emulator_filter, emulator_put = module._apply_filter, module._put_parameter

    def apply_filter(parameter: dict[str, Any], key: str, option: str, values: list[str]) -> bool:
        if not key.startswith("tag:"):
            return bool(emulator_filter(parameter, key, option, values))
        held = module._tags.get(parameter["ARN"], {})
        return held.get(key.removeprefix("tag:")) in values

    def put_parameter(data: dict[str, Any]) -> Any:
        existing = module._parameters.get(data.get("Name"))
        if existing and data.get("Type") and data["Type"] != existing["Type"]:
            text = f"The parameter {data['Name']} is a {existing['Type']} and cannot become a {data['Type']}."
            return module.error_response_json("HierarchyTypeMismatchException", text, 400)
        return emulator_put(data)

    module._apply_filter, module._put_parameter = apply_filter, put_parameter
