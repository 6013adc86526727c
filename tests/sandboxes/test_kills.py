"""Sandboxes whose makers and removers are killed leave nothing, once somebody has reaped.

`kill_run` does the same with twenty sandboxes and a hundred kills.
"""

from __future__ import annotations

import random
from pathlib import Path

from shoreward.cloud import EmbeddedCloud
from shoreward.testing.cloud import CloudAccount

from .kill_run import differences, founded, storm
from .support import REGION, inventory


def test_nothing_is_left_of_sandboxes_whose_makers_were_killed(
    account: CloudAccount, embedded_cloud: EmbeddedCloud, tmp_path: Path
):
    shore = founded(embedded_cloud, tmp_path, account)
    before = inventory(account, REGION)
    # Given two sandboxes whose makers, removers and reapers are killed on their way
    findings = storm(shore, random.Random(4), sandboxes=2, kills=4)
    # Then after a last reaping all leases have ended, and the account is as if nothing had happened
    assert len(shore.kills) >= 4
    assert findings + differences(before, inventory(account, REGION)) == [], shore.said()
