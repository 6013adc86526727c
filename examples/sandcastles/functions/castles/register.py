"""The register of castles (a DynamoDB table) and the way to the jury (an SQS queue)."""

import json

from building import Castle, Plan


class Register:
    """Keeps castles. `table` is a boto3 DynamoDB table, `queue` a boto3 SQS queue."""

    def __init__(self, table, queue):
        self._table, self._queue = table, queue

    def find(self, castle_id):
        """The castle of that name, or None."""
        item = self._table.get_item(Key={"castle_id": castle_id}, ConsistentRead=True).get("Item")
        return item and read_item(item)

    def enter(self, castle):
        """Keep the castle, in place of an earlier one of that name, and tell the jury of it.

        The jury is told last. If that fails, the builder gets an error and builds again, which enters a new build.
        """
        entry = castle.as_dict()
        del entry["score"]
        self._table.put_item(Item=entry)
        self._queue.send_message(MessageBody=json.dumps(entry))


def read_item(item):
    """A castle from its DynamoDB item, whose numbers are Decimals."""
    plan = Plan(
        beach=item["beach"],
        builder=item["builder"],
        towers=int(item["towers"]),
        height_cm=int(item["height_cm"]),
        shells=int(item["shells"]),
        moat=item["moat"],
    )
    score = int(item["score"]) if "score" in item else None
    return Castle(castle_id=item["castle_id"], build_id=item["build_id"], plan=plan, score=score)
