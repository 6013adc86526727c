"""The JSON Schemas of files that people write, for editors; made from the very formats that they are read by."""

from __future__ import annotations

import json
from typing import Any

from shoreward.spec._format import PIPELINE
from shoreward.spec._shapes import Record
from shoreward.spec.notifications import NOTIFICATIONS
from shoreward.spec.server import SERVER


def schema() -> dict[str, Any]:
    """The schema, draft 7, which editors' YAML support understands."""
    return _titled("shoreward.yaml", PIPELINE)


def _titled(title: str, record: Record) -> dict[str, Any]:
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **record.schema()}


def schema_text() -> str:
    """The schema as it stands in docs/schema/shoreward.schema.json."""
    return _text(schema())


def notifications_schema_text() -> str:
    """The schema of `notifications.yaml`, as it stands in docs/schema/notifications.schema.json."""
    return _text(_titled("notifications.yaml", NOTIFICATIONS))


def server_schema_text() -> str:
    """The schema of `server.yaml`, as it stands in docs/schema/server.schema.json."""
    return _text(_titled("server.yaml", SERVER))


def _text(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
