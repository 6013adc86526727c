"""Advisories from OSV's API and from its archives: the same answers, and no answer is ever taken for a good one."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoreward.adapters.scan.api import OsvApi
from shoreward.adapters.scan.archive import OsvArchives
from shoreward.adapters.scan.component import Package
from shoreward.adapters.scan.http import Patience
from shoreward.domain import OperationError, Retryable, Terminal
from shoreward.testing.advisories import AdvisoryServer, Trouble, an_advisory, write_archive

from .support import NOON

SPADE = Package("PyPI", "spade", "1.4")
BUCKET = Package("npm", "@beach/bucket", "2.0.0")
QUICK = Patience(attempts=3, pause=0.001, timeout=5)
DAY = 86_400.0


def advisory(identity: str = "GHSA-a", package: Package = SPADE, **more: Any) -> dict[str, Any]:
    return an_advisory(identity, package.ecosystem, package.name, **{"modified": NOON - 60} | more)


def ids(answer: Any, package: Package = SPADE) -> list[str]:
    return [one.id for one in answer[package]]


@pytest.fixture
def osv() -> Iterator[AdvisoryServer]:
    with AdvisoryServer() as server:
        yield server


@pytest.fixture
def api(osv: AdvisoryServer, tmp_path: Path) -> OsvApi:
    return OsvApi(osv.address, tmp_path / "memory", patience=QUICK)


class Shelf:
    """A folder with archives."""

    def __init__(self, directory: Path) -> None:
        self.folder = directory / "archives"
        self.memory = directory / "memory"

    def put(self, *documents: dict[str, Any], ecosystem: Any = "PyPI") -> Path:
        return write_archive(self.folder, ecosystem, documents)

    def ask(self, *packages: Package, now: float = NOON, max_age: float = 2 * DAY) -> Any:
        return OsvArchives(self.folder, self.memory, max_age=max_age, now=now).concerning(packages or (SPADE,))

    def refuses(self, code: str, **more: Any) -> OperationError:
        with pytest.raises(OperationError) as refused:
            self.ask(**more)
        assert refused.value.code == code
        return refused.value


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


# Both


versions = st.sampled_from(["0.9", "1.0", "1.0.1", "1.4", "2.0rc1", "2.0"])
node_versions = st.sampled_from(["0.9.0", "1.0.0", "1.0.1", "1.4.0", "2.0.0-rc.1", "2.0.0"])


@st.composite
def published(draw: st.DrawFn) -> dict[str, Any]:
    """An advisory on one of two packages, with one or two intervals."""
    package = draw(st.sampled_from([SPADE, BUCKET]))
    some = versions if package is SPADE else node_versions
    bounds = draw(st.lists(some, unique=True, min_size=1, max_size=4))
    listed = draw(st.lists(some, max_size=2))
    document = advisory(f"GHSA-{draw(st.integers(0, 9))}", package, versions=listed)
    kinds = draw(st.sampled_from(["fixed", "last_affected"])), draw(st.sampled_from(["fixed", "last_affected"]))
    order = ["0.9", "0.9.0", "1.0", "1.0.0", "1.0.1", "1.4", "1.4.0", "2.0rc1", "2.0.0-rc.1", "2.0", "2.0.0"]
    names = ["introduced", kinds[0], "introduced", kinds[1]]
    events = [{name: at} for name, at in zip(names, sorted(bounds, key=order.index), strict=False)]
    document["affected"][0]["ranges"][0]["events"] = events
    if draw(st.integers(0, 5)) == 0:
        document["withdrawn"] = document["modified"]
    return document


@given(documents=st.lists(published(), min_size=1, max_size=6, unique_by=lambda one: one["id"]), data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_api_and_the_archives_give_the_same_answers(
    documents: list[dict[str, Any]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    place = tmp_path_factory.mktemp("same")
    filler = [advisory("GHSA-filler", Package(kind, "filler", "")) for kind in ("PyPI", "npm")]  # type: ignore[arg-type]
    for ecosystem, other in (("PyPI", filler[0]), ("npm", filler[1])):
        mine = [one for one in documents if one["affected"][0]["package"]["ecosystem"] == ecosystem]
        write_archive(place, ecosystem, [*mine, other])  # type: ignore[arg-type]
    packages = [
        *(Package("PyPI", "spade", at) for at in data.draw(st.lists(versions, unique=True))),
        *(Package("npm", "@beach/bucket", at) for at in data.draw(st.lists(node_versions, unique=True))),
    ]
    with AdvisoryServer(documents, page=data.draw(st.integers(1, 3))) as osv:
        online = OsvApi(osv.address, place / "online", patience=QUICK).concerning(packages)
    offline = OsvArchives(place, place / "offline", max_age=DAY, now=NOON).concerning(packages)
    assert online.keys() == offline.keys() == {*packages}
    assert {one: ids(online, one) for one in packages} == {one: ids(offline, one) for one in packages}


# The API


def test_an_advisory_is_found_with_what_it_says(osv: AdvisoryServer, api: OsvApi):
    osv.publish(advisory(fixed="1.5", aliases=["CVE-1"], summary="Digs too deep"))
    (found,) = api.concerning([SPADE])[SPADE]
    assert (found.id, found.aliases, found.summary) == ("GHSA-a", ("CVE-1",), "Digs too deep")
    assert found.fixes("PyPI", "spade") == ("1.5",)


def test_a_package_without_advisories_is_in_the_answer(api: OsvApi):
    assert api.concerning([SPADE]) == {SPADE: ()}


def test_all_pages_are_read(osv: AdvisoryServer, api: OsvApi):
    osv.page = 2
    for number in range(5):
        osv.publish(advisory(f"GHSA-{number}"))
    assert len(api.concerning([SPADE])[SPADE]) == 5
    assert osv.asked.count("/v1/querybatch") == 3


def test_more_packages_than_a_batch_holds_are_asked_for_in_several(osv: AdvisoryServer, api: OsvApi):
    osv.publish(advisory("GHSA-a", Package("PyPI", "grain-1700", "")))
    packages = [Package("PyPI", f"grain-{number}", "1.0") for number in range(2_001)]
    answer = api.concerning(packages)
    assert len(answer) == 2_001
    assert ids(answer, packages[1700]) == ["GHSA-a"]
    assert osv.asked.count("/v1/querybatch") == 3


def test_what_an_advisory_says_is_read_once(osv: AdvisoryServer, api: OsvApi):
    osv.publish(advisory())
    api.concerning([SPADE])
    api.concerning([SPADE])
    assert osv.asked == ["/v1/querybatch", "/v1/vulns/GHSA-a", "/v1/querybatch"]


def test_what_an_advisory_says_is_read_again_when_it_changed(osv: AdvisoryServer, api: OsvApi):
    osv.publish(advisory(summary="Sand"))
    api.concerning([SPADE])
    osv.publish(advisory(summary="Much more sand", modified=NOON))
    assert api.concerning([SPADE])[SPADE][0].summary == "Much more sand"


def test_a_local_part_is_not_asked_for(osv: AdvisoryServer, api: OsvApi):
    osv.publish(advisory(last_affected="1.4"))
    local = Package("PyPI", "spade", "1.4+sea")
    assert ids(api.concerning([local]), local) == ["GHSA-a"]


@pytest.mark.parametrize("troubles", [[503], [429, 500], [None], [None, 502]])
def test_what_passes_is_asked_again(osv: AdvisoryServer, api: OsvApi, troubles: list[Trouble]):
    osv.publish(advisory())
    osv.troubles.extend(troubles)
    assert ids(api.concerning([SPADE])) == ["GHSA-a"]


@pytest.mark.parametrize("trouble", [503, None])
def test_what_does_not_pass_is_an_error(osv: AdvisoryServer, api: OsvApi, trouble: Trouble):
    osv.publish(advisory())
    osv.troubles.extend([trouble] * 3)
    with pytest.raises(Retryable) as refused:
        api.concerning([SPADE])
    assert refused.value.code == "ADVISORIES_UNREACHABLE"
    assert str(refused.value.where) == osv.address


def test_nobody_at_the_address_is_an_error(tmp_path: Path):
    with AdvisoryServer() as gone:
        address = gone.address
    with pytest.raises(Retryable) as refused:
        OsvApi(address, tmp_path, patience=QUICK).concerning([SPADE])
    assert refused.value.code == "ADVISORIES_UNREACHABLE"


def test_an_address_that_is_no_osv_is_an_error(osv: AdvisoryServer, tmp_path: Path):
    osv.troubles.append(404)
    with pytest.raises(Retryable) as refused:
        OsvApi(osv.address, tmp_path, patience=QUICK).concerning([SPADE])
    assert "404" in refused.value.what


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please log in</html>",
        b"[]",
        b"{}",
        b'{"results": []}',
        b'{"results": [{}, {}]}',
        b'{"results": [{"vulns": [{"modified": "2024-01-01T00:00:00Z"}]}]}',
        b'{"results": [{"vulns": "many"}]}',
        b'{"results": [{"vulns": [{"id": "../../etc/passwd"}]}]}',
    ],
)
def test_half_an_answer_is_an_error(osv: AdvisoryServer, api: OsvApi, body: bytes):
    osv.troubles.append(body)
    with pytest.raises(Terminal) as refused:
        api.concerning([SPADE])
    assert refused.value.code == "ADVISORIES_DAMAGED"


@pytest.mark.parametrize("body", [b"{}", b'{"id": "GHSA-b"}', b'{"id": "GHSA-a", "affected": 3}', b"nothing"])
def test_an_advisory_that_is_named_and_cannot_be_read_is_an_error(osv: AdvisoryServer, api: OsvApi, body: bytes):
    osv.troubles.extend([b'{"results": [{"vulns": [{"id": "GHSA-a"}]}]}', body])
    with pytest.raises(Terminal) as refused:
        api.concerning([SPADE])
    assert refused.value.code == "ADVISORIES_DAMAGED"


def test_pages_that_never_end_are_an_error(osv: AdvisoryServer, api: OsvApi):
    osv.troubles.extend([b'{"results": [{"next_page_token": "again"}]}'] * 101)
    with pytest.raises(Terminal) as refused:
        api.concerning([SPADE])
    assert refused.value.code == "ADVISORIES_DAMAGED"


def test_when_nobody_waits_any_more_nothing_is_asked_again(osv: AdvisoryServer, tmp_path: Path):
    patience = Patience(attempts=9, pause=60)
    patience.stop.set()
    osv.troubles.append(503)
    with pytest.raises(Retryable) as refused:
        OsvApi(osv.address, tmp_path, patience=patience).concerning([SPADE])
    assert refused.value.code == "SCAN_STOPPED"
    assert len(osv.asked) == 1


# Archives


def test_archives_are_asked_for_each_ecosystem(shelf: Shelf):
    shelf.put(advisory())
    shelf.put(advisory("GHSA-b", BUCKET), ecosystem="npm")
    answer = shelf.ask(SPADE, BUCKET)
    assert (ids(answer), ids(answer, BUCKET)) == (["GHSA-a"], ["GHSA-b"])


def test_an_ecosystem_that_nobody_asks_for_needs_no_archive(shelf: Shelf):
    shelf.put(advisory())
    assert ids(shelf.ask(SPADE)) == ["GHSA-a"]


def test_archives_may_lie_as_osv_publishes_them(shelf: Shelf):
    path = shelf.put(advisory())
    (shelf.folder / "PyPI").mkdir()
    path.rename(shelf.folder / "PyPI" / "all.zip")
    assert ids(shelf.ask()) == ["GHSA-a"]


def test_an_advisory_that_was_taken_back_is_not_found(shelf: Shelf):
    shelf.put(advisory() | {"withdrawn": "2024-01-01T00:00:00Z"}, advisory("GHSA-b"))
    assert ids(shelf.ask()) == ["GHSA-b"]


def test_an_advisory_with_details_only_has_a_summary(shelf: Shelf):
    document = advisory(summary="") | {"details": "# Sand gets in.\n\nMuch of it."}
    shelf.put(document)
    assert shelf.ask()[SPADE][0].summary == "Sand gets in"


def test_a_new_archive_is_read_anew(shelf: Shelf):
    shelf.put(advisory(fixed="1.0"))
    assert ids(shelf.ask()) == []
    shelf.put(advisory(fixed="1.5"))
    assert ids(shelf.ask()) == ["GHSA-a"]


def test_an_archive_is_read_once(shelf: Shelf):
    shelf.put(advisory())
    shelf.ask()
    (table,) = shelf.memory.glob("*.db")
    made = table.stat().st_mtime_ns
    shelf.ask()
    assert table.stat().st_mtime_ns == made


def test_what_was_made_of_archives_long_gone_is_removed(shelf: Shelf):
    for number in range(4):
        shelf.put(advisory(f"GHSA-{number}"))
        shelf.ask()
    assert len(list(shelf.memory.glob("*.db"))) == 2


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [cut, garble, empty])
def test_a_damaged_archive_is_an_error(shelf: Shelf, harm: Callable[[Path], None]):
    harm(shelf.put(*(advisory(f"GHSA-{number}") for number in range(20))))
    assert "PyPI.zip" in str(shelf.refuses("ADVISORIES_DAMAGED").where)


def test_what_is_wrong_with_an_archive_of_the_repository_is_told_as_its_people_call_it(shelf: Shelf, tmp_path: Path):
    cut(shelf.put(advisory()))
    for root, told in ((tmp_path, "archives/PyPI.zip"), (tmp_path / "elsewhere", str(shelf.folder / "PyPI.zip"))):
        database = OsvArchives(shelf.folder, shelf.memory, max_age=DAY, now=NOON, root=root)
        with pytest.raises(OperationError) as refused:
            database.concerning((SPADE,))
        assert str(refused.value.where) == told


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"modified": "2024-01-01T00:00:00Z"}', b'{"id": "A", "affected": [{"package": "spade"}]}'],
)
def test_an_advisory_that_is_none_is_an_error(shelf: Shelf, content: bytes):
    path = shelf.put(advisory())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("GHSA-bad.json", content)
    assert "GHSA-bad.json" in shelf.refuses("ADVISORIES_DAMAGED").what


def test_an_advisory_on_the_package_that_cannot_be_evaluated_is_an_error(shelf: Shelf):
    document = advisory()
    document["affected"][0]["ranges"] = [{"type": "ECOSYSTEM", "events": []}]
    shelf.put(document)
    assert "spade" in shelf.refuses("ADVISORIES_DAMAGED").what


def test_an_archive_without_advisories_is_an_error(shelf: Shelf):
    shelf.put()
    shelf.refuses("ADVISORIES_DAMAGED")


def test_an_archive_of_another_ecosystem_is_an_error(shelf: Shelf):
    shelf.put(advisory(package=BUCKET))
    assert "PyPI" in shelf.refuses("ADVISORIES_DAMAGED").what


@pytest.mark.parametrize("harm", [cut, garble, empty, Path.unlink])
def test_a_damaged_table_is_made_anew(shelf: Shelf, harm: Callable[[Path], None]):
    shelf.put(advisory())
    shelf.ask()
    (table,) = shelf.memory.glob("*.db")
    harm(table)
    assert ids(shelf.ask()) == ["GHSA-a"]


def test_a_table_from_which_something_was_taken_is_made_anew(shelf: Shelf):
    import sqlite3
    from contextlib import closing

    shelf.put(advisory())
    shelf.ask()
    (table,) = shelf.memory.glob("*.db")
    with closing(sqlite3.connect(table)) as connection, connection:
        connection.execute("DELETE FROM affects")
    assert ids(shelf.ask()) == ["GHSA-a"]


def test_no_folder_is_an_error(shelf: Shelf):
    shelf.refuses("ADVISORIES_UNREACHABLE")


def test_no_archive_in_the_folder_is_an_error(shelf: Shelf):
    shelf.put(advisory(package=BUCKET), ecosystem="npm")
    assert "PyPI.zip" in shelf.refuses("ADVISORIES_UNREACHABLE").what


def test_an_archive_whose_newest_advisory_is_too_old_is_an_error(shelf: Shelf):
    shelf.put(advisory(modified=NOON - 3 * DAY), advisory("GHSA-b", modified=NOON - 9 * DAY))
    assert shelf.refuses("ADVISORIES_STALE").what == "The newest advisory is 72 hours old, and 48 are allowed."
    assert ids(shelf.ask(max_age=4 * DAY)) == ["GHSA-a", "GHSA-b"]


def test_a_fresh_copy_of_an_old_archive_is_old(shelf: Shelf):
    path = shelf.put(advisory(modified=NOON - 3 * DAY))
    os.utime(path, (time.time(), time.time()))
    shelf.refuses("ADVISORIES_STALE")


def test_an_archive_grows_old_although_nothing_changes(shelf: Shelf):
    shelf.put(advisory())
    assert ids(shelf.ask()) == ["GHSA-a"]
    shelf.refuses("ADVISORIES_STALE", now=NOON + 3 * DAY)


def test_one_advisory_from_the_future_makes_no_archive_young(shelf: Shelf):
    shelf.put(advisory(modified=NOON - 3 * DAY), advisory("GHSA-b", modified=NOON + 400 * DAY))
    shelf.refuses("ADVISORIES_STALE")


def test_an_archive_that_says_no_times_is_an_error(shelf: Shelf):
    shelf.put(advisory() | {"modified": "lately"})
    shelf.refuses("ADVISORIES_DAMAGED")
