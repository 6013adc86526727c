"""Secrets are found in whatever file they are, by line, and never repeated."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.scan.secrets import look_for_secrets
from shoreward.app.checking import Running
from shoreward.domain import OperationError, Severity, SpecError

from .support import Yard, places

# Put together here, so that this file itself holds none.
AWS = "AKIA" + "Q3EGRIK7X4ABCDEF"
TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
WORD = "hunter2" + "-on-the-beach"
OURS = "sw" + "t_" + "0123456789ABCDEFGHIJabcdefghijWXYZ4yCqya"
LINE = f'key = "{AWS}"\n'


def yard(tmp_path: Path, **files: str | bytes) -> Yard:
    return Yard(tmp_path, {name.replace("__", "/").replace("_", "."): content for name, content in files.items()})


def test_a_secret_is_told_by_its_line_and_not_repeated(tmp_path: Path):
    report = yard(tmp_path, app_py=f"import os\n\n{LINE}").scan("secrets")
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("SECRET_AWS_ACCESS_KEY", Severity.CRITICAL)
    assert str(finding.where) == "app.py:3"
    assert dict(finding.details)["hash"] == hashlib.sha1(AWS.encode()).hexdigest()
    assert AWS not in repr(report)
    assert "allowlist" in finding.fix


@pytest.mark.parametrize(
    ("line", "rule", "severity"),
    [
        (f"token: {TOKEN}\n", "SECRET_GITHUB_TOKEN", Severity.HIGH),
        (f"shoreward --server https://shore.example # {OURS}\n", "SECRET_SHOREWARD_TOKEN", Severity.HIGH),
        (f"SHOREWARD_TOKEN={OURS}\n", "SECRET_SHOREWARD_TOKEN", Severity.HIGH),
        (f'password = "{WORD}"\n', "SECRET_KEYWORD", Severity.MEDIUM),
        ("-----BEGIN RSA " + "PRIVATE KEY-----\n", "SECRET_PRIVATE_KEY", Severity.CRITICAL),
    ],
)
def test_kinds_of_secrets(tmp_path: Path, line: str, rule: str, severity: Severity):
    (finding,) = yard(tmp_path, settings_txt=line).scan("secrets").findings
    assert (finding.rule, finding.severity) == (rule, severity)


def test_what_has_the_form_of_our_tokens_and_not_their_checksum_is_none(tmp_path: Path):
    assert yard(tmp_path, notes_md=f"It begins with {OURS[:-1]}b.\n").scan("secrets").findings == ()


def test_several_detectors_of_one_secret_are_one_finding(tmp_path: Path):
    (finding,) = yard(tmp_path, app_py=f'aws_secret_key = "{AWS}"\n').scan("secrets").findings
    assert finding.rule == "SECRET_AWS_ACCESS_KEY"
    assert "Secret Keyword" in dict(finding.details)["kinds"]


def test_every_kind_of_file_is_looked_at(tmp_path: Path):
    files = yard(
        tmp_path,
        _env=f"TOKEN={TOKEN}\n",
        docs__notes_md=f"Use {AWS}.\n",
        config__prod_yaml=f"key: {AWS}\n",
        app_ini=f"[aws]\nkey = {AWS}\n",
        wide_txt=f"ключ {AWS}\n".encode("utf-16"),
        old_txt=f"clé {AWS}\n".encode("latin-1"),
    )
    found = files.scan("secrets").findings
    assert {str(one.where) for one in found} == {
        ".env:1", "app.ini:2", "config/prod.yaml:1", "docs/notes.md:1", "old.txt:1", "wide.txt:1",
    }  # fmt: skip


def test_what_git_does_not_track_elsewhere_makes_no_difference(tmp_path: Path):
    files = yard(tmp_path, app_py="x = 1\n")
    (files.root / "secret.py").write_text(LINE)
    assert files.scan("secrets").findings == ()


def test_many_files_are_looked_at_like_few(tmp_path: Path):
    files = Yard(tmp_path, {f"code/m{number}.py": f"x = {number}\n" for number in range(30)})
    files.commit({"code/m17.py": LINE})
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY code/m17.py:1"]


def test_what_git_lfs_keeps_elsewhere_does_not_hide_the_rest(tmp_path: Path):
    files = Yard(tmp_path, {f"code/m{number}.py": f"x = {number}\n" for number in range(30)})
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    files.commit({"picture.psd": pointer, "code/m17.py": LINE})
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY code/m17.py:1"]


def test_a_name_that_is_no_utf_8_hides_nothing(tmp_path: Path):
    files = Yard(tmp_path, {os.fsdecode(b"cl\xe9.py"): LINE})
    for _ in range(2):
        assert places(files.scan("secrets").findings) == [r"SECRET_AWS_ACCESS_KEY cl\xe9.py:1"]
    assert scanned(files) == 0


def test_lock_files_and_binaries_are_left_out(tmp_path: Path):
    digest = hashlib.sha256(b"spade").hexdigest()
    lock = json.dumps({"packages": {"node_modules/spade": {"integrity": digest, "secret": digest}}})
    files = yard(
        tmp_path, **{"package-lock_json": lock, "sun__package-lock_json": lock, "uv_lock": f'hash = "{digest}"\n'}
    )
    files.commit({"picture.dat": b"\x00" + LINE.encode(), "requirements.txt": f"spade==1.0 --hash=sha256:{digest}\n"})
    assert files.scan("secrets").findings == ()


def test_a_comment_lets_a_line_be(tmp_path: Path):
    line = LINE.rstrip()
    text = f"{line}  # pragma: allowlist secret\n# pragma: allowlist nextline secret\n{LINE}{LINE}"
    assert places(yard(tmp_path, app_py=text).scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY app.py:4"]


def test_what_only_looks_like_a_secret_is_none(tmp_path: Path):
    text = """password = os.environ["PASSWORD"]
