"""The JSON Schema of `shoreward.yaml`, for editors; made from the very format that `spec.load` reads by."""

from __future__ import annotations

import json
from typing import Any

from shoreward.spec._format import PIPELINE


def schema() -> dict[str, Any]:
    """The schema, draft 7, which editors' YAML support understands."""
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "shoreward.yaml", **PIPELINE.schema()}


def schema_text() -> str:
    """The schema as it stands in docs/schema/shoreward.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
