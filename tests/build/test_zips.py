"""The same files make the same zip, wherever and whenever they were written."""

import io
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoreward.adapters.build.zips import biggest_parts, members, pack, unpacked_size
from shoreward.domain import SpecError

from .support import modes

NAMES = st.text("abcXYZ_-. é0", min_size=1, max_size=6).filter(lambda name: name not in (".", "..") and name.strip())
TREES = st.dictionaries(
    st.lists(NAMES.map(lambda name: f"d{name}"), max_size=2).map(tuple),
    st.dictionaries(NAMES.map(lambda name: f"f{name}"), st.tuples(st.binary(max_size=200), st.booleans()), max_size=4),
    max_size=4,
)
Tree = dict[tuple[str, ...], dict[str, tuple[bytes, bool]]]


def write(root: Path, tree: Tree, *, backwards: bool, seconds: int) -> None:
    for folder, files in sorted(tree.items(), reverse=backwards):
        (root / Path(*folder)).mkdir(parents=True, exist_ok=True)
        for name, (content, executable) in sorted(files.items(), reverse=backwards):
            path = root / Path(*folder) / name
            path.write_bytes(content)
            path.chmod((0o700 if executable else 0o600) | (0o077 if backwards else 0))
            os.utime(path, (seconds, seconds))


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_order_times_and_umasks_do_not_show(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        write(Path(one), tree, backwards=False, seconds=1_000_000_000)
        write(Path(other), {k: {n: (c, True) if x else (c, False) for n, (c, x) in v.items()} for k, v in tree.items()},
              backwards=False, seconds=1_700_000_000)  # fmt: skip
        first, second = pack(members(Path(one))), pack(members(Path(other)))
    assert first == second
    assert modes(first) <= {0o644, 0o755}


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_a_zip_holds_exactly_what_was_there(tree: Tree) -> None:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), tree, backwards=False, seconds=1)
        found = members(Path(directory))
        with zipfile.ZipFile(io.BytesIO(pack(found))) as archive:
            assert archive.namelist() == sorted(archive.namelist())
            assert {info.date_time for info in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
            held = {name: archive.read(name) for name in archive.namelist()}
    wanted = {
        "/".join((*folder, name)): content for folder, files in tree.items() for name, (content, _) in files.items()
    }
    assert held == wanted


@settings(max_examples=40, deadline=None)
@given(TREES, st.binary(min_size=1, max_size=20))
def test_another_byte_is_another_zip(tree: Tree, more: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        write(Path(directory), tree, backwards=False, seconds=1)
        before = pack(members(Path(directory)))
        (Path(directory) / "more").write_bytes(more)
        assert pack(members(Path(directory))) != before


def test_what_python_compiles_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"x")
    (tmp_path / "b.pyc").write_bytes(b"x")
    (tmp_path / "a.py").write_text("")
    assert list(members(tmp_path)) == ["a.py"]


def test_links_are_followed_where_they_stay_inside(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "a.py").write_text("shared")
    (tmp_path / "function").mkdir()
    (tmp_path / "function" / "common").symlink_to("../shared")
    found = members(tmp_path / "function", inside=tmp_path)
    assert [(name, member.path.read_text()) for name, member in found.items()] == [("common/a.py", "shared")]


@pytest.mark.parametrize("target", ["/etc/hostname", "../../..", "nowhere", "."])
def test_links_that_lead_elsewhere_nowhere_or_around_are_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "function").mkdir()
    (tmp_path / "function" / "link").symlink_to(target)
    with pytest.raises(SpecError) as error:
        members(tmp_path / "function", inside=tmp_path / "function")
    assert error.value.code == "LINK_OUTSIDE"


def test_the_biggest_parts_are_named_first(tmp_path: Path) -> None:
    for name, size in (("small/a", 10), ("large/a", 300), ("large/b", 300), ("top", 100)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    found = members(tmp_path)
    assert biggest_parts(found, 2) == (("large", 600), ("top", 100))
    assert unpacked_size(found) == 710
