"""GET /tides/{beach}: when the next tide reaches the castle line.

Query: `castle_line` in metres above the mean level (default: where people of that beach build), `at` as an ISO 8601
moment with its offset (default: now).
"""

import json
import logging
from datetime import UTC, datetime
from math import isfinite

import gauge
from tide import BEACHES, height, next_flood

logger = logging.getLogger()


class BadQuestion(ValueError):
    """The caller asked something that makes no sense."""


def handler(event, context):
    name = event["pathParameters"]["beach"]
    try:
        status, answer = 200, tell(name, event.get("queryStringParameters") or {}, datetime.now(UTC))
    except BadQuestion as problem:
        status, answer = 400, {"error": str(problem)}
    except LookupError as problem:
        status, answer = 404, {"error": str(problem.args[0])}
    if not gauge.calm():
        logger.warning("the sea is rough, and higher than told")
    logger.info("tide asked", extra={"beach": name, "status": status})
    headers = {"content-type": "application/json", "x-version": context.function_version}
    return {"statusCode": status, "headers": headers, "body": json.dumps(answer)}


def tell(name, query, now):
    """The answer as a dictionary. LookupError for a beach that is not ours, BadQuestion for a bad query."""
    if name not in BEACHES:
        raise LookupError(f"no beach is called {name!r}; there are {', '.join(sorted(BEACHES))}")
    beach = BEACHES[name]
    at = read_moment(query["at"]) if "at" in query else now
    line = read_metres(query["castle_line"]) if "castle_line" in query else beach.castle_line
    flood = next_flood(beach, line, at)
    return {
        "beach": name,
        "at": at.isoformat(timespec="seconds"),
        "sea_level_m": round(height(beach, at), 2),
        "castle_line_m": line,
        "flooded_at": flood and flood.isoformat(timespec="seconds"),
        "minutes_left": flood and int((flood - at).total_seconds() // 60),
    }


def read_moment(text):
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadQuestion(f"at is not an ISO 8601 moment: {text!r}") from None
    if moment.tzinfo is None:
        raise BadQuestion(f"at needs its offset from UTC, as in 2026-07-01T12:00:00Z, unlike {text!r}")
    if not 1900 <= moment.year <= 2200:
        raise BadQuestion(f"at is outside the years 1900 to 2200: {text!r}")
    return moment.astimezone(UTC)


def read_metres(text):
    try:
        metres = float(text)
    except ValueError:
        raise BadQuestion(f"castle_line is not a number of metres: {text!r}") from None
    if not isfinite(metres):
        raise BadQuestion(f"castle_line is not a number of metres: {text!r}")
    return metres
