"""GET and PUT /castles/{id}: where the API meets Lambda and the services it uses."""

import json
import logging
import os
from functools import cache

import boto3
from api import answer
from register import Register
from uuid6 import uuid7

logger = logging.getLogger()


@cache
def register():
    """One register for the life of this execution environment, so that connections are kept."""
    table = boto3.resource("dynamodb").Table(os.environ["CASTLES_TABLE"])
    queue = boto3.resource("sqs").Queue(os.environ["CONTEST_QUEUE_URL"])
    return Register(table, queue)


def new_build_id():
    return str(uuid7())


def handler(event, context):
    status, body = answer(event, register(), new_build_id)
    logger.info(
        "castle asked",
        extra={"route": event["routeKey"], "status": status, "build_id": body.get("build_id")},
    )
    headers = {"content-type": "application/json", "x-version": context.function_version}
    return {"statusCode": status, "headers": headers, "body": json.dumps(body)}
