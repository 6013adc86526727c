"""What visitors of the beach rely on. Their castles stay, for others to look at."""

import json
import urllib.request
import uuid

import boto3

PLAN = {"beach": "nazare", "builder": "Grace", "towers": 2, "height_cm": 30, "shells": 4, "moat": False}


def ask(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(question, timeout=60) as response:
        return json.load(response)


def test_a_visitor_builds_a_castle_and_sees_all_others(outputs):
    ask("PUT", f"{outputs['ApiUrl']}/castles/visit-{uuid.uuid4().hex[:12]}", PLAN)
    table = boto3.resource("dynamodb").Table(outputs["CastlesTableName"])
    for standing in table.scan(ProjectionExpression="castle_id")["Items"]:
        seen = ask("GET", f"{outputs['ApiUrl']}/castles/{standing['castle_id']}")
        assert seen["towers"] >= 1, f"a castle without towers: {seen}"
