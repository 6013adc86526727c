"""Sandcastles with a layer and a helper that two functions share, and what people change in it: well, and badly.

Every change fits the application whatever other changes were made before; its unit tests pass with and without it, as
they must before anything is released. `Fault.seen` is what the judge sees of it in production.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shoreward.domain import Evidence, Judgement, Verdict

from .history import Link

EXAMPLE = Path(__file__).parents[2] / "examples" / "sandcastles"
TIDES, CASTLES, CONTEST = FUNCTIONS = ("TidesFunction", "CastlesFunction", "ContestFunction")


@dataclass(frozen=True, slots=True)
class Edit:
    """A text of a file, and what takes its place; a new file when there is no old text."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """A commit that does no harm."""

    subject: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A commit that does.

    Attributes:
        kind: where the mistake is.
        seen: functions and metrics that fail; a name with dashes is an alarm.
    """

    kind: str
    subject: str
    edits: tuple[Edit, ...]
    seen: tuple[tuple[str, str], ...]

    def judged(self) -> Judgement:
        """What the judge says on a target: these fail, and the other functions pass."""
        alarms = tuple(name for name, metric in self.seen if metric == "alarm")
        failing = dict(each for each in self.seen if each[1] != "alarm")
        evidence = () if alarms else tuple(_evidence(name, failing.get(name)) for name in FUNCTIONS)
        return Judgement(verdict=Verdict.FAIL, until=0.0, reason="it harms", evidence=evidence, alarms=alarms)


def _evidence(function: str, metric: str | None) -> Evidence:
    verdict = Verdict.FAIL if metric else Verdict.PASS
    return Evidence(
        function=function, metric=metric or "errors", verdict=verdict, canary_requests=500, baseline_requests=500
    )


def the_application() -> dict[str, str]:
    """The files as they are in production."""
    paths = [path for path in EXAMPLE.rglob("*") if path.is_file()]
    hidden = ("__pycache__", ".shoreward", ".pytest_cache", ".ruff_cache")
    files = {
        path.relative_to(EXAMPLE).as_posix(): path.read_text()
        for path in paths
        if not any(part in hidden for part in path.parts)
    }
    files["layers/words/python/words.py"] = WORDS
    files["shared/clock.py"] = CLOCK
    for function in ("castles", "contest"):
        files[f"functions/{function}/clock.py"] = Link("../../shared/clock.py")
    for edit in SETUP:
        files = edited(files, edit)
    return files


def edited(files: dict[str, str], edit: Edit) -> dict[str, str]:
    """The files after an edit, which must fit one place."""
    if not edit.old:
        assert edit.path not in files, edit.path
        return {**files, edit.path: edit.new}
    text = files[edit.path]
    assert text.count(edit.old) == 1, f"{edit.path} has {text.count(edit.old)} of: {edit.old}"
    return {**files, edit.path: text.replace(edit.old, edit.new)}


WORDS = '''"""What people on the beach say."""

GREETINGS = {"en": "Ahoy", "de": "Moin"}


def greeting(language="en"):
    """A word for whoever built a castle."""
    return GREETINGS[language]
'''
CLOCK = '''"""What time it is, as logs have it."""

from datetime import UTC, datetime


def stamp():
    """The moment, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
'''
SETUP = (
    Edit("pytest.ini", "functions/contest\n", "functions/contest layers/words/python\n"),
    Edit("functions/castles/castles.py", "from api import answer\n",
         "from api import answer\nfrom clock import stamp\n"),
    Edit("functions/castles/castles.py", "import uuid7\n", "import uuid7\nfrom words import greeting\n"),
    Edit("functions/castles/castles.py", '"x-version": context.function_version}',
         '"x-version": context.function_version, "x-greeting": greeting(), "x-at": stamp()}'),
    Edit("functions/contest/contest.py", "from botocore.exceptions import ClientError\n",
         "from botocore.exceptions import ClientError\nfrom clock import stamp\n"),
    Edit("functions/contest/contest.py", '    return judge(event["Records"]',
         '    logger.info("the jury meets", extra={"at": stamp()})\n    return judge(event["Records"]'),
    Edit("template.yaml", "  # Builds castles and shows them", """  # What people on the beach say.
  WordsLayer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layers/words/
      CompatibleRuntimes: [python3.12]
      CompatibleArchitectures: [arm64]

  # Builds castles and shows them"""),
    Edit("template.yaml", "      CodeUri: functions/castles/\n",
         "      CodeUri: functions/castles/\n      Layers: [!Ref WordsLayer]\n"),
)  # fmt: skip


def _one(subject: str, path: str, old: str, new: str) -> Change:
    return Change(subject, (Edit(path, old, new),))


