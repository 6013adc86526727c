"""The jury: takes castles from the queue, scores them, writes the scores down.

The queue may deliver an entry twice, or late, when the castle has been built anew. A score is therefore written only
to the very build it was made for, and only once. Entries that fail are reported one by one, so that the others of
their batch are not judged again; those that keep failing end in the dead-letter queue.
"""

import json
import logging
import os
from functools import cache

import boto3
from botocore.exceptions import ClientError
from scoring import score

logger = logging.getLogger()


@cache
def table():
    return boto3.resource("dynamodb").Table(os.environ["CASTLES_TABLE"])


def handler(event, context):
    return judge(event["Records"], lambda entry, points: write_score(table(), entry, points))


def judge(messages, write):
    """Score every message; the answer names those that failed. `write(entry, points)` keeps a score."""
    failed = [message["messageId"] for message in messages if not _judged(message, write)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _judged(message, write):
    try:
        entry = json.loads(message["body"])
        points = score(entry)
        kept = write(entry, points)
    except Exception:
        logger.exception("castle not judged", extra={"message_id": message["messageId"]})
        return False
    outcome = "castle judged" if kept else "castle judged before, or built anew"
    logger.info(outcome, extra={"castle_id": entry["castle_id"], "build_id": entry["build_id"], "score": points})
    return True


def write_score(castles, entry, points):
    """Write the points to the entry's build in the table; False if it has its score, or is gone."""
    try:
        castles.update_item(
            Key={"castle_id": entry["castle_id"]},
            UpdateExpression="SET score = :points",
            ConditionExpression="build_id = :build AND attribute_not_exists(score)",
            ExpressionAttributeValues={":points": points, ":build": entry["build_id"]},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True
