"""The page: tables between markers of docs/judge-benchmark.md, and figures beside it, written from the results."""

import re
from pathlib import Path

from benchmarks.judge.figures import FIGURES
from benchmarks.judge.summary import Results
from benchmarks.judge.tables import TABLES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "judge-benchmark.md"
MARKED = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(<!-- end -->)", re.DOTALL)


def with_tables(text: str, results: Results) -> str:
    """The page's text with every table written anew; a name that no table has is an error."""
    return MARKED.sub(lambda found: f"{found[1]}{TABLES[found['name']](results)}\n{found[4]}", text)


def write(results: Results) -> None:
    """Tables into the page, figures beside it."""
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    for name, draw in FIGURES.items():
        (DOCS / "figures" / f"{name}.svg").write_text(draw(results), encoding="utf-8")
