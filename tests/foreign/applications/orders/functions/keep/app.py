import shared

EDITION = "first"


def handler(event, context):
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            shared.put("LEDGER", {"id": record["dynamodb"]["Keys"]["id"]["S"], "edition": EDITION})