CLEAN = (
    _one("Say what show answers", "functions/castles/api.py", "def show(castle_id, register):\n",
         'def show(castle_id, register):\n    """The castle, if there is one."""\n'),
    _one("Decode bodies in two steps", "functions/castles/api.py",
         'return base64.b64decode(body).decode(errors="replace") if event.get("isBase64Encoded") else body',
         'decoded = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()\n'
         '    return decoded.decode(errors="replace")'),
    _one("More shells", "functions/castles/building.py", '"shells": (0, 500)', '"shells": (0, 600)'),
    _one("Let nobody cache castles", "functions/castles/castles.py", '"content-type": "application/json"',
         '"content-type": "application/json", "cache-control": "no-store"'),
    _one("Log who asked how", "functions/castles/castles.py", '"status": status,',
         '"status": status, "method": event["routeKey"].split(" ")[0],'),
    _one("Explain the register", "functions/castles/register.py", '"""Keeps castles.',
         '"""Keeps castles, all of them.'),
    _one("Name what is found", "functions/castles/register.py", "return item and read_item(item)",
         "found = item and read_item(item)\n        return found"),
    _one("Say why shells count less", "functions/contest/scoring.py", "MOST = 100", "# Nobody is perfect.\nMOST = 100"),
    _one("Call it charm", "functions/contest/scoring.py", "    shells = 1.5 * sqrt(castle[\"shells\"])\n    return",
         "    charm = 1.5 * sqrt(castle[\"shells\"])\n    shells = charm\n    return"),
    _one("Log what the jury could not judge", "functions/contest/contest.py", '"castle not judged"',
         '"the castle could not be judged"'),
    _one("Say how many entries came", "functions/contest/contest.py", 'extra={"at": stamp()}',
         'extra={"at": stamp(), "entries": len(event["Records"])}'),
    _one("Annotate the readers", "functions/tides/tides.py", "def read_metres(text):",
         "def read_metres(text: str) -> float:"),
    _one("Watch the gauge for less time", "functions/tides/gauge.py", "WATCHED = 0.010", "WATCHED = 0.009"),
    _one("Low water, for later", "functions/tides/tide.py", "def next_flood(",
         "def lowest(beach: Beach) -> float:\n    return -beach.highest\n\n\ndef next_flood("),
    _one("Explain constituents", "functions/tides/tide.py", "MOON_HOURS = 12.4206012",
         "# Half a lunar day.\nMOON_HOURS = 12.4206012"),
    _one("Warn earlier of rough seas", "functions/tides/tides.py", '"the sea is rough, and higher than told"',
         '"the sea is rough: castles are in danger"'),
    _one("Read the beach's name once", "functions/tides/tides.py", "    beach = BEACHES[name]\n    at =",
         "    chosen = BEACHES[name]\n    beach = chosen\n    at ="),
    _one("Tag the team", "template.yaml", "      stage: !Ref Stage\n", "      stage: !Ref Stage\n      team: beach\n"),
    _one("Describe the API", "template.yaml", "Description: !Sub Sandcastles (${Stage})",
         "Description: !Sub The beach of Sandcastles (${Stage})"),
    _one("Keep dead letters for a week", "template.yaml", "MessageRetentionPeriod: 1209600",
         "MessageRetentionPeriod: 604800"),
    _one("Look at dead letters every five minutes", "template.yaml", "      Period: 60\n", "      Period: 300\n"),
    _one("Comment the table", "template.yaml", "  CastlesTable:\n    Type: AWS::DynamoDB",
         "  # One item for each castle.\n  CastlesTable:\n    Type: AWS::DynamoDB"),
    _one("Tell where the table is", "template.yaml", "  ContestQueueUrl:\n",
         "  CastlesTableArn:\n    Description: The table\n    Value: !GetAtt CastlesTable.Arn\n  ContestQueueUrl:\n"),
    _one("More memory for the jury", "template.yaml", "      Handler: contest.handler\n",
         "      Handler: contest.handler\n      MemorySize: 512\n"),
    _one("More time for the tide", "template.yaml", "      Handler: tides.handler\n",
         "      Handler: tides.handler\n      Timeout: 12\n"),
    _one("A variable for later", "template.yaml", "          CONTEST_QUEUE_URL: !Ref ContestQueue\n",
         "          CONTEST_QUEUE_URL: !Ref ContestQueue\n          SEASON: summer\n"),
    _one("Another greeting", "layers/words/python/words.py", '"de": "Moin"', '"de": "Moin", "nl": "Hoi"'),
    _one("Say what the clock is for", "shared/clock.py", "as logs have it", "as logs and headers have it"),
    _one("Describe the beach", "README.md", "A beach with an API", "A long beach with an API"),
    _one("A page about tides", "docs/tides.md", "", "# Tides\n\nThey come and go.\n"),
    _one("Test neap tides", "tests/unit/test_neap.py", "",
         "from tide import BEACHES\n\n\ndef test_spring_is_higher():\n    assert BEACHES['brighton'].highest > 2\n"),
    _one("A newer pytest", "requirements-dev.txt", "pytest>=8", "pytest>=8.1"),
    _one("Bake for more requests", "shoreward.yaml", "requests: 30", "requests: 40"),
    _one("Build on every push", ".github/workflows/build.yml", "", "on: push\njobs: {}\n"),
)  # fmt: skip


