"""What the engines found, as findings on the lines that people wrote; and what they could not read, as errors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from shoreward.adapters.policy.errors import broken, empty, unreadable
from shoreward.adapters.policy.origins import Origins
from shoreward.adapters.policy.rulebook import Gathered, RuleFile
from shoreward.adapters.policy.wording import Words, severity_named, words_of
from shoreward.domain import Finding, Place, Severity
from shoreward.spec.template.plain import Json, mapping

_WORD = re.compile(r"[A-Za-z0-9]+")
_GUARD_CHECK = re.compile(r"Guard check `.*?` failed(?:: )?", re.DOTALL)
_FALLBACK = re.compile(r"^Rule \S+ failed$")
_SECTIONS = {"PARAMETER": "Parameters", "OUTPUT": "Outputs", "MAPPING": "Mappings", "CONDITION": "Conditions"}


def findings_of(
    answer: Mapping[str, Any], sources: Sequence[Gathered], origins: Origins, made: Mapping[str, Json]
) -> tuple[Finding, ...]:
    """Findings of all rules.

    Args:
        answer: of `engines.rules` to `rulebook.asked_of` of the sources.
        made: the translated template.

    Raises:
        UserError: POLICY_UNREADABLE, POLICY_BROKEN, POLICY_EMPTY.
    """
    files = tuple(file for source in sources for file in source.files)
    _refuse(answer, files)
    counts = {int(position): count for position, count in mapping(answer["rules"]).items()}
    first = 0
    for source in sources:
        last = first + len(source.files)
        if not sum(counts.get(position, 0) for position in range(first, last)):
            raise empty(f"There are no rules in {source.about}.", source.source.where if source.source else None)
        first = last
    reading = _Reading(files, origins, mapping(made.get("Resources")))
    return tuple(dict.fromkeys(finding for found in answer["found"] for finding in reading.findings(found)))


def rules_in(answer: Mapping[str, Any]) -> int:
    """How many rules were evaluated."""
    return sum(mapping(answer["rules"]).values())


def _refuse(answer: Mapping[str, Any], files: Sequence[RuleFile]) -> None:
    for key, make in (("unreadable", unreadable), ("broken", broken)):
        faults: list[dict[str, Any]] = answer[key]
        if faults:
            first = faults[0]
            file = files[int(first["file"])]
            others = sorted({files[int(fault["file"])].path for fault in faults[1:]} - {file.path})
            more = f" Also in {', '.join(others)}." if others else ""
            raise make(_sentence(file, key, first["words"]) + more, file.place(first["line"], first["column"]))


def _sentence(file: RuleFile, key: str, words: str) -> str:
    """An engine's complaint without its frames of dashes and carets."""
    lines = [line for line in words.splitlines() if not re.match(r"\s*(\d+ )?\||\s*-->|\s*$", line)]
    text = re.sub(r"^error: ", "", " ".join(lines).strip())
    text = re.sub(r"\b(Guard file )?'?f\d+\.(guard|rego|cel)'?:?", "it", text).replace("'c-of-ours'", file.rule)
    text = re.sub(r"'c\d+'", f"'{file.rule}'", text)
    doing = "cannot be read" if key == "unreadable" else "cannot be evaluated"
    return f"The rule file {doing}: {text.rstrip('.') or 'its engine does not say why'}."


class _Reading:
    def __init__(self, files: Sequence[RuleFile], origins: Origins, resources: Mapping[str, Json]) -> None:
        self._files = files
        self._origins = origins
        self._resources = resources

    def findings(self, found: Mapping[str, Any]) -> Iterator[Finding]:
        file = self._files[int(found["file"])]
        rule = file.rule or str(found["rule"])
        words = self._words(file, found)
        name, path = self._about(found, file)
        severity = words.severity or _severity(found["severity"], file)
        excepted = found["severity"] == "EXCEPTED"
        subject = self._origins.subject(name) if name in self._resources else name
        yield Finding(
            rule=rule,
            severity=Severity.NOTE if excepted else severity,
            what=f"{words.what} (excepted by the rules themselves)"
            if excepted
            else self._what(words.what, subject, rule),
            why=words.why,
            fix=words.fix,
            where=self._place(found, name, path),
            subject=subject,
            details=(("rules", str(file.place())),) + ((("resource", name),) if name and name != subject else ()),
        )

    def _words(self, file: RuleFile, found: Mapping[str, Any]) -> Words:
        try:
            said = words_of(str(found["message"]))
            about = Words() if _FALLBACK.match(found["words"]) else words_of(str(found["words"]))
        except ValueError as error:
            raise unreadable(f"{found['rule']}: {error}", file.place()) from error
        fix = Words(fix=str(found["fix"]))
        said = said.or_else(fix).or_else(file.words).or_else(about)
        # A message of fields only, as of a clause that says nothing but its severity, is no sentence.
        return said if said.what else replace(said, what=about.what or f"The rule {found['rule']} does not hold")

    def _what(self, what: str, subject: str, rule: str) -> str:
        """The sentence; what Guard says of a clause without a message is told in words."""
        if what.startswith("Guard check"):
            rest = _GUARD_CHECK.sub("", what).strip()
            return f"{subject or 'The template'} does not satisfy {rule}: {rest or what}."
        text = what if what.endswith((".", "!", "?")) else f"{what}."
        known = subject and re.search(rf"\b{re.escape(subject)}\b", text)
        return text if known or not subject else f"{subject}: {text}"

    def _about(self, found: Mapping[str, Any], file: RuleFile) -> tuple[str, str]:
        """The resource that a finding is about, and the path in it; a message may name both itself."""
        name, path = str(found["name"]), str(found["path"]) or file.at
        if path.startswith("Resources"):
            _, _, rest = path.replace("/", ".").partition(".")
            name, _, path = rest.partition(".")
        if not name and not found["entity"]:
            named = {word for word in _WORD.findall(str(found["message"])) if word in self._resources}
            name = named.pop() if len(named) == 1 else ""
        return name, path

    def _place(self, found: Mapping[str, Any], name: str, path: str) -> Place:
        if name in self._resources:
            steps = self._origins.path(
                name, path if path.startswith("Properties") or not path else f"Properties.{path}"
            )
            return self._origins.place(name, steps)
        section = _SECTIONS.get(str(found["entity"]))
        return self._origins.written((section, name)) if section else self._origins.top()


def _severity(word: str, file: RuleFile) -> Severity:
    """A severity that a rule gives itself; engines that always say ERROR leave it to the source."""
    if word in ("", "EXCEPTED") or (word == "ERROR" and file.kind in ("guard", "cel")):
        return file.default
    try:
        return severity_named(word)
    except ValueError as error:
        raise unreadable(str(error), file.place()) from error
