import json

import pytest
from botocore.exceptions import ClientError
from contest import judge, write_score
from scoring import score

ENTRY = {"castle_id": "camelot", "build_id": "1", "towers": 3, "height_cm": 40, "shells": 16, "moat": True}


def message(identifier, body):
    return {"messageId": identifier, "body": body if isinstance(body, str) else json.dumps(body)}


class Table:
    """A DynamoDB table that holds one castle and refuses updates as the condition demands."""

    def __init__(self, build_id="1", trouble=None):
        self.item, self.trouble = {"castle_id": "camelot", "build_id": build_id}, trouble

    def update_item(self, **request):
        values = request["ExpressionAttributeValues"]
        if self.trouble:
            raise ClientError({"Error": {"Code": self.trouble}}, "UpdateItem")
        if self.item["build_id"] != values[":build"] or "score" in self.item:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
        self.item["score"] = values[":points"]


def test_a_castle_is_scored_by_what_it_has():
    assert score(ENTRY) == 15 + 4 + 15 + 6
    assert score(ENTRY | {"moat": False}) == 25
    assert score(ENTRY | {"towers": 4}) == 45
    assert score(ENTRY | {"shells": 0}) == 34


def test_no_castle_gets_more_than_all_points():
    assert score({"towers": 20, "height_cm": 300, "shells": 500, "moat": True}) == 100


def test_every_entry_is_judged():
    scores = {}

    answer = judge(
        [message("a", ENTRY), message("b", ENTRY | {"castle_id": "avalon", "moat": False})],
        lambda entry, points: scores.update({entry["castle_id"]: points}),
    )

    assert answer == {"batchItemFailures": []}
    assert scores == {"camelot": 40, "avalon": 25}


def test_only_the_entries_that_failed_are_reported():
    kept = []

    def write(entry, points):
        if entry["castle_id"] == "avalon":
            raise ConnectionError("no table")
        kept.append(entry["castle_id"])
        return True

    messages = [
        message("broken", "{"),
        message("incomplete", {"castle_id": "camelot"}),
        message("unlucky", ENTRY | {"castle_id": "avalon"}),
        message("good", ENTRY),
    ]

    failures = judge(messages, write)["batchItemFailures"]

    assert [failure["itemIdentifier"] for failure in failures] == ["broken", "incomplete", "unlucky"]
    assert kept == ["camelot"]


def test_a_second_delivery_changes_nothing():
    table = Table()

    assert write_score(table, ENTRY, 40) is True
    assert write_score(table, ENTRY, 99) is False
    assert table.item["score"] == 40


def test_a_late_entry_does_not_score_the_castle_built_since():
    table = Table(build_id="2")

    assert write_score(table, ENTRY, 40) is False
    assert "score" not in table.item


def test_a_table_in_trouble_is_not_mistaken_for_a_score():
    with pytest.raises(ClientError):
        write_score(Table(trouble="ProvisionedThroughputExceededException"), ENTRY, 40)
