"""Keeping reports: one contract for memory, a folder and S3; and nothing that is damaged is ever taken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoreward.adapters.keep import BucketShelf, FolderShelf, LayeredKeep, Shelf, ShelfKeep, ShelfMemory
from shoreward.adapters.keep.codec import Unreadable, Unwritable, decode, encode
from shoreward.app.checking.check import Report
from shoreward.app.checking.keep import Kept
from shoreward.app.checking.schedule import Past
from shoreward.domain import Finding, Place, Severity, SpecError, Terminal
from shoreward.testing.cloud import CloudAccount
from shoreward.testing.shelf import MemoryShelf

from .support import NOON, Blobs, World, finding, result, toy, verdicts

KEY = "ab" * 32

FULL = Report(
    findings=(
        finding(
            "IAM_BROADENED",
            Severity.CRITICAL,
            what="Zwölf Möwen dürfen alles.",
            why="Why?",
            fix="Less.",
            where=Place(file="template.yaml", line=3, column=7),
            subject="Role",
            details=(("action", "s3:*"), ("action", "sqs:*")),
        ),
        finding(where=Place(file="a.py")),
    ),
    summary="2 rules",
    product='{"a": 1}',
    measures=(("rules", 2.0), ("seconds", 0.1)),
    log="said\nthis",
)


def kept(report: Report = FULL, key: str = KEY) -> Kept:
    return Kept(key=key, check="policies", report=report, seconds=1.25, at=NOON + 0.123)


Make = Callable[[], Shelf]


@pytest.fixture(params=["memory", "folder", "bucket"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Opens the same shelf again and again, as processes do."""
    if request.param == "memory":
        shelf = MemoryShelf()
        return lambda: shelf
    if request.param == "folder":
        return lambda: FolderShelf(tmp_path / "not" / "there yet")
    account: CloudAccount = request.getfixturevalue("cloud_account")
    reach(account, monkeypatch)
    account.client("s3").create_bucket(Bucket=bucket(account))
    return lambda: BucketShelf(f"s3://{bucket(account)}/team/checks/")


def bucket(account: CloudAccount) -> str:
    """Names of buckets are all the world's."""
    return f"verdicts-{account.account_id}"


def reach(account: CloudAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's environment leads to an account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": account.endpoint,
        "AWS_ACCESS_KEY_ID": account.account_id,
        "AWS_SECRET_ACCESS_KEY": "embedded-cloud",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def keep(shelf: Shelf, warnings: list[str] | None = None) -> ShelfKeep:
    return ShelfKeep(shelf, ([] if warnings is None else warnings).append)


# The contract of every shelf


def test_what_was_kept_is_found_by_the_next_process(make: Make) -> None:
    keep(make()).put(kept())
    assert keep(make()).get(KEY) == kept()


def test_what_was_never_kept_is_not_there(make: Make) -> None:
    warnings: list[str] = []
    assert keep(make(), warnings).get(KEY) is None
    assert warnings == []


def test_the_later_report_replaces_the_earlier(make: Make) -> None:
    keep(make()).put(kept())
    keep(make()).put(kept(Report(summary="later")))
    found = keep(make()).get(KEY)
    assert found
    assert found.report.summary == "later"


def test_what_is_dropped_is_gone_and_dropping_again_is_harmless(make: Make) -> None:
    keep(make()).put(kept())
    for _ in range(2):
        keep(make()).drop(KEY)
    assert keep(make()).get(KEY) is None


def test_files_that_reports_speak_of_are_found_by_their_digest(make: Make) -> None:
    digest = Blobs().put(b"sbom")
    keep(make()).put_file(digest, b"sbom")
    assert keep(make()).file(digest) == b"sbom"
    assert keep(make()).file("0" * 64) is None


def test_a_file_that_is_not_what_its_name_says_is_not_there(make: Make) -> None:
    keep(make()).put_file("0" * 64, b"other")
    assert keep(make()).file("0" * 64) is None


def test_the_history_is_remembered(make: Make) -> None:
    past = {"unit": Past(failed=True, seconds=1.5)}
    ShelfMemory(make()).remember(past)
    assert ShelfMemory(make()).recall() == past


# Damage

ENCODED = encode(kept())


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(ENCODED) | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        ENCODED[:-1],
        ENCODED.replace(b"critical", b"low", 1),
        ENCODED.replace(KEY.encode(), b"cd" * 32),
        changed(form=2),
        changed(form="1"),
        changed(kept=None),
        changed(more=1),
    ],
    ids=range(13),
)
def test_what_is_damaged_is_not_there_and_somebody_is_told(content: bytes) -> None:
    warnings: list[str] = []
    assert keep(MemoryShelf({f"{KEY}.json": content}), warnings).get(KEY) is None
    assert len(warnings) == 1


