"""From files to values: what a commit holds, and what is wrong with it, with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from shoreward.adapters.build.configuration import revision_of, values_of
from shoreward.domain import (
    Configuration,
    Parameter,
    ParameterSource,
    ProfileSource,
    SpecError,
    SpecErrors,
    Target,
    Values,
)
from shoreward.testing.memory import MemoryJournal

TREE = Configuration(parameters=(ParameterSource(name="/shop", file="shop.yaml", tree=True),))
FLAGS = Configuration(
    profiles=(ProfileSource(application="a", environment="e", profile="p", file="flags.json", flags=True),)
)


@dataclass(frozen=True, slots=True)
class Files:
    """A commit of a few files."""

    held: Mapping[str, str]

    def read(self, commit: str, path: str) -> bytes | None:
        return self.held[path].encode() if path in self.held else None


def files(**held: str) -> Any:
    return Files({name.replace("_", "."): text for name, text in held.items()})


def mistakes(configuration: Configuration, source: Any) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as found:
        values_of(source, configuration, "commit")
    several = found.value.errors if isinstance(found.value, SpecErrors) else (found.value,)
    return [(error.code, str(error.where or "")) for error in several]


def test_a_file_is_a_tree_of_parameters():
    text = "limit: 5\nrate: 1.10\ncheckout:\n  mode: calm\n  on: true\n  countries: [fr, de]\n"
    made = values_of(files(shop_yaml=text), TREE, "commit").parameters
    assert {one.name: one.value for one in made} == {
        "/shop/limit": "5",
        "/shop/rate": "1.10",
        "/shop/checkout/mode": "calm",
        "/shop/checkout/on": "true",
        "/shop/checkout/countries": "fr,de",
    }
    assert [one.name for one in made if one.type == "StringList"] == ["/shop/checkout/countries"]


def test_one_parameter_is_the_text_of_its_file():
    source = ParameterSource(name="/shop/motd", file="motd.txt")
    made = values_of(files(motd_txt="ahoy,\nsailor\n"), Configuration(parameters=(source,)), "commit")
    assert made.parameters == (Parameter(name="/shop/motd", type="String", value="ahoy,\nsailor"),)


def test_the_same_values_are_the_same_revision_whatever_else_changes():
    kept = MemoryJournal()
    one = revision_of(files(shop_yaml="limit: 5\nmode: calm\n"), kept, TREE, "a")
    same = revision_of(files(shop_yaml="# a remark\nmode: calm\nlimit: 5\n"), kept, TREE, "b")
    other = revision_of(files(shop_yaml="limit: 6\nmode: calm\n"), kept, TREE, "c")
    assert one.digest == same.digest != other.digest


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("limit:\n", "CONFIGURATION_VALUE", "1"),
        ('limit: ""\n', "CONFIGURATION_VALUE", "1"),
        ("mode: calm\nlist: [a, {b: c}]\n", "CONFIGURATION_VALUE", "2"),
        ("list: ['a,b']\n", "CONFIGURATION_VALUE", "1"),
        ("mode: calm\nbad key: 1\n", "CONFIGURATION_VALUE", "2"),
        (f"long: {'x' * 8193}\n", "CONFIGURATION_VALUE", "1"),
        ("mode: calm\nmode: busy\n", "YAML_DUPLICATE_KEY", "2"),
    ],
)
def test_a_value_that_cannot_be_held_is_named_with_its_line(text: str, code: str, line: str):
    [(found, where)] = mistakes(TREE, files(shop_yaml=text))
    assert (found, where.split(":")[:2]) == (code, ["shop.yaml", line])


def test_all_mistakes_of_all_files_are_told_at_once():
    both = Configuration(parameters=TREE.parameters, profiles=FLAGS.profiles)
    found = mistakes(both, files(shop_yaml="limit:\nmode:\n", flags_json="{"))
    assert [code for code, _ in found] == ["CONFIGURATION_VALUE", "CONFIGURATION_VALUE", "CONFIGURATION_SYNTAX"]


def test_two_sources_of_one_name_are_refused():
    twice = Configuration(parameters=(*TREE.parameters, ParameterSource(name="/shop/limit", file="limit.txt")))
    assert mistakes(twice, files(shop_yaml="limit: 5\n", limit_txt="6")) == [("CONFIGURATION_TWICE", "")]


NORTH, SOUTH = (Target(account="111122223333", region=region, stack="shop") for region in ("north", "south"))
OWN = Configuration(parameters=(ParameterSource(name="/shop", file="{region}.yaml", tree=True),))


def test_a_target_may_have_a_file_of_its_own():
    everywhere = ParameterSource(name="/shop/motd", file="motd.txt")
    source = files(motd_txt="ahoy", north_yaml="limit: 5\n", south_yaml="limit: 9\nmode: calm\n")
    made = values_of(source, Configuration(parameters=(everywhere, *OWN.parameters)), "commit", (NORTH, SOUTH))
    kept = Values.unpacked(made.packed())
    assert {one.name: one.value for one in kept.on(NORTH).parameters} == {"/shop/limit": "5", "/shop/motd": "ahoy"}
    assert {one.name: one.value for one in kept.on(SOUTH).parameters} == {
        "/shop/limit": "9",
        "/shop/mode": "calm",
        "/shop/motd": "ahoy",
    }


def test_a_target_without_its_file_is_found_before_anything_is_released():
    with pytest.raises(SpecError, match=r"no file south\.yaml") as missing:
        values_of(files(north_yaml="limit: 5\n"), OWN, "commit", (NORTH, SOUTH))
    assert missing.value.code == "CONFIGURATION_FILE_MISSING"


def test_one_target_has_one_value_of_a_name():
    both = Configuration(parameters=(*OWN.parameters, ParameterSource(name="/shop/limit", file="limit.txt")))
    source = files(limit_txt="6", north_yaml="limit: 5\n", south_yaml="mode: calm\n")
    with pytest.raises(SpecError) as twice:
        values_of(source, both, "commit", (NORTH, SOUTH))
    assert twice.value.code == "CONFIGURATION_TWICE"


def test_values_that_are_the_same_everywhere_are_kept_as_ever():
    made = values_of(files(shop_yaml="limit: 5\n"), TREE, "commit", (NORTH, SOUTH))
    assert json.loads(made.packed()) == {
        "parameters": [{"name": "/shop/limit", "type": "String", "value": "5", "secret": "", "key": ""}],
        "profiles": [],
    }


def test_a_file_that_is_not_committed_is_named():
    assert mistakes(TREE, files()) == [("CONFIGURATION_FILE_MISSING", "")]


def test_flags_have_the_form_of_appconfig():
    good = {"version": "1", "flags": {"new-checkout": {"name": "New checkout"}}, "values": {"new-checkout": {}}}
    [made] = values_of(files(flags_json=json.dumps(good)), FLAGS, "commit").profiles
    assert json.loads(made.content) == good
    undefined = {**good, "values": {"old-checkout": {}}}
    assert mistakes(FLAGS, files(flags_json=json.dumps(undefined))) == [("CONFIGURATION_SCHEMA", "flags.json")]
    assert mistakes(FLAGS, files(flags_json="{}")) == [("CONFIGURATION_SCHEMA", "flags.json")]


def test_a_schema_that_is_none_is_refused():
    source = ParameterSource(name="/shop", file="shop.yaml", tree=True, schema="rules.json")
    found = mistakes(
        Configuration(parameters=(source,)), files(shop_yaml="limit: 5\n", rules_json='{"type": "nothing"}')
    )
    assert found == [("CONFIGURATION_SYNTAX", "rules.json")]
