"""Rego as conftest reads it: `deny`, `violation` and `warn` of every package, and what `exception` takes out.

Old syntax (`deny[msg] { ... }`) and new (`deny contains msg if { ... }`) both go. A message is a text, or an object
with `msg` and whatever else a rule wants to say. A built-in function that is given what it cannot read is an error
here, where OPA would quietly let the rule find nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoreward.adapters.policy.engines.binding import Unbound, bound
from shoreward.adapters.policy.engines.knowing import mistakes
from shoreward.spec.template.plain import listed, mapping

_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)", re.MULTILINE)
_HEAD = re.compile(r"^[ \t]*(?:default\s+)?((?:deny|violation|warn)(?:_\w+)?)\b", re.MULTILINE)
_EXCEPTION = re.compile(r"^exception\b", re.MULTILINE)
_AT = re.compile(r"\(error \d+:f(\d+)\.rego\|(\d+)\|")
_MESSAGE = re.compile(r"\(errormsg \d+:([^\n]*?)\)")
_NOTES = re.compile(r"((?:^#.*\n)+)(?:default\s+)?((?:deny|violation|warn)(?:_\w+)?)\b", re.MULTILINE)

Asked = Mapping[str, Any]


def evaluate(files: Sequence[tuple[int, Asked]], template: Any) -> dict[str, Any]:
    """What conftest's rules find in a template; in the form that `rules` answers."""
    from regopy import Input, Interpreter, RegoError  # pyright: ignore[reportMissingTypeStubs]

    said: dict[str, Any] = {"unreadable": [], "broken": [], "rules": {}, "found": []}
    interpreter = Interpreter()
    interpreter.strict_built_in_errors = True
    rewritten: dict[int, str] = {}
    for position, file in files:
        try:
            rewritten[position] = bound(file["text"])
            interpreter.add_module(f"f{position}.rego", rewritten[position])
        except Unbound as unbound:
            words = f"{unbound.name} is bound by nothing but a negated expression"
            said["unreadable"].append({"file": position, "line": unbound.line, "column": None, "words": words})
        except RegoError as error:
            said["unreadable"] += list(_faults(str(error), rewritten))
    if not said["unreadable"]:
        said["unreadable"] = [
            {"file": one.file, "line": one.line, "column": None, "words": one.words}
            for one in mistakes({position: file["text"] for position, file in files})
        ]
    if said["unreadable"]:
        return said
    interpreter.set_input(Input(template))
    for (package, rule), positions in sorted(_heads(files).items()):
        for position in positions:
            said["rules"][position] = said["rules"].get(position, 0) + 1
        value, words = _ask(interpreter, f"data.{package}.{rule}")
        if words:
            said["broken"].append(_fault(positions[0], files, rule, words))
            continue
        excepted = _excepted(interpreter, package, rule, files)
        notes = _annotations(dict(files), positions, rule)
        said["found"] += [_found(positions[0], package, rule, one, notes, excepted) for one in _messages(value)]
    return said


def _heads(files: Sequence[tuple[int, Asked]]) -> dict[tuple[str, str], list[int]]:
    """Packages and names of rules, and the files that have them."""
    heads: dict[tuple[str, str], list[int]] = {}
    for position, file in files:
        package = _PACKAGE.search(file["text"])
        if file["kind"] == "conftest" and package:
            for rule in dict.fromkeys(_HEAD.findall(file["text"])):
                heads.setdefault((package[1], rule), []).append(position)
    return heads


def _ask(interpreter: Any, query: str) -> tuple[Any, str]:
    """A value, None when it is undefined; or what went wrong."""
    try:
        output = interpreter.query(query)
    except Exception as error:  # noqa: BLE001  the library itself trips over errors that it should report
        unknown = "a function that is not known, or not to be had here" if isinstance(error, ValueError) else str(error)
        return None, f"it calls {unknown}"
    if not output.ok():
        return None, "a function was given what it cannot read or is not to be had here, or a value is defined twice"
    expressions = [value for result in output.results for value in result.expressions]
    return (expressions[0] if expressions else None), ""


