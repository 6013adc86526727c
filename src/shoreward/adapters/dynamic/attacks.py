"""What is sent to a route: requests that nobody wrote the code for, the same ones for the same seed.

Nothing here breaks anything by itself: no payload deletes, waits, or calls anybody. What shows that one got through is
told with it: a product of two numbers that only an interpreter works out, a header, a script as it was sent.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from shoreward.adapters.dynamic.routes import Route
from shoreward.adapters.dynamic.samples import Sample
from shoreward.domain import Method

STRANGER = "https://shoreward-stranger.example"
"""An origin that no application trusts."""

PLAIN = "a plain request"
_LARGE = 1_000_000
_DEEP = 100_000
_LONG = 4_000
_JSON = ("content-type", "application/json")
_WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE"))

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A request.

    Attributes:
        name: what it tries, in a few words.
        route: the route that it is for; its method may be another one.
        target: path and query, behind the API's address.
        made_by: the command that makes the body, where it cannot be written down.
        evaluated: what an answer holds when something of it was run.
        script: what an answer holds when something of it was taken over into a page.
        header: the header that an answer has when something of it became one.
        uncredited: whether it is sent without credentials, although some are asked for.
        heavy: whether a server may well hang up on it.
    """

    name: str
    route: Route
    method: str
    target: str
    headers: Headers = ()
    body: bytes | None = None
    made_by: str = ""
    evaluated: str = ""
    script: str = ""
    header: str = ""
    uncredited: bool = False
    heavy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is recognised again in an answer; made anew for each route, from the seed."""

    left: int
    right: int
    word: str

    @property
    def product(self) -> str:
        """What only an interpreter makes of the two numbers."""
        return str(self.left * self.right)


def marks_of(seed: int, route: Route) -> Marks:
    """The marks of a route."""
    chance = random.Random(f"{seed} {route.api} {route}")
    return Marks(
        left=chance.randrange(10_000, 99_999),
        right=chance.randrange(10_000, 99_999),
        word=f"shoreward{chance.randrange(16**8):08x}",
    )


def attacks(
    route: Route, sample: Sample, marks: Marks, methods: tuple[Method, ...], credentials: Headers
) -> Iterator[Attack]:
    """The attacks on a route, those first that tell most.

    Args:
        credentials: headers that a route which asks for some is content with; without any it is only asked without.
    """
    for method in _methods(route, methods):
        one = _Target(route=route, method=method, sample=sample, marks=marks, credentials=credentials)
        yield from _without_credentials(one)
        if route.guard and not credentials:
            continue
        yield one.attack(PLAIN)
        yield from _other_origins(one)
        yield from _bodies(one)
        yield from _texts(one)
        yield from _fields(one)
        yield replace(one.attack("a method that nobody knows"), method="PROPFIND")


def _methods(route: Route, methods: tuple[Method, ...]) -> tuple[str, ...]:
    if route.method == "ANY":
        return tuple(one for one in ("GET", "POST") if one in methods)
    return (route.method,) if route.method in methods else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """A route, asked with a method."""

    route: Route
    method: str
    sample: Sample
    marks: Marks
    credentials: Headers

    @property
    def writes(self) -> bool:
        return self.method in _WRITES

    def address(self, path: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None) -> str:
        """Path and query; a value that is percent-encoded already stays as it is."""
        values = {**self.sample.path, **(path or {})}
        made = "/shoreward" if self.route.path == "$default" else self.route.path
        for name in self.route.parameters:
            text = _encoded(values[name])
            made = made.replace(f"{{{name}}}", text).replace(f"{{{name}+}}", text)
        asked = {**self.sample.query, **(query or {})}
        told = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in asked.items())
        stage = f"/{self.route.stage}" if self.route.stage else ""
        return f"{stage}{made}{'?' if told else ''}{told}"

    def attack(
        self,
        name: str,
        *,
        target: str = "",
        body: bytes | None = None,
        headers: Headers = (_JSON,),
        made_by: str = "",
        heavy: bool = False,
        uncredited: bool = False,
    ) -> Attack:
        """An attack that is a plain request but for what is given."""
        if body is None and self.writes:
            body = json.dumps(self.sample.body or {}).encode()
        return Attack(
            name=name,
            route=self.route,
            method=self.method,
            target=target or self.address(),
            headers=(*(headers if body is not None else ()), *(self.credentials if self.route.guard else ())),
            body=body,
            made_by=made_by,
            heavy=heavy,
            uncredited=uncredited,
        )


class _Raw(str):
    """Text that is percent-encoded already."""

    __slots__ = ()


def _encoded(text: str) -> str:
    return str(text) if isinstance(text, _Raw) else quote(text, safe="")


# {"alg":"none"}.{"sub":"shoreward","iss":"https://shoreward.invalid"}.
_UNSIGNED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaG9yZXdhcmQiLCJpc3MiOiJodHRwczovL3Nob3Jld2FyZC5pbnZhbGlkIn0."


def _without_credentials(one: _Target) -> Iterator[Attack]:
    if not one.route.guard:
        return
    plain = replace(one, credentials=())
    yield plain.attack("a request without credentials", uncredited=True)
    if one.route.guard == "AWS_IAM":
        return  # AWS itself looks at signatures
    for name, header in {
        "a made-up token": ("authorization", f"Bearer {one.marks.word}"),
        "an unsigned token": ("authorization", f"Bearer {_UNSIGNED}"),
        "a made-up password": ("authorization", "Basic c2hvcmV3YXJkOnNob3Jld2FyZA=="),
        "a made-up API key": ("x-api-key", one.marks.word),
    }.items():
        made = plain.attack(name, uncredited=True)
        yield replace(made, headers=(*made.headers, header))


def _other_origins(one: _Target) -> Iterator[Attack]:
    for name, origin in (("a strange origin", STRANGER), ("the origin null", "null")):
        made = one.attack(f"a request from {name}")
        yield replace(made, headers=(*made.headers, ("origin", origin)))
    asked = (("origin", STRANGER), ("access-control-request-method", one.method))
    preflight = one.attack("a preflight request from a strange origin")
    yield replace(preflight, method="OPTIONS", headers=asked, body=None)


def _bodies(one: _Target) -> Iterator[Attack]:
    if not one.writes:
        return
    name = next(iter(one.sample.body or {}), "name")
    for words, text in {
        "malformed JSON": '{"name": ',
        "a body that is empty": "",
        "a body that is null": "null",
        "a body that is a list": "[]",
        "a body that is a text": '"text"',
        "a body that is a number": "12",
        "a body without any field": "{}",
        "numbers that JSON does not have": f'{{"{name}": NaN}}',
        "a number without bounds": f'{{"{name}": 1e999}}',
    }.items():
        yield one.attack(words, body=text.encode())
    yield one.attack("bytes that are no text", body=b"\xff\xfe\x00", made_by="printf '\\377\\376\\000'")
    deep = f"head -c {_DEEP} /dev/zero | tr '\\0' '['"
    yield one.attack("JSON that is nested deeply", body=b"[" * _DEEP, made_by=deep, heavy=True)
    large = f"head -c {_LARGE} /dev/zero | tr '\\0' 'a'"
    yield one.attack("an oversized body", body=b"a" * _LARGE, made_by=large, heavy=True)
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    for words, kind, text in (
        ("a wrong content type", "text/plain", "plain text"),
        ("XML with an entity", "application/xml", entity),
        ("a form", "application/x-www-form-urlencoded", "name=shoreward"),
        ("half a form with files", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data"),
        ("a content type that is none", ";;;", "{}"),
    ):
        yield one.attack(words, body=text.encode(), headers=(("content-type", kind),))


def _texts(one: _Target) -> Iterator[Attack]:
    """Texts that mean something elsewhere, in every parameter of path and query."""
    names = one.sample.query or {"q": "", "id": ""}
    for text in _payloads(one.marks):
        for parameter in one.route.parameters:
            target = one.address(path={parameter: text.text})
            yield text.of(one.attack(f"{text.name} in {{{parameter}}}", target=target))
        for parameter in names:
            target = one.address(query={parameter: text.text})
            yield text.of(one.attack(f"{text.name} in ?{parameter}=", target=target))


def _fields(one: _Target) -> Iterator[Attack]:
    """Wrong types, and the same texts, in every field of the body."""
    if not one.writes:
        return
    body = one.sample.body or {"id": "1", "name": "shoreward"}

    def sent(name: str, made: Mapping[str, Any]) -> Attack:
        return one.attack(name, body=json.dumps(made).encode())

    for field in body if one.sample.body else ():
        yield sent(f"no field {field}", {key: value for key, value in body.items() if key != field})
    for kind, value in _TYPES.items():
        for field in body:
            yield sent(f"{kind} as {field}", {**body, field: value})
    for text in _payloads(one.marks):
        for field in body if not isinstance(text.text, _Raw) else ():
            yield text.of(sent(f"{text.name} as {field}", {**body, field: text.text}))


_TYPES: Mapping[str, Any] = {
    "null": None,
    "a list": [],
    "an object": {},
    "a query operator": {"$ne": None},
    "a flag": True,
    "a negative number": -1,
    "a fraction": 1.5,
    "a huge number": 10**40,
    "an empty text": "",
    "a number as text": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Payload:
    """A text, and what shows that it was taken for something else."""

    name: str
    text: str
    evaluated: str = ""
    script: str = ""
    header: str = ""

    def of(self, attack: Attack) -> Attack:
        return replace(attack, evaluated=self.evaluated, script=self.script, header=self.header)


def _payloads(marks: Marks) -> tuple[_Payload, ...]:
    sum_, page = f"{marks.left}*{marks.right}", f"<img src=x onerror={marks.word}()>"

    def run(name: str, text: str) -> _Payload:
        return _Payload(name=name, text=text, evaluated=marks.product)

    return (
        _Payload(name="a quote", text="'\""),
        _Payload(name="SQL", text="1' OR '1'='1' -- "),
        _Payload(name="a query operator as text", text='{"$ne": null}'),
        run("a shell command", f"x; echo $(({sum_}))"),
        run("a shell substitution", f"$(expr {marks.left} \\* {marks.right})"),
        run("a template", f"{{{{{sum_}}}}}"),
        run("a template of another kind", f"${{{sum_}}}"),
        _Payload(name="a script", text=page, script=page),
        _Payload(name="a path that leads upwards", text="../../../../../../etc/passwd"),
        _Payload(name="a path that leads upwards, encoded twice", text=_Raw("..%252f..%252f..%252fetc%252fpasswd")),
        _Payload(name="a line break", text=f"x\r\n{marks.word}: 1", header=marks.word),
        _Payload(name="a byte that is zero", text="x\x00y"),
        _Payload(name="bytes that are no text", text=_Raw("%ff%fe")),
        _Payload(name="a text in another script", text="\u202e\U0001f3d6"),
        _Payload(name="a long text", text="a" * _LONG),
    )