def _bad(kind: str, subject: str, path: str, old: str, new: str, *seen: tuple[str, str]) -> Fault:
    return Fault(kind, subject, (Edit(path, old, new),), seen)


FAULTS = (
    _bad("code", "Read the table's name once", "functions/castles/castles.py", 'os.environ["CASTLES_TABLE"]',
         'os.environ["CASTLE_TABLE"]', (CASTLES, "errors")),
    _bad("code", "A simpler queue", "functions/castles/castles.py",
         'boto3.resource("sqs").Queue(os.environ["CONTEST_QUEUE_URL"])', 'boto3.client("sqs")', (CASTLES, "errors")),
    _bad("code", "Tidy the jury", "functions/contest/contest.py", 'judge(event["Records"], ',
         'judge(event["records"], ',
         (CONTEST, "errors")),
    _bad("code", "Wait for calm water", "functions/tides/gauge.py", "time.sleep(WATCHED)",
         "for _ in range(20):\n        time.sleep(WATCHED)", (TIDES, "latency")),
    _bad("code", "Log the beach's name", "functions/tides/tides.py", 'extra={"beach": name,', 'extra={"name": name,',
         (TIDES, "errors")),
    _bad("code", "Fine-grained charm", "functions/contest/scoring.py", "    towers = 5 *",
         "    for _ in range(castle[\"shells\"] * 20_000):\n        pass\n    towers = 5 *", (CONTEST, "latency")),
    _bad("shared helper", "Beach time", "shared/clock.py", "datetime.now(UTC)",
         'datetime.now(ZoneInfo("Europe/Helgoland"))',
         (CASTLES, "errors"), (CONTEST, "errors")),
    _bad("layer", "Greet in the visitor's language", "layers/words/python/words.py", 'def greeting(language="en")',
         'def greeting(language="dk")', (CASTLES, "errors")),
    _bad("memory", "Castles need less memory", "template.yaml", "      Handler: castles.handler\n",
         "      Handler: castles.handler\n      MemorySize: 128\n", (CASTLES, "latency")),
    _bad("memory", "Less memory for everybody", "template.yaml", "    MemorySize: 256\n", "    MemorySize: 128\n",
         (CASTLES, "latency"), (TIDES, "latency"), (CONTEST, "latency")),
    _bad("timeout", "Castles answer within a second", "template.yaml", "      Handler: castles.handler\n",
         "      Handler: castles.handler\n      Timeout: 1\n", (CASTLES, "errors")),
    _bad("timeout", "Nobody waits for ten seconds", "template.yaml", "    Timeout: 10\n", "    Timeout: 1\n",
         (CASTLES, "errors"), (CONTEST, "errors")),
    _bad("environment", "Name the table by its ARN", "template.yaml",
         "          CASTLES_TABLE: !Ref CastlesTable\n      Policies:\n        - DynamoDBWritePolicy:",
         "          CASTLES_TABLE: !Sub ${AWS::StackName}-castles\n      Policies:\n        - DynamoDBWritePolicy:",
         (CONTEST, "errors")),
    _bad("environment", "Shorter names", "template.yaml", "          CONTEST_QUEUE_URL: !Ref",
         "          QUEUE_URL: !Ref", (CASTLES, "errors")),
    _bad("rights", "The jury asks by itself", "template.yaml",
         "        - SQSSendMessagePolicy:\n            QueueName: !GetAtt ContestQueue.QueueName\n", "",
         (CASTLES, "errors")),
    _bad("rights", "Castles only read", "template.yaml",
         "        - DynamoDBReadPolicy:\n            TableName: !Ref CastlesTable\n        - DynamoDBWritePolicy:\n"
         "            TableName: !Ref CastlesTable\n",
         "        - DynamoDBReadPolicy:\n            TableName: !Ref CastlesTable\n", (CASTLES, "errors")),
    _bad("dependency", "Pin an older uuid6", "functions/castles/requirements.txt", "uuid6==2025.0.1",
         "uuid6==2024.7.10", (CASTLES, "errors")),
    _bad("events", "Shorter addresses", "template.yaml", "            Method: PUT\n            Path: /castles/{id}",
         "            Method: PUT\n            Path: /castle/{id}", (CASTLES, "requests")),
    _bad("caller", "Send the jury less", "functions/castles/register.py", "json.dumps(entry)",
         'json.dumps({name: entry[name] for name in entry if name != "shells"})',
         ("sandcastles-unjudged-castles", "alarm")),
)  # fmt: skip
