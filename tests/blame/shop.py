"""A repository with a release of six commits, of which the third one spoils the prices."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from checking.shop import PIPELINE, TEMPLATE
from cli.support import Said, shoreward
from shoreward.adapters.journal import SqliteJournal
from shoreward.core import events as e
from shoreward.domain import Evidence, Judgement, Verdict
from shoreward.spec.load import parse

from .history import Past, git

HARM = Judgement(
    verdict=Verdict.FAIL,
    until=0.0,
    reason="errors of Hello rose",
    evidence=(Evidence(function="Hello", metric="errors", verdict=Verdict.FAIL),),
)
FILES = {
    "shoreward.yaml": PIPELINE + "  suites:\n    - {name: prices, kind: unit, run: sh check.sh}\n",
    "template.yaml": TEMPLATE,
    "code/hello.py": "def handler(event, context):\n    return 5\n",
    "code/prices.txt": "5\n",
    "check.sh": "true\n",
}


SEES = "grep -q 5 code/prices.txt\n"
"""A suite that sees the harm."""


class Shop:
    """The repository, its journal, and the commits from the one that is live to the one that was released.

    Args:
        wanted: the rest of shoreward.yaml.
        suite: what the suite runs; as a rule it does not see that prices are wrong.
    """

    def __init__(self, root: Path, wanted: str = "", suite: str = FILES["check.sh"]) -> None:
        past = Past(root)
        first = {**FILES, "shoreward.yaml": FILES["shoreward.yaml"] + wanted, "check.sh": suite}
        self.root, self.line = root, [past.commit(first, "As it is in production")]
        for number in range(1, 7):
            files = {**past.files(self.line[-1]), f"code/more{number}.py": f"X = {number}\n"}
            if number == 3:
                files["code/prices.txt"] = "6\n"
            self.line.append(past.commit(files, f"Change {number}", self.line[-1]))
        past.branch("main", self.line[-1])
        git(root, "checkout", "--quiet", "main")
        (root / ".shoreward").mkdir()
        with closing(SqliteJournal(root / ".shoreward" / "journal.db")) as journal:
            pipeline = parse(first["shoreward.yaml"], "shoreward.yaml")
            opened = e.ReleaseOpened(
                at=1.0, pipeline=pipeline, commit=self.line[-1], subject="Six", by="kim", before=self.line[0]
            )
            self.release = journal.open(opened)
            journal.append(self.release, 1, [e.TargetJudged(at=2.0, target=pipeline.targets[0].key, judgement=HARM)])
        (root / "check.sh").write_text(SEES)

    def blame(self, *arguments: str) -> Said:
        return shoreward("blame", *arguments, at=self.root)
