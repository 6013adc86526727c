"""What happens in the demo: seven changes that a team might merge, and what each must come to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shoreward.domain import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change to a file of the application: one text for another."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Make the change; a text that is not there is a mistake in the demo."""
        path = root / self.file
        text = path.read_text()
        if self.old not in text:
            raise LookupError(f"{self.file} does not contain {self.old!r}")
        path.write_text(text.replace(self.old, self.new))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One release.

    Attributes:
        subject: the commit's subject.
        story: what a spectator should know.
        incident: whether DynamoDB has an incident, for old and new code alike, while the second wave bakes.
        slow: whether its harm is that customers wait longer, from the first of them on.
        mends: why a person says that it mends what the release before it harmed with, "" where nobody has to: what is
            built upon harm stays in quarantine until somebody has said so, or it is reverted.
    """

    name: str
    subject: str
    story: str
    outcome: Outcome
    edits: tuple[Edit, ...] = ()
    incident: bool = False
    slow: bool = False
    mends: str = ""


_TIDE = "functions/tides/tide.py"
_TIDES = "functions/tides/tides.py"
_GAUGE = "functions/tides/gauge.py"
_HEADERS = '    headers = {"content-type": "application/json", "x-version": context.function_version}\n'
_LIFEGUARDS = """# Who watches the bathers; Brighton has its own people.
LIFEGUARDS = {
    "eu-north-1": "Astrid",
    "eu-west-1": "Aoife",
    "ap-southeast-2": "Ruby",
    "eu-central-1": "Jonas",
    "us-east-1": "Grace",
    "us-west-2": "Dana",
    "ap-northeast-1": "Haruto",
}


"""
_GUARDED = """    if name != "brighton":
        answer["lifeguard"] = LIFEGUARDS[os.environ["AWS_REGION"]]
"""

_WARNED = """    if name in BIG_WAVES:
        answer["warning"] = f"waves of up to {BIG_WAVES[name]:d} m"
"""
_BIG_WAVES = """# Metres, as the lighthouse has measured them.
BIG_WAVES = {"nazare": 26.2}


"""

SCENARIOS = (
    Scenario(
        name="first release",
        subject="Sandcastles",
        story="The application is deployed for the first time, to eight regions in two accounts, wave by wave.",
        outcome=Outcome.SUCCEEDED,
    ),
    Scenario(
        name="good release",
        subject="Brighton's tides as measured this summer",
        story="A good change passes all four waves by itself, each beginning with a one-box.",
        outcome=Outcome.SUCCEEDED,
        edits=(Edit(file=_TIDE, old="Beach(moon=2.2,", new="Beach(moon=2.21,"),),
    ),
    Scenario(
        name="bad release",
        subject="Warn of Nazare's big waves",
        story="One request in twenty to the tides function now fails, which no test noticed. It must stay in wave one.",
        outcome=Outcome.ROLLED_BACK,
        edits=(
            Edit(file=_TIDES, old="class BadQuestion", new=f"{_BIG_WAVES}class BadQuestion"),
            Edit(file=_TIDES, old=_HEADERS, new=_WARNED + _HEADERS),
        ),
    ),
    Scenario(
        name="bad in one region",
        subject="Big waves have no whole metres; name the lifeguard",
        story="Works everywhere but in sa-east-1, which has no lifeguard. Two waves have finished when that shows.",
        outcome=Outcome.ROLLED_BACK,
        mends="warnings have no whole metres any more",
        edits=(
            Edit(file=_TIDES, old="{BIG_WAVES[name]:d}", new="{BIG_WAVES[name]:.0f}"),
            Edit(file=_TIDES, old="import logging\n", new="import logging\nimport os\n"),
            Edit(file=_TIDES, old="class BadQuestion", new=f"{_LIFEGUARDS}class BadQuestion"),
            Edit(file=_TIDES, old=_HEADERS, new=_GUARDED + _HEADERS),
        ),
    ),
    Scenario(
        name="the fix",
        subject="A lifeguard for Sao Paulo",
        story="The descendant that carries the fix goes all the way.",
        outcome=Outcome.SUCCEEDED,
        mends="Sao Paulo has a lifeguard now",
        edits=(
            Edit(
                file=_TIDES,
                old='    "us-east-1": "Grace",\n',
                new='    "us-east-1": "Grace",\n    "sa-east-1": "Iara",\n',
            ),
        ),
    ),
    Scenario(
        name="good release in an incident",
        subject="Nazare's tides as measured this summer",
        story="DynamoDB fails for old and new code alike while the second wave bakes. That is no reason to go back.",
        outcome=Outcome.SUCCEEDED,
        edits=(Edit(file=_TIDE, old="Beach(moon=1.0,", new="Beach(moon=1.02,"),),
        incident=True,
    ),
    Scenario(
        name="slow release",
        subject="Watch the gauge for longer",
        story="Nothing fails, but the tides take about 40 % longer. That is harm, too, and must stay in wave one.",
        outcome=Outcome.ROLLED_BACK,
        edits=(Edit(file=_GAUGE, old="WATCHED = 0.010", new="WATCHED = 0.0145"),),
        slow=True,
    ),
)
