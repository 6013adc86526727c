"""Function code must be there, and fit: a missing bucket or object, or too much of it, is refused as on AWS.

The emulator created functions without code instead, which then answered a mock. Seams: the operations that take
code, and the CloudFormation types of functions and layers.
"""

from collections.abc import Callable
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.untyped import mapping

_WORDS = "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}"


def apply() -> None:
    """Refuse code that is not there."""
    module = seam.service("lambda_svc")
    emulator_create, emulator_update = module._create_function, module._update_code

    def create_function(data: dict[str, Any]) -> Any:
        return _refusal(module, mapping(data.get("Code"))) or emulator_create(data)

    def update_code(name: str, data: dict[str, Any]) -> Any:
        return _refusal(module, data) or emulator_update(name, data)

    module._create_function, module._update_code = create_function, update_code
    handlers: dict[str, dict[str, Any]] = seam.service("cloudformation.provisioners")._RESOURCE_HANDLERS
    for resource_type, member in (("AWS::Lambda::Function", "Code"), ("AWS::Lambda::LayerVersion", "Content")):
        handlers[resource_type]["create"] = _checked(module, member, handlers[resource_type]["create"])


def problem(location: dict[str, Any]) -> str | None:
    """What is wrong with code in S3 (``S3Bucket``, ``S3Key``, perhaps ``S3ObjectVersion``), in Lambda's words."""
    bucket, key = location.get("S3Bucket"), location.get("S3Key")
    if not bucket or not key:
        return None
    store = seam.service("s3")
    found = store._buckets.get(bucket)
    if found is None:
        return _WORDS.format("NoSuchBucket", "The specified bucket does not exist")
    version = location.get("S3ObjectVersion") or location.get("S3ObjectVersionId")
    if version:
        if all(one["version_id"] != version for one in store._object_versions.get((bucket, key), [])):
            return _WORDS.format("NoSuchVersion", "The specified version does not exist.")
    elif key not in found["objects"]:
        return _WORDS.format("NoSuchKey", "The specified key does not exist.")
    return None


def _refusal(module: Any, location: dict[str, Any]) -> Any:
    text = problem(location)
    return module.error_response_json("InvalidParameterValueException", text, 400) if text else None


def _checked(module: Any, member: str, emulator_create: Callable[..., Any]) -> Callable[..., Any]:
    def create(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        location: dict[str, Any] = mapping(props.get(member))
        text = problem(location)
        if text is None and member == "Code" and location.get("S3Bucket"):
            archive = module._fetch_code_from_s3(
                location["S3Bucket"], location["S3Key"], version_id=location.get("S3ObjectVersion")
            )
            refused = module._reject_unreadable_zip(archive) or module._validate_unzipped_size(archive)
            text = refused[2].decode() if refused else None
        if text is not None:
            raise ValueError(f"Resource handler returned message: {text} (Service: Lambda, Status Code: 400)")
        return emulator_create(logical_id, props, stack_name)

    return create
