"""How many messages wait in each queue, as a metric: a dead-letter queue that fills is a reason to roll back.

The emulator publishes no AWS/SQS metrics. Seam: the queues of its SQS module, looked at now and then; AWS does so
once a minute.
"""

import asyncio
import time
from typing import Any

from shoreward.cloud import seam
from shoreward.cloud.metrics.store import MetricStore

INTERVAL = 5.0

_NAMES = {
    "ApproximateNumberOfMessagesVisible": "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed": "ApproximateNumberOfMessagesDelayed",
}


async def run(store: MetricStore) -> None:
    """Record the depth of every queue of every account and region, again and again, until cancelled."""
    module = seam.service("sqs")
    while True:
        await asyncio.sleep(INTERVAL)
        now = int(time.time())
        for (account, region, _), queue in list(module._queues.all_items()):
            module._refresh_counts(queue)
            _record(store, account, region, queue["attributes"], now)


def _record(store: MetricStore, account: str, region: str, attributes: dict[str, Any], now: int) -> None:
    dimensions = {"QueueName": str(attributes["QueueArn"]).rpartition(":")[2]}
    for name, attribute in _NAMES.items():
        series = store.series(account, region, "AWS/SQS", name, dimensions)
        series.unit = "Count"
        series.bucket(now).add(float(attributes[attribute]))
