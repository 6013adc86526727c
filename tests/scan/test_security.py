"""Unsafe code in functions is told by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.adapters.scan.engine import scan
from shoreward.app.checking import Running
from shoreward.domain import Severity, Terminal

from .support import TEMPLATE, Yard, places

SHELL = "import subprocess\n\n\ndef handler(event, context):\n    subprocess.run(event['command'], shell=True)\n"
EVAL = "def handler(event, context):\n    return eval(event)\n"


def yard(tmp_path: Path, **files: str) -> Yard:
    return Yard(
        tmp_path, {"template.yaml": TEMPLATE} | {f"{name.replace('__', '/')}.py": text for name, text in files.items()}
    )


def test_unsafe_code_is_told_by_its_line(tmp_path: Path):
    findings = yard(tmp_path, tide__app=SHELL).scan("security").findings
    (worst,) = [finding for finding in findings if finding.severity is Severity.HIGH]
    assert worst.rule == "B602"
    assert str(worst.where) == "tide/app.py:5:5"
    assert "shell=True" in worst.what
    assert worst.why.startswith("CWE-78: subprocess popen with shell equals true")
    assert worst.subject == "tide/app.py"


def test_safe_code_gives_no_finding(tmp_path: Path):
    report = yard(tmp_path, tide__app="def handler(event, context):\n    return 1\n").scan("security")
    assert report.findings == ()
    assert report.summary == "1 Python file, 1 of them new"


def test_a_comment_lets_a_line_be_for_one_test_or_for_all(tmp_path: Path):
    text = EVAL.rstrip()
    files = yard(
        tmp_path,
        tide__one=f"{text}  # nosec B307\n",
        tide__two=f"{text}  # nosec\n",
        tide__three=f"{text}  # nosec B602\n",
    )
    assert places(files.scan("security").findings) == ["B307 tide/three.py:2:12"]


def test_doubtful_findings_weigh_less(tmp_path: Path):
    query = "def find(db, name):\n    return db.execute('SELECT * FROM beach WHERE name = %s' % name)\n"
    (finding,) = yard(tmp_path, tide__app=query).scan("security").findings
    assert (finding.rule, dict(finding.details)["confidence"], finding.severity) == ("B608", "medium", Severity.MEDIUM)
    word = "def connect(user, secret='' + 'sand'):\n    return user\n"
    assert yard(tmp_path / "other", tide__app=word).scan("security").findings == ()


def test_a_functions_only_folder_is_no_danger(tmp_path: Path):
    code = "def keep(text):\n    with open('/tmp/castles', 'w') as file:\n        file.write(text)\n"
    (finding,) = yard(tmp_path, tide__app=code).scan("security").findings
    assert (finding.rule, finding.severity) == ("B108", Severity.LOW)


def test_only_the_code_of_functions_is_looked_at_and_not_its_tests(tmp_path: Path):
    files = yard(
        tmp_path,
        tide__app=EVAL,
        wind__deep__code=EVAL,
        tide__test_app=EVAL,
        tide__tests__any=EVAL,
        scripts__release=EVAL,
    )
    assert places(files.scan("security").findings) == ["B307 tide/app.py:2:12", "B307 wind/deep/code.py:2:12"]


def test_a_folder_that_is_called_like_tests_is_looked_at_when_it_is_a_function(tmp_path: Path):
    template = TEMPLATE.replace("CodeUri: tide/", "CodeUri: tests/")
    files = Yard(tmp_path, {"template.yaml": template, "tests/app.py": EVAL})
    assert places(files.scan("security").findings) == ["B307 tests/app.py:2:12"]


@pytest.mark.parametrize("template", ["", "Resources: ["])
def test_without_a_template_that_can_be_read_all_code_is_looked_at(tmp_path: Path, template: str):
    files = Yard(tmp_path, {"template.yaml": template, "anywhere/app.py": EVAL, "tests/test_app.py": EVAL})
    assert places(files.scan("security").findings) == ["B307 anywhere/app.py:2:12"]


def test_code_that_cannot_be_parsed_is_named(tmp_path: Path):
    (finding,) = yard(tmp_path, tide__app="def handler(:\n").scan("security").findings
    assert (finding.rule, finding.severity) == ("SECURITY_NOT_LOOKED_AT", Severity.MEDIUM)
    assert str(finding.where) == "tide/app.py"


def test_only_what_changed_is_looked_at_again(tmp_path: Path):
    files = yard(tmp_path, tide__app=EVAL, wind__app="x = 1\n")
    assert dict(files.scan("security").measures) == {"files": 2.0, "scanned": 2.0}
    files.commit({"wind/app.py": EVAL})
    report = files.scan("security")
    assert dict(report.measures) == {"files": 2.0, "scanned": 1.0}
    assert places(report.findings) == ["B307 tide/app.py:2:12", "B307 wind/app.py:2:12"]


def test_the_key_changes_with_code_and_template_only(tmp_path: Path):
    files = yard(tmp_path, tide__app=EVAL)
    first = files.key("security")
    files.commit({"README.md": "Sand.\n"})
    assert files.key("security") == first
    files.commit({"tide/app.py": EVAL + "\n"})
    second = files.key("security")
    files.commit({"template.yaml": TEMPLATE + "\n"})
    assert len({first, second, files.key("security")}) == 3


# The engines


def test_many_files_are_dealt_out_and_all_are_answered_for(tmp_path: Path):
    contents = {f"code/m{number}.py": (EVAL + "# sand\n" * 20_000).encode() for number in range(6)}
    found = scan("security", contents, None, Running().stop, cores=2)
    assert sorted(found) == sorted(contents)
    assert {len(one["issues"]) for one in found.values()} == {1}


def test_an_engine_that_crashes_is_an_error_with_its_last_words():
    with pytest.raises(Terminal) as refused:
        scan("no_such", {"app.py": b""}, None, Running().stop)
    assert refused.value.code == "SCAN_FAILED"
    assert "No such file" in refused.value.what


def test_an_engine_that_does_not_understand_what_it_is_asked_is_an_error():
    with pytest.raises(Terminal) as refused:
        scan("secrets", {"app.py": b""}, None, Running().stop)
    assert refused.value.code == "SCAN_FAILED"
    assert "TypeError" in refused.value.what


def test_code_that_is_looked_at_is_never_run(tmp_path: Path):
    trap = "raise SystemExit('this was run')\n"
    contents = {f"{name}.py": trap.encode() for name in ("bandit/__init__", "yaml", "ast", "json", "sitecustomize")}
    found = scan("security", contents, None, Running().stop)
    assert {one["skipped"] for one in found.values()} == {""}