def test_a_report_under_another_name_is_refused() -> None:
    other = "cd" * 32
    with pytest.raises(Unreadable):
        decode(ENCODED, other)
    assert keep(MemoryShelf({f"{other}.json": ENCODED})).get(other) is None


@given(st.integers(0, len(ENCODED) - 1), st.integers(0, 255))
def test_no_changed_byte_makes_another_report(at: int, byte: int) -> None:
    content = bytearray(ENCODED)
    content[at] = byte
    try:
        assert decode(bytes(content), KEY) == kept()
    except Unreadable:
        assert bytes(content) != ENCODED


texts = st.text(max_size=20)
reports = st.builds(
    Report,
    findings=st.lists(
        st.builds(
            Finding,
            rule=texts,
            severity=st.sampled_from(Severity),
            what=texts,
            subject=texts,
            where=st.none() | st.builds(Place, file=texts, line=st.none() | st.integers(1, 10**6)),
            details=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    summary=texts,
    measures=st.lists(st.tuples(texts, st.floats()), max_size=2).map(tuple),
)


@given(reports)
def test_every_report_is_read_back_as_it_was_or_refused(report: Report) -> None:
    try:
        content = encode(kept(report))
    except Unwritable:
        return
    assert decode(content, KEY) == kept(report)


def test_a_report_that_json_cannot_say_is_not_kept() -> None:
    shelf, warnings = MemoryShelf(), list[str]()
    keep(shelf, warnings).put(kept(Report(measures=(("rate", float("nan")),))))
    assert (shelf.content, len(warnings)) == ({}, 1)


def test_a_damaged_report_of_ones_own_means_another_look() -> None:
    world = World()
    world.run(toy("unit", finding()))
    (name,) = [name for name in world.shelf.content if name != "history.json"]
    world.shelf.content[name] = world.shelf.content[name].replace(b"high", b"note")
    answer = world.run(toy("unit", finding()))
    assert (verdicts(answer), result(answer, "unit").kept, len(world.warnings)) == ({"unit": "fail"}, False, 1)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"unit": 1}', b'{"unit": {"failed": 1}}', b"\xff"])
def test_a_damaged_history_is_forgotten(content: bytes) -> None:
    assert ShelfMemory(MemoryShelf({"history.json": content})).recall() == {}


# A folder


def test_a_folder_that_cannot_be_written_is_told_once_and_done_without(tmp_path: Path) -> None:
    (tmp_path / "checks").write_text("a file, no folder")
    warnings: list[str] = []
    here = keep(FolderShelf(tmp_path / "checks"), warnings)
    here.put(kept())
    here.put(kept())
    assert here.get(KEY) is None
    assert len(warnings) == 1
    assert "KEEP_REFUSED" in warnings[0]


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    keep(FolderShelf(tmp_path)).put(kept())
    assert [path.name for path in tmp_path.iterdir()] == [f"{KEY}.json"]


def test_sweeping_takes_what_nobody_asked_for_in_a_long_time(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    for name, age in (("old", 100.0), ("new", 10.0), ("asked", 100.0)):
        shelf.put(name, b"1")
        os.utime(tmp_path / name, (NOON - age, NOON - age))
    shelf.get("asked")
    assert shelf.sweep(NOON, age=50.0, size=1_000) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"new", "asked"}


def test_sweeping_takes_the_oldest_until_little_enough_is_left(tmp_path: Path) -> None:
    shelf = FolderShelf(tmp_path)
    for name, age in (("files/a", 30.0), ("b", 20.0), ("c", 10.0)):
        shelf.put(name, b"12345")
        os.utime(tmp_path / name, (NOON - age, NOON - age))
    assert shelf.sweep(NOON, age=1_000.0, size=12) == 1
    assert not (tmp_path / "files" / "a").exists()


def test_sweeping_where_nothing_was_kept_is_harmless(tmp_path: Path) -> None:
    assert FolderShelf(tmp_path / "nowhere").sweep(NOON, age=1.0, size=1) == 0


# A team


def test_what_one_has_run_another_need_not() -> None:
    team = MemoryShelf()
    kim, noor = World(shared=team), World(shared=team)
    kim.run(toy("unit", finding()))
    answer = noor.run(toy("unit"))
    assert (verdicts(answer), result(answer, "unit").kept) == ({"unit": "fail"}, True)
    noor.shared = None
    assert result(noor.run(toy("unit")), "unit").kept, "it has become one's own"


def test_files_travel_with_the_report_that_speaks_of_them() -> None:
    team = MemoryShelf()
    kim, noor = World(shared=team), World(shared=team)
    sbom = toy("sbom", does=lambda *_: Report(files=(("sbom.json", kim.blobs.put(b"sbom")),)))
    kim.run(sbom)
    (answer,) = noor.run(toy("sbom")).results
    ((_, digest),) = answer.report.files
    assert (answer.kept, noor.blobs.get(digest)) == (True, b"sbom")


@pytest.mark.parametrize("damage", [None, b"other"])
def test_a_report_without_its_files_is_not_there(damage: bytes | None) -> None:
    team = MemoryShelf()
    kim, noor = World(shared=team), World(shared=team)
    kim.run(toy("sbom", does=lambda *_: Report(files=(("sbom.json", kim.blobs.put(b"sbom")),))))
    (name,) = [name for name in team.content if name.startswith("files/")]
    if damage is None:
        del team.content[name]
    else:
        team.content[name] = damage
    assert not result(noor.run(toy("sbom")), "sbom").kept


def test_a_shared_report_that_was_found_wrong_is_forgotten_by_all() -> None:
    team = MemoryShelf()
    kim, noor = World(shared=team), World(shared=team)
    kim.run(toy("unit"))
    noor.run(toy("unit", finding()), use="verify")
    assert team.content == {}


class Gone:
    """A shelf that nobody can reach."""

    def __init__(self) -> None:
        self.asked = 0

    def _refuse(self) -> Any:
        self.asked += 1
        raise Terminal("KEEP_UNREACHABLE", "Nobody answers.")

    def get(self, name: str) -> bytes | None:
        return self._refuse()

    def put(self, name: str, content: bytes) -> None:
        self._refuse()

    def drop(self, name: str) -> None:
        self._refuse()


def test_a_team_that_cannot_be_reached_is_told_once_and_done_without() -> None:
    gone, warnings = Gone(), list[str]()
    both = LayeredKeep(keep(MemoryShelf()), keep(gone, warnings), Blobs())
    for key in (KEY, "cd" * 32):
        assert both.get(key) is None
        both.put(kept(key=key))
        assert both.get(key) == kept(key=key)
    assert (gone.asked, len(warnings)) == (1, 1)


@pytest.mark.parametrize("address", ["s3://", "s3:///prefix", "http://bucket/prefix", "bucket"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SpecError, match="KEEP_ADDRESS"):
        BucketShelf(address)


def test_a_bucket_that_is_not_there_is_told_in_words(
    cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(cloud_account, monkeypatch)
    warnings: list[str] = []
    assert keep(BucketShelf("s3://nowhere/checks"), warnings).get(KEY) is None
    assert "KEEP_REFUSED" in warnings[0]
    assert "NoSuchBucket" in warnings[0]


def test_an_s3_that_nobody_answers_for_is_told_in_words(
    cloud_account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(cloud_account, monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    warnings: list[str] = []
    assert keep(BucketShelf("s3://nowhere/checks"), warnings).get(KEY) is None
    assert "KEEP_UNREACHABLE" in warnings[0]