password = "{password}"
secret = get_secret("prod/db")
identity_id = "0c9fd3a1-4f2e-4f7c-9e59-0a7f5f1f6f10"
password = "${DB_PASSWORD}"
"""
    assert yard(tmp_path, app_py=text).scan("secrets").findings == ()


def test_what_pins_a_commit_or_an_image_is_none(tmp_path: Path):
    commit, image = hashlib.sha1(b"spade").hexdigest(), hashlib.sha256(b"spade").hexdigest()
    pins = f"""repos:
  - {{repo: https://example.org/hooks, rev: {commit}}}
  - uses: shore/setup@{commit}  # v4
  - ref: "{commit}"
  - image: sand/castle@sha256:{image}
"""
    other = f"signing: {commit}\n"
    assert yard(tmp_path / "pins", hooks_yaml=pins).scan("secrets").findings == ()
    assert len(yard(tmp_path / "other", hooks_yaml=pins + other).scan("secrets").findings) == 1


def baseline(**more: object) -> str:
    secret = {"type": "AWS Access Key", "hashed_secret": hashlib.sha1(AWS.encode()).hexdigest(), "line_number": 1}
    return json.dumps({"version": "1.5.0", "results": {"app.py": [secret | more]}})


def test_a_baseline_lets_known_secrets_be_in_their_files_only(tmp_path: Path):
    files = yard(tmp_path, _secrets_baseline=baseline(), app_py=f"import os\n{LINE}", other_py=LINE)
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY other.py:1"]


def test_a_secret_that_an_audit_confirmed_is_found(tmp_path: Path):
    files = yard(tmp_path, _secrets_baseline=baseline(is_secret=True), app_py=LINE)
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY app.py:1"]


def test_what_a_baseline_excludes_is_left_out(tmp_path: Path):
    excluding = "detect_secrets.filters.regex.should_exclude_"
    filters = [
        {"path": f"{excluding}file", "pattern": ["^samples/"]},
        {"path": f"{excluding}line", "pattern": ["not-a-key"]},
        {"path": "file://evil.py::filter"},
    ]
    files = yard(
        tmp_path,
        _secrets_baseline=json.dumps(
            {"filters_used": filters, "plugins_used": [{"name": "X", "path": "file://evil.py"}]}
        ),
        evil_py="raise SystemExit('never run')\n",
        samples__app_py=LINE,
        app_py=f"{LINE.rstrip()}  # not-a-key\n{LINE}",
    )
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY app.py:2"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"results": []}',
        '{"filters_used": [{"path": "detect_secrets.filters.regex.should_exclude_file", "pattern": ["("]}]}',
    ],
)
def test_a_baseline_that_cannot_be_read_is_a_mistake(tmp_path: Path, text: str):
    with pytest.raises(SpecError) as refused:
        yard(tmp_path, _secrets_baseline=text).scan("secrets")
    assert refused.value.code == "BASELINE_INVALID"
    assert str(refused.value.where) == ".secrets.baseline"


def test_a_file_that_is_too_large_to_look_at_is_named(tmp_path: Path):
    (finding,) = yard(tmp_path, data_csv="sand\n" * 1_100_000).scan("secrets").findings
    assert (finding.rule, finding.severity) == ("SECRETS_NOT_LOOKED_FOR", Severity.LOW)


# What was looked at before


def scanned(files: Yard) -> float:
    return dict(files.scan("secrets").measures)["scanned"]


def test_only_what_changed_is_looked_at_again(tmp_path: Path):
    files = yard(tmp_path, app_py=LINE, other_py="x = 1\n")
    first = files.scan("secrets")
    assert dict(first.measures) == {"files": 2.0, "scanned": 2.0}
    assert scanned(files) == 0
    files.commit({"other.py": LINE})
    again = files.scan("secrets")
    assert dict(again.measures)["scanned"] == 1
    assert places(again.findings) == ["SECRET_AWS_ACCESS_KEY app.py:1", "SECRET_AWS_ACCESS_KEY other.py:1"]


def test_a_memory_that_is_damaged_is_begun_anew(tmp_path: Path):
    files = yard(tmp_path, app_py=LINE)
    files.scan("secrets")
    (files.state / "secrets.db").write_bytes(b"nonsense" * 100)
    assert places(files.scan("secrets").findings) == ["SECRET_AWS_ACCESS_KEY app.py:1"]
    assert scanned(files) == 0


def test_another_engine_remembers_nothing_of_this_one(tmp_path: Path):
    files = yard(tmp_path, app_py=LINE)
    files.scan("secrets")
    with closing(sqlite3.connect(files.state / "secrets.db")) as connection, connection:
        connection.execute("UPDATE found SET engine = 'older', body = '[]'")
    assert len(files.scan("secrets").findings) == 1


lines = st.sampled_from(["x = 1\n", LINE, f'password = "{WORD}"\n', "# pragma: allowlist nextline secret\n"])
changes = st.dictionaries(st.sampled_from(["a.py", "b.yaml", "c/d.txt"]), st.lists(lines).map("".join), min_size=1)


@given(history=st.lists(changes, min_size=2, max_size=3))
@settings(max_examples=3, deadline=None)
def test_what_is_remembered_is_what_would_be_found(
    history: list[dict[str, str]], tmp_path_factory: pytest.TempPathFactory
):
    place = tmp_path_factory.mktemp("history")
    files = Yard(place, {"README.md": "Sand.\n"})
    for number, change in enumerate(history):
        files.commit(change)
        fresh = look_for_secrets(files.materials(built=False), Running(), place / f"fresh-{number}.db")
        assert files.scan("secrets").findings == fresh.findings


def test_the_key_changes_with_any_file(tmp_path: Path):
    files = yard(tmp_path, app_py="x = 1\n")
    before = files.key("secrets")
    assert files.key("secrets") == before
    files.commit({"notes.txt": "sand\n"})
    assert files.key("secrets") != before


def test_a_scan_that_nobody_waits_for_ends(tmp_path: Path):
    running = Running()
    running.stop.set()
    with pytest.raises(OperationError) as refused:
        look_for_secrets(yard(tmp_path, app_py=LINE).materials(built=False), running, tmp_path / "memory.db")
    assert refused.value.code == "SCAN_STOPPED"