def _messages(value: Any) -> Iterator[Any]:
    """What a rule has to say: members of a set, keys of what old syntax makes of a set, a text, or true."""
    match value:
        case None | False:
            return
        case list():
            yield from listed(value)
        case dict():
            held = mapping(value)
            yield from map(_object, held) if all(each is True for each in held.values()) else held.values()
        case _:
            yield value


def _object(key: str) -> Any:
    """A key that is an object is written as JSON."""
    if key.startswith("{"):
        try:
            return json.loads(key)
        except ValueError:
            return key
    return key


def _found(
    position: int, package: str, rule: str, message: Any, notes: Mapping[str, str], excepted: bool
) -> dict[str, Any]:
    about = mapping(message) or {"msg": message}
    about = {**notes, **mapping(about.get("details")), **mapping(about.get("metadata")), **about}

    def said(*keys: str) -> str:
        return next((str(about[key]) for key in keys if about.get(key) not in (None, "")), "")

    text = said("msg", "message")
    return {
        "file": position,
        "rule": said("rule", "rule_id", "id", "code") or f"{package}.{rule}",
        "severity": "EXCEPTED" if excepted else said("severity") or ("WARN" if rule.startswith("warn") else ""),
        "message": text if text not in ("", "True") else f"{package}.{rule} does not hold",
        "words": "\n".join(f"{key}: {said(key)}" for key in ("why", "fix") if said(key)),
        "name": said("resource", "logical_id", "subject", "name"),
        "entity": "",
        "path": said("path", "property"),
        "fix": "",
    }


def _excepted(interpreter: Any, package: str, rule: str, files: Sequence[tuple[int, Asked]]) -> bool:
    """Whether conftest's `exception` takes a rule out: it lists the ends of names, "" for a plain `deny`."""
    if not any(_EXCEPTION.search(file["text"]) for _, file in files):
        return False
    value, _ = _ask(interpreter, f"data.{package}.exception")
    _, _, end = rule.partition("_")
    lists = [json.loads(key) if isinstance(key, str) and key.startswith("[") else key for key in _messages(value)]
    return any(end in listed(ends) for ends in lists)


def _annotations(files: Mapping[int, Asked], positions: Sequence[int], rule: str) -> dict[str, str]:
    """Severity, why and fix from the `# METADATA` above a rule, when there is one rule of that name only."""
    texts = [files[position]["text"] for position in positions]
    if sum(len(re.findall(rf"^{rule}\b", text, re.MULTILINE)) for text in texts) != 1:
        return {}
    import yaml

    for comment, name in _NOTES.findall(texts[0]):
        if name != rule or "METADATA" not in comment:
            continue
        lines = [line[1:].removeprefix(" ") for line in comment.splitlines()]
        try:
            held = mapping(mapping(yaml.safe_load("\n".join(lines[lines.index("METADATA") + 1 :]))).get("custom"))
        except (yaml.YAMLError, ValueError):
            return {}
        return {key: str(held[key]) for key in ("severity", "why", "fix") if key in held}
    return {}


def _faults(words: str, texts: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    """The first thing that is wrong with each file, from what the library says; it counts in bytes."""
    message = _MESSAGE.search(words)
    for file, offset in list(dict.fromkeys(_AT.findall(words)))[:1]:
        before = texts[int(file)].encode()[: int(offset)].decode(errors="replace")
        line = before.count("\n") + 1
        yield {"file": int(file), "line": line, "column": None, "words": message[1] if message else words}


def _fault(position: int, files: Sequence[tuple[int, Asked]], rule: str, words: str) -> dict[str, Any]:
    text = dict(files)[position]["text"]
    head = re.search(rf"^{rule}\b", text, re.MULTILINE)
    line = text.count("\n", 0, head.start()) + 1 if head else None
    return {"file": position, "line": line, "column": None, "words": f"{rule}: {words}"}
