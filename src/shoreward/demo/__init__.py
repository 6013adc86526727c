"""The demo: the main job, end to end, on the embedded cloud.

    scenarios.py   what happens, as data: seven releases, and what each must come to
    scene.py       where it happens: a repository, the embedded cloud, the roles of two accounts
    beaches.py     the customers of every region, and their own account of what failed
    account.py     what the customers went through, and what the journal says, as a report
    aftermath.py   whether anything is left over, asked of the cloud itself
    play.py        one scenario after the other

Every release runs as `shoreward release`, in a process of its own, and nothing but the environment (an endpoint,
credentials) tells it that the cloud is embedded.
"""

from __future__ import annotations

from pathlib import Path


def run_demo(*, report: Path | None, keep: bool, faults: float, json: bool) -> int:
    """Run the demo; returns 0 when every scenario came to what it must."""
    from shoreward.demo.play import play

    return play(report=report, keep=keep, faults=faults, json=json)
