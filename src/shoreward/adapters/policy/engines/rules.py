"""Guard, Rego and CEL rules on a template: `python -m shoreward.adapters.policy.engines.rules`.

Asked    {"files": [{"kind": guard|rego|library|cel|conftest, "text", "rule": a CEL rule's position, "group": which
          source a file is of}, ...], "template": JSON text, "parameters": [{name: value}, ...]}
Answers  {"unreadable": [{"file": position, "line", "column", "words"}], "broken": [the same],
          "rules": {position: count}, "found": [{"file", "rule", "severity", "message", "words", "name", "entity",
          "path", "fix"}]}

Files are named by their position in the question. An engine is built once for the same files: that takes longer than
to look at a template.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shoreward.adapters.policy.engines.serve import serve

Asked = Mapping[str, Any]

_ENGINES: dict[str, tuple[Any, dict[int, int]]] = {}
_FILE = re.compile(r"\bf(\d+)\.(?:guard|rego|cel)\b")
_GUARD_AT = re.compile(r"at line (\d+) at column (\d+)")
_REGO_AT = re.compile(r"-->.*?:(\d+):(\d+)")
_CEL_RULE = re.compile(r"'c(\d+)'")
_HEADS = re.compile(r"^violation\b", re.MULTILINE)
_NO_VIOLATION = "\nviolation contains {} if { false }\n"
"""What a library of functions lacks for the engine, which asks every package for its violations."""


class Unreadable(Exception):
    """Rules that the engine does not take; `faults` say where and why."""

    def __init__(self, faults: list[dict[str, Any]]) -> None:
        super().__init__(faults)
        self.faults = faults


def answer(asked: Asked) -> dict[str, Any]:
    """What the rules find in a template."""
    from shoreward.adapters.policy.engines.conftest import evaluate

    files: list[Asked] = asked["files"]
    said: dict[str, Any] = {"unreadable": [], "broken": [], "rules": {}, "found": []}
    native = [(position, file) for position, file in enumerate(files) if file["kind"] != "conftest"]
    if any(file["kind"] != "library" for _, file in native):
        try:
            engine, counts = _engine(native)
            said["rules"] |= counts
            said["broken"], said["found"] = _look(engine, native, asked)
        except Unreadable as unreadable:
            said["unreadable"] += unreadable.faults
    template = json.loads(asked["template"]) if any(file["kind"] == "conftest" for file in files) else None
    for group in sorted({file["group"] for file in files if file["kind"] == "conftest"}):
        heard = evaluate([(at, file) for at, file in enumerate(files) if _of_conftest(file, group)], template)
        for key in ("unreadable", "broken", "found"):
            said[key] += heard[key]
        said["rules"] |= heard["rules"]
    return said


def _of_conftest(file: Asked, group: int) -> bool:
    return file["kind"] in ("conftest", "library") and file["group"] == group


def _engine(files: Sequence[tuple[int, Asked]]) -> tuple[Any, dict[int, int]]:
    """The engine for some files, and how many rules of each it has."""
    key = json.dumps([file for _, file in files], sort_keys=True)
    if key not in _ENGINES:
        built = _build(files)
        if isinstance(built, str):
            raise Unreadable(list(_blamed(files, built)))
        _ENGINES.clear()
        _ENGINES[key] = built, _counts(built, files)
    return _ENGINES[key]


def _build(files: Sequence[tuple[int, Asked]]) -> Any:
    """An engine with all files, or a text: what it says against them."""
    library = _library()

    def sources(*kinds: str) -> list[Any]:
        return [
            library.ExternalRuleSource(
                name=f"f{position}.{kinds[0]}",
                content=file["text"] + (_NO_VIOLATION if file["kind"] == "library" else ""),
            )
            for position, file in files
            if file["kind"] in kinds
        ]

    try:
        return library.CompositeEngine(
            library.CompositeEngineConfig(
                guard_rules=sources("guard"), rego_rules=sources("rego", "library"), cel_rules=sources("cel")
            )
        )
    except library.ValidationError as error:
        return _words(error)


def _blamed(files: Sequence[tuple[int, Asked]], words: str) -> Iterator[dict[str, Any]]:
    """Faults of the files that the engine does not take; it names but the first, and a parser that broke names none."""
    found = False
    for position, file in files:
        alone = _build([(position, file)])
        if isinstance(alone, str):
            found = True
            yield _fault(position, alone)
    if not found:
        yield _fault(files[0][0], words)


def _fault(position: int, words: str) -> dict[str, Any]:
    at = _GUARD_AT.search(words) or _REGO_AT.search(words)
    line, column = (int(at[1]), int(at[2])) if at else (None, None)
    return {"file": position, "line": line, "column": column, "words": words}


def _counts(engine: Any, files: Sequence[tuple[int, Asked]]) -> dict[int, int]:
    """How many rules each file has. Rego's are counted in the text, since the engine knows them when they find."""
    counts = {position: len(_HEADS.findall(file["text"])) if file["kind"] == "rego" else 0 for position, file in files}
    counts |= {position: 1 for position, file in files if file["kind"] == "cel"}
    for rule in engine.list_rules():
        category = str(rule.category or "")
        if rule.origin.name == "GUARD" and category.startswith("guard:f"):
            counts[int(category.removeprefix("guard:f"))] += 1
    return counts


