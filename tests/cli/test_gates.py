"""Gates on the embedded cloud: a closed window holds a wave, and a person's word lets it go."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from shoreward.core import events as e
from shoreward.domain import Outcome

from .support import Kiosk

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def gated(kiosk: Kiosk) -> str:
    """A pipeline whose second wave opens in three days, at noon in Reykjavik; returns when that is, by its clock."""
    today = datetime.now(UTC)
    opening = datetime.fromtimestamp(today.timestamp() + 3 * 86_400, UTC)
    day = DAYS[opening.weekday()]
    window = f"{{open: [{{days: {day}, from: 12:00, to: 13:00}}], zone: Atlantic/Reykjavik}}"
    kiosk.edit(
        "shoreward.yaml",
        "targets: [main/us-east-1]",
        f"targets: [main/us-east-1], gates: {{office: {{window: {window}}}, manager: {{approval: the figures}}}}",
    )
    return f"{opening:%Y-%m-%d} 12:00"


def test_a_closed_window_holds_a_wave_until_a_person_lets_it_go(kiosk: Kiosk):
    opens = gated(kiosk)
    kiosk.says("hello")
    planned = kiosk.run("plan")
    assert planned.code == 0, planned.all
    assert "gate office (window): opens" in planned.out
    assert kiosk.run("release", "--detach").code == 0

    with kiosk.customers(), kiosk.running("run", "--json") as carrier:
        # Given a release that has baked its first wave
        kiosk.wait_for("kiosk-1", e.WaveBaked)

        # Then it waits before the second one, and says for what and until when
        blockers = {each["gate"]: each for each in kiosk.run("status", "--json").json["blockers"]}
        assert set(blockers) == {"office", "manager"}
        assert blockers["office"]["until"] > time.time()
        assert blockers["office"]["zone"] == "Atlantic/Reykjavik"
        assert blockers["manager"]["person"]
        assert opens in kiosk.run("status").out
        why = kiosk.run("why").out
        assert "waits: wave south: gate office: these are not its hours in us-east-1 (opens " in why
        assert opens in why
        shown = kiosk.run("gates").out
        assert opens in shown
        assert "closed" in shown
        assert [each["open"] for each in kiosk.run("gates", "--json").json["gates"]] == [False, False]

        # And when a person opens one, the other still holds it
        assert kiosk.run("approve", "kiosk-1", "office", "-m", "no").code == 2
        assert kiosk.run("approve", "kiosk-1", "manager", "-m", "they are good").code == 0
        assert {each["gate"] for each in kiosk.run("status", "--json").json["blockers"]} == {"office"}
        assert not [event for event in kiosk.events("kiosk-1") if isinstance(event, e.WaveEntered) and event.wave]

        # And when both are open, it goes on
        told = kiosk.run("override", "kiosk-1", "office", "-m", "it mends an outage", "--json").json
        assert (told["gate"], told["wave"], told["why"]) == ("office", "south", "it mends an outage")
        _, err = carrier.communicate()
        assert (carrier.returncode, err) == (0, "")

    assert kiosk.state("kiosk-1").outcome is Outcome.SUCCEEDED
    assert "it mends an outage" in kiosk.run("why").out
    assert kiosk.run("gates", "--json").json == {"id": "kiosk-1", "gates": []}
