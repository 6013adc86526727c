import base64
import json
from decimal import Decimal

import pytest
from api import answer
from building import BadPlan, Castle, Plan, read_plan
from register import Register

PLAN = {"beach": "brighton", "builder": "Ada", "towers": 3, "height_cm": 40, "shells": 12, "moat": True}


class Table:
    """A DynamoDB table with as much as the register uses of one."""

    def __init__(self):
        self.items = {}

    def get_item(self, **request):
        item = self.items.get(request["Key"]["castle_id"])
        return {"Item": item} if item else {}

    def put_item(self, **request):
        item = request["Item"]
        numbers = {key: Decimal(value) for key, value in item.items() if type(value) is int}
        self.items[item["castle_id"]] = {**item, **numbers}


class Queue:
    """An SQS queue that takes messages, unless it is out of order."""

    def __init__(self):
        self.messages, self.broken = [], False

    def send_message(self, **request):
        if self.broken:
            raise ConnectionError("the queue is out of order")
        self.messages.append(json.loads(request["MessageBody"]))


@pytest.fixture
def beach():
    return Beach()


class Beach:
    """The API on a table and a queue of its own; builds are numbered."""

    def __init__(self):
        self.table, self.queue, self.builds = Table(), Queue(), 0

    def ask(self, method, castle_id, body=None, **event):
        event |= {"routeKey": f"{method} /castles/{{id}}", "pathParameters": {"id": castle_id}, "body": body}
        return answer(event, Register(self.table, self.queue), self.next_build)

    def next_build(self):
        self.builds += 1
        return f"build-{self.builds}"


def test_a_castle_that_was_built_can_be_seen(beach):
    built = beach.ask("PUT", "camelot", json.dumps(PLAN))
    seen = beach.ask("GET", "camelot")

    assert built == (201, {"castle_id": "camelot", "build_id": "build-1", **PLAN, "score": None})
    assert seen == (200, built[1])


def test_the_jury_hears_of_every_build(beach):
    for towers in (1, 2):
        beach.ask("PUT", "camelot", json.dumps(PLAN | {"towers": towers}))

    assert [(entry["build_id"], entry["towers"]) for entry in beach.queue.messages] == [("build-1", 1), ("build-2", 2)]


def test_building_anew_forgets_the_score(beach):
    beach.ask("PUT", "camelot", json.dumps(PLAN))
    beach.table.items["camelot"]["score"] = Decimal(80)
    assert beach.ask("GET", "camelot")[1]["score"] == 80

    beach.ask("PUT", "camelot", json.dumps(PLAN))

    assert beach.ask("GET", "camelot")[1]["score"] is None


def test_a_builder_hears_when_the_jury_could_not_be_told(beach):
    beach.queue.broken = True

    with pytest.raises(ConnectionError):
        beach.ask("PUT", "camelot", json.dumps(PLAN))


def test_an_encoded_body_is_read(beach):
    body = base64.b64encode(json.dumps(PLAN).encode()).decode()

    assert beach.ask("PUT", "camelot", body, isBase64Encoded=True)[0] == 201


def test_a_castle_that_nobody_built_is_not_found(beach):
    assert beach.ask("GET", "camelot") == (404, {"error": "no castle is called 'camelot'"})


@pytest.mark.parametrize("castle_id", ["", "Camelot", "-", "a b", "a" * 64, "camelot\n"])
def test_a_castle_needs_a_decent_name(beach, castle_id):
    assert beach.ask("PUT", castle_id, json.dumps(PLAN))[0] == 400
    assert beach.table.items == {}


def test_a_bad_plan_is_refused_with_every_reason(beach):
    status, body = beach.ask("PUT", "camelot", json.dumps({"builder": "", "towers": 99, "moat": 1, "dragons": 2}))

    assert status == 400
    assert body["error"] == (
        "dragons is not part of a plan; beach must be a text of 1 to 80 characters; "
        "builder must be a text of 1 to 80 characters; towers must be a whole number from 1 to 20; "
        "height_cm must be a whole number from 5 to 300; moat must be true or false"
    )
    assert beach.queue.messages == []


@pytest.mark.parametrize("text", [None, "", "{", "[]", "3", "[" * 100_000, json.dumps(PLAN | {"towers": True})])
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(BadPlan):
        read_plan(text)


def test_shells_and_moat_are_optional():
    wish = {key: PLAN[key] for key in ("beach", "builder", "towers", "height_cm")}

    assert read_plan(json.dumps(wish)) == Plan(**wish, shells=0, moat=False)


def test_a_castle_is_shown_flat():
    castle = Castle(castle_id="camelot", build_id="1", plan=Plan(**PLAN), score=7)

    assert castle.as_dict() == {"castle_id": "camelot", "build_id": "1", **PLAN, "score": 7}
