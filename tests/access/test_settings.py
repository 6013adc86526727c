"""A server's settings: who may do what, every mistake with its place."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from shoreward.domain import SpecError, SpecErrors
from shoreward.domain.access import Claims, Grant, Rates, Rights, Role, ServerSettings, SignIn
from shoreward.spec._shapes import ListOf, Record
from shoreward.spec.schema import server_schema_text
from shoreward.spec.server import SERVER, load_settings

WHOLE = """\
address: https://shoreward.example.com
proxies: [10.0.0.0/8, "::1"]
sign-in:
  issuer: https://id.example.com/realms/sea
  client-id: shoreward
  client-secret: SHOREWARD_CLIENT_SECRET
  scopes: [openid, groups]
  name-claim: preferred_username
  groups-claim: roles
  lasts: 12h
  skew: 30s
roles:
  - {role: admin, groups: [platform]}
  - {role: operator, pipelines: [sandcastles, beach-*], groups: [beach], emails: [Ada@example.com]}
  - {role: viewer, everyone: true}
rates: {requests: 600, failures: 5}
"""


def read(folder: Path, text: str) -> ServerSettings:
    file = folder / "server.yaml"
    file.write_text(text)
    return load_settings(file)


def mistakes(folder: Path, text: str) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as refused:
        read(folder, text)
    error = refused.value
    errors = error.errors if isinstance(error, SpecErrors) else (error,)
    return [(str(each.where).rpartition("/")[2], each.code) for each in errors]


def test_all_that_can_be_said_is_read(tmp_path: Path):
    settings = read(tmp_path, WHOLE)
    assert settings.sign_in == SignIn(
        issuer="https://id.example.com/realms/sea",
        client="shoreward",
        secret="SHOREWARD_CLIENT_SECRET",
        scopes=("openid", "groups"),
        claims=Claims(name="preferred_username", groups="roles"),
        lasts=43_200.0,
        skew=30.0,
    )
    assert (settings.proxies, settings.rates) == (("10.0.0.0/8", "::1/128"), Rates(requests=600, failures=5))


def test_people_have_all_the_roles_that_fit_them(tmp_path: Path):
    settings = read(tmp_path, WHOLE)
    viewer = Grant(role=Role.VIEWER)
    beach = Grant(role=Role.OPERATOR, pipelines=("sandcastles", "beach-*"))
    assert settings.rights((), "") == Rights(grants=(viewer,))
    assert settings.rights(("beach",), "") == Rights(grants=(beach, viewer))
    assert settings.rights((), "ada@EXAMPLE.com") == Rights(grants=(beach, viewer))
    assert settings.rights(("platform",), "").may(Role.ADMIN, "")


LEAST = """\
address: http://127.0.0.1:8080
sign-in: {issuer: "http://127.0.0.1:9000", client-id: shoreward}
roles: [{role: viewer, everyone: true}]
"""


def test_little_must_be_said(tmp_path: Path):
    settings = read(tmp_path, LEAST)
    assert settings.sign_in == SignIn(issuer="http://127.0.0.1:9000", client="shoreward")
    assert (settings.proxies, settings.rates) == ((), Rates())


MISTAKES = (
    ("address: http://127.0.0.1:8080", "address: http://shoreward.example.com", "1:10", "SPEC_NAME"),
    ("address: http://127.0.0.1:8080", "address: https://shoreward.example.com/", "1:10", "SPEC_NAME"),
    ("address: http://127.0.0.1:8080", "address: https://a.example", "1:10", "SERVER_PROXY_MISSING"),
    (
        "address: http://127.0.0.1:8080",
        "proxies: [0.0.0.0/0]\naddress: https://a.example",
        "1:11",
        "SERVER_NETWORK",
    ),
    ("address: http://127.0.0.1:8080", "proxies: [10.1/8]\naddress: https://a.example", "1:11", "SERVER_NETWORK"),
    ("http://127.0.0.1:9000", "http://id.example.com", "2:19", "SPEC_NAME"),
    (", client-id: shoreward", "", "2:10", "SPEC_REQUIRED"),
    ("client-id: shoreward", "client-id: s, scopes: [email]", "2:66", "SERVER_SCOPE"),
    ("client-id: shoreward", "client-id: s, lasts: 10s", "2:65", "SERVER_TIME"),
    ("client-id: shoreward", "client-id: s, skew: 1h", "2:64", "SERVER_TIME"),
    ("role: viewer", "role: viewr", "3:16", "SPEC_CHOICE"),
    ("everyone: true", "everyone: false", "3:9", "SERVER_NOBODY"),
    ("everyone: true", "groups: []", "3:9", "SERVER_NOBODY"),
    ("everyone: true", "emails: [ada]", "3:33", "SPEC_NAME"),
    ("everyone: true", "everyone: true, pipelines: ['*-beach']", "3:52", "SPEC_NAME"),
    ("[{role: viewer, everyone: true}]", "[]", "3:1", "SERVER_NOBODY"),
    ("roles:", "role:", "3:1", "SPEC_UNKNOWN_KEY"),
)


@pytest.mark.parametrize(("old", "new", "where", "code"), MISTAKES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, old: str, new: str, where: str, code: str):
    assert old in LEAST
    assert (f"server.yaml:{where}", code) in mistakes(tmp_path, LEAST.replace(old, new))


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    found = mistakes(tmp_path, "address: 7\nsign-in: {}\nroles: [{role: boss}]\n")
    assert [place.partition(":")[2] for place, _ in found] == ["1:10", "2:10", "2:10", "3:9", "3:16"]
    assert mistakes(tmp_path, "") == [("server.yaml:1:1", "YAML_TOP_LEVEL")]


def keys(record: Record, before: str = "") -> Iterator[str]:
    """Every key of a record, as the documentation writes it."""
    for field in record.fields:
        inner, mark = (field.shape.item, "[].") if isinstance(field.shape, ListOf) else (field.shape, ".")
        if isinstance(inner, Record):
            yield from keys(inner, f"{before}{field.key}{mark}")
        else:
            yield before + field.key


def test_every_key_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "access.md").read_text()
    rows = "".join(line for line in page.splitlines() if line.startswith("| `"))
    assert [key for key in keys(SERVER) if f"`{key}`" not in rows] == []


DOCS = Path(__file__).parents[2] / "docs"


def accepted(text: str) -> bool:
    """By the schema that editors go by."""
    return Draft7Validator(json.loads(server_schema_text())).is_valid(yaml.safe_load(text))


def test_the_schema_for_editors_is_that_of_what_is_read():
    assert (DOCS / "schema" / "server.schema.json").read_text() == server_schema_text()
    Draft7Validator.check_schema(json.loads(server_schema_text()))


def test_what_is_documented_is_accepted_by_the_schema_and_read(tmp_path: Path):
    section = (DOCS / "access.md").read_text().partition("## The settings\n\n")[2]
    example = textwrap.dedent(section.partition("    SHOREWARD_CLIENT_SECRET")[0])
    for text in (example, WHOLE, LEAST):
        assert accepted(text)
        assert read(tmp_path, text).roles


def test_the_schema_refuses_what_is_a_mistake_of_one_key():
    """What takes two keys to be wrong (`SERVER_...`) is the reader's alone to say."""
    told = {(old, new): accepted(LEAST.replace(old, new)) for old, new, _, code in MISTAKES if code[:5] == "SPEC_"}
    assert len(told) > 6
    assert [mistake for mistake, fits in told.items() if fits] == []
