"""A client of a Shoreward server, for programs and for the command line.

    from shoreward.client import Client, Hold

    with Client("https://shore.example", token=os.environ["SHOREWARD_TOKEN"]) as client:
        for row in client.pipelines():
            print(row.application, row.standing)
        client.obey(Hold(release="sandcastles-12"), "the database is being moved")
        for event in client.stream():
            print(event.release, event.event)

What it sends and what it answers are the server's own types, so the two cannot differ. Errors are those of the server,
by their codes, and SERVER_UNREACHABLE, SERVER_REFUSED, VERSION_MISMATCH and TOKEN_EXPOSED of its own.
"""

from shoreward.app.people.commands import (
    Abort,
    Approve,
    BringBack,
    Command,
    Hold,
    LiftFreeze,
    LiftQuarantine,
    LiftStop,
    NameCulprit,
    Override,
    PlaceFreeze,
    Resume,
    Retry,
    RollBack,
    SetVariable,
    Skip,
    Stop,
)
from shoreward.client.client import Client
from shoreward.client.stream import Streamed

__all__ = [
    "Abort",
    "Approve",
    "BringBack",
    "Client",
    "Command",
    "Hold",
    "LiftFreeze",
    "LiftQuarantine",
    "LiftStop",
    "NameCulprit",
    "Override",
    "PlaceFreeze",
    "Resume",
    "Retry",
    "RollBack",
    "SetVariable",
    "Skip",
    "Stop",
    "Streamed",
]