def _look(
    engine: Any, files: Sequence[tuple[int, Asked]], asked: Asked
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What could not be evaluated, and what was found, under all of the parameters' values."""
    library = _library()
    template = library.TemplateContent(asked["template"], "template.json")
    told = any(file["kind"] in ("rego", "cel") for _, file in files)
    found: dict[str, dict[str, Any]] = {}
    circumstances: list[dict[str, str]] = asked["parameters"] or [{}]
    for values in circumstances[: None if told else 1]:
        config = library.ValidateConfig(disable_builtin_rules=True, parameter_overrides=values)
        try:
            report = engine.validate_template(template, config)
        except library.ValidationError as error:
            return [_broken(files, _words(error), template, config)], []
        if report.status != library.ReportStatus.OK:
            return [_fault(files[0][0], f"the engine could not finish: {report.status.name}")], []
        for diagnostic in report.diagnostics:
            one = _found(files, diagnostic)
            found[json.dumps(one, sort_keys=True)] = one
    return [], list(found.values())


def _broken(files: Sequence[tuple[int, Asked]], words: str, template: Any, config: Any) -> dict[str, Any]:
    """The fault of the file that the engine names, or else of the first that breaks when it is asked alone."""
    rule, file = _CEL_RULE.search(words), _FILE.search(words)
    if rule:
        return _fault(next(at for at, one in files if one.get("rule") == int(rule[1])), words)
    if file:
        return _fault(int(file[1]), words)
    libraries = [one for one in files if one[1]["kind"] == "library"]
    for position, one in files:
        if one["kind"] != "library" and _breaks([*libraries, (position, one)], template, config):
            return _fault(position, words)
    return _fault(files[0][0], words)


def _breaks(files: Sequence[tuple[int, Asked]], template: Any, config: Any) -> bool:
    engine = _build(files)
    if isinstance(engine, str):
        return True
    try:
        engine.validate_template(template, config)
    except _library().ValidationError:
        return True
    return False


def _found(files: Sequence[tuple[int, Asked]], diagnostic: Any) -> dict[str, Any]:
    category = str(diagnostic.category or "")
    if diagnostic.source.name == "GUARD":
        position = int(category.removeprefix("guard:f"))
    else:
        cel = re.fullmatch(r"c(\d+)", diagnostic.rule_id)
        position = next(
            (at for at, file in files if file.get("rule") == int(cel[1]))
            if cel
            else _that_say(files, diagnostic.rule_id),
            files[0][0],
        )
    entity = diagnostic.entity
    return {
        "file": position,
        "rule": diagnostic.rule_id,
        "severity": diagnostic.severity.name,
        "message": diagnostic.message,
        "words": diagnostic.rule_description or "",
        "name": entity.logical_id if entity else "",
        "entity": entity.entity_type.name if entity else "",
        "path": diagnostic.property_path or "",
        "fix": diagnostic.suggested_fix or "",
    }


def _that_say(files: Sequence[tuple[int, Asked]], rule: str) -> Iterator[int]:
    """Rego files that name a rule; the engine does not tell which one it was."""
    return (position for position, file in files if file["kind"] == "rego" and f'"{rule}"' in file["text"])


def _library() -> Any:
    import cloudformation_validate  # pyright: ignore[reportMissingTypeStubs]

    return cloudformation_validate


def _words(error: Exception) -> str:
    return str(getattr(error, "msg", "") or error)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(answer)
