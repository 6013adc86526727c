"""The queue delivers some entries twice, and some are no entries at all, while castles are built."""

import json
import time
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

import boto3

PLAN = {"beach": "nazare", "builder": "Grace", "towers": 2, "height_cm": 30, "shells": 4, "moat": False}


def ask(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    question = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(question, timeout=60) as response:
        return json.load(response)


COUNTS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


def until(holds):
    deadline = time.monotonic() + 60
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.5)


def test_castles_are_scored_once_whatever_else_is_in_the_queue(outputs):
    queue, address = boto3.client("sqs"), outputs["ContestQueueUrl"]

    def send(entry):
        queue.send_message(QueueUrl=address, MessageBody=json.dumps(entry))

    def build(number):
        url = f"{outputs['ApiUrl']}/castles/storm-{number}-{uuid.uuid4().hex[:8]}"
        entry = {key: value for key, value in ask("PUT", url, PLAN).items() if key != "score"}
        send(entry)
        send(entry)
        return url, entry

    def scores():
        return [ask("GET", castle)["score"] for castle, _ in castles]

    def judged():
        counts = queue.get_queue_attributes(QueueUrl=address, AttributeNames=COUNTS)["Attributes"]
        return not any(map(int, counts.values())) and None not in scores()

    with ThreadPoolExecutor(4) as visitors:
        castles = list(visitors.map(build, range(4)))
    until(judged)
    for _, entry in castles:
        send(entry | {"build_id": "0", "towers": 20})
    until(judged)
    assert scores() == [16] * 4, f"not the scores of what was built: {scores()}"
