"""Which commit of a batch did it: the commits in the order of likelihood, each with its reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shoreward.app.blame import weights
from shoreward.app.blame.changes import Touched, touched
from shoreward.app.blame.code import weigh
from shoreward.app.blame.harm import Harm, harms, unharmed
from shoreward.app.blame.uses import MANIFESTS, TESTS, Made, Uses, inside, read_uses, template_at
from shoreward.app.files import Source
from shoreward.app.quarantine.ancestry import CommitNote
from shoreward.domain import Judgement, Pipeline

_TEXTS = re.compile(
    r"\.(md|rst|txt|adoc|png|jpe?g|svg|gif)$|(^|/)(LICENSE|NOTICE|AUTHORS|CODEOWNERS|CHANGELOG)[^/]*$", re.IGNORECASE
)
_DOCS = re.compile(r"(^|/)docs?/|\.(md|rst|adoc)$", re.IGNORECASE)
_AROUND = re.compile(
    r"(^|/)(pytest\.ini|tox\.ini|requirements-dev\.txt|\.gitignore|\.editorconfig|ruff\.toml)$|(^|/)\.github/"
)
_CODE = re.compile(r"\.(py|[cm]?[jt]sx?|rb|go|java|kt|cs|rs|sh)$")
_TOLD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A commit of the batch.

    Attributes:
        weight: how much speaks for it, 0 to 1.
        share: its part of all weights: how likely it is, if one of the batch did it.
        reasons: sentences, the weightiest first.
    """

    commit: CommitNote
    weight: float
    share: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """What is known of who did it.

    Attributes:
        harms: whom it hurt.
        suspects: the commits of the batch, the likeliest first; merges that changed nothing themselves are left out.
    """

    harms: tuple[Harm, ...]
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True)
class _Reason:
    weight: float
    text: str


def order(
    source: Source, pipeline: Pipeline, commit: str, notes: Sequence[CommitNote], judgements: Sequence[Judgement]
) -> Blame:
    """Order the commits of a batch by how likely they did the harm that judges saw.

    Args:
        source: the repository that the commits are in.
        commit: the one that was released.
        notes: its batch, oldest first (`Ancestry.between`).
        judgements: looks that failed, from any targets.
    """
    uses = read_uses(source, commit, pipeline)
    suffered, spared = harms(judgements, uses), unharmed(judgements)
    telling = [note for note in notes if note.paths or not note.merge] or list(notes)
    found = [(note, *_commit(source, pipeline, uses, note, suffered, spared)) for note in telling]
    total = sum(weight for _, weight, _ in found)
    suspects = [
        Suspect(commit=note, weight=weight, share=weight / total if total else 1 / len(found), reasons=reasons)
        for note, weight, reasons in found
    ]
    # Of two that are alike the newer one: what is older has been looked at for longer.
    newest = {note.id: number for number, note in enumerate(telling)}
    suspects.sort(key=lambda each: (-each.weight, -newest[each.commit.id]))
    return Blame(harms=suffered, suspects=tuple(suspects))


def _commit(
    source: Source, pipeline: Pipeline, uses: Uses, note: CommitNote, suffered: Sequence[Harm], spared: frozenset[str]
) -> tuple[float, tuple[str, ...]]:
    change = _Change(source, pipeline, uses, note)
    by_harm = [(harm, tuple(change.reasons(harm))) for harm in suffered]
    weight = sum(_joined(reasons) * harm.share for harm, reasons in by_harm) / max(1.0, sum(h.share for h in suffered))
    others = (
        {name for name in spared if _joined(change.reasons(_like(suffered, name))) > 0.3} if suffered else set[str]()
    )
    hurt = {harm.function for harm in suffered}
    # Who would have hurt others as well, and did not, is less likely the one.
    weight *= 1 - 0.5 * len(others - hurt) / max(1, len(others | hurt))
    told = sorted(
        {reason.text: reason.weight for _, reasons in by_harm for reason in reasons}.items(), key=lambda each: -each[1]
    )
    reasons = [text for text, heavy in told if heavy > 0.05][:_TOLD] or [_harmless(note, [text for text, _ in told])]
    if others - hurt and weight > 0.05:
        reasons.append(f"it would have hurt {', '.join(sorted(others - hurt))} as well, and did not")
    return weight, tuple(reasons)


def _like(suffered: Sequence[Harm], function: str) -> Harm:
    return Harm(function=function, way=suffered[0].way, metric=suffered[0].metric)


def _joined(reasons: Iterable[_Reason]) -> float:
    """Several reasons are more than the best one of them, and never more than certain."""
    left = 1.0
    for number, reason in enumerate(sorted(reasons, key=lambda each: -each.weight)):
        left *= 1 - min(0.98, reason.weight * (0.75 if number == 0 else 0.3))
    return 1 - left


def _harmless(note: CommitNote, texts: Sequence[str]) -> str:
    if not note.paths:
        return "it changes no file"
    if all(_DOCS.search(path) or _TEXTS.search(path) for path in note.paths):
        return "it changes documentation only"
    if all(TESTS.search(path) or _AROUND.search(path) for path in note.paths):
        return "it changes tests and tools only"
    return texts[0] if texts else "it changes nothing that those functions are made of"


class _Change:
    """What one commit changed, seen from the functions that suffered."""

    def __init__(self, source: Source, pipeline: Pipeline, uses: Uses, note: CommitNote) -> None:
        self._source, self._uses, self._note = source, uses, note
        self._template = pipeline.template
        self._touched = self._of_template() if pipeline.template in note.paths else ()

    def reasons(self, harm: Harm) -> Iterator[_Reason]:
        """What speaks for the commit, each path and each change of the template by itself."""
        made = self._uses.functions.get(harm.function, Made(function=harm.function))
        for path in self._note.paths:
            if path == self._template:
                yield from self._in_template(harm)
            else:
                yield self._path(path, made, harm)

    def _path(self, path: str, made: Made, harm: Harm) -> _Reason:
        weight, text = self._place(path, made, harm)
        if weight > 0.05 and _CODE.search(path):
            weighed = weigh(path, self._old(path), self._source.read(self._note.id, path), slow=harm.way == "latency")
            weight *= weighed.weight * weights.of_code(harm.way)
            if path in self._uses.tested:
                weight *= weights.TESTED
            text += f"; only {weighed.only} changed" if weighed.only else ""
        return _Reason(weight, text)

    def _place(self, path: str, made: Made, harm: Harm) -> tuple[float, str]:
        function = f"{made.function}, {harm.words}"
        if path in made.handler:
            return weights.HANDLER, f"{path} has the handler of {function}"
        if path in made.imported and (made.folder is not None and inside(path, made.folder)):
            return weights.IMPORTED, f"{path} is imported by the handler of {function}"
        if TESTS.search(path) or _AROUND.search(path):
            return weights.TESTS, f"{path} is about tests"
        if made.folder is not None and inside(path, made.folder):
            return self._beside(path, made, function)
        for layer, folder in made.layers.items():
            if inside(path, folder):
                used = path in made.imported or MANIFESTS.search(path)
                return weights.LAYER * (1.25 if used else 0.6), f"{path} is in {layer}, a layer of {function}"
        if path in made.imported or any(inside(path, one) for one in made.outside):
            return weights.OUTSIDE, f"{path} becomes a part of {function}"
        if _DOCS.search(path) or _TEXTS.search(path):
            return weights.DOCUMENTATION, f"{path} is documentation"
        return self._elsewhere(path, made, function)

    def _beside(self, path: str, made: Made, function: str) -> tuple[float, str]:
        if MANIFESTS.search(path):
            return weights.MANIFEST, f"{path} says what is installed for {function}"
        if _DOCS.search(path):
            return weights.DOCUMENTATION, f"{path} is documentation"
        if not made.handler:
            return weights.IMPORTED, f"{path} is in the folder of {function}"
        if _CODE.search(path):
            return weights.UNREACHED, f"{path} is in the folder of {function}, and its handler does not import it"
        return weights.DATA, f"{path} is in the folder of {function}"

    def _elsewhere(self, path: str, made: Made, function: str) -> tuple[float, str]:
        near = self._uses.beside.get(made.function, {})
        for name, other in self._uses.functions.items():
            if name in near and (path in other.handler or path in other.imported):
                return weights.NEIGHBOUR, f"{path} is a part of {name}, which shares a resource with {function}"
        return weights.ELSEWHERE, f"{path} is no part of {made.function}"

    def _of_template(self) -> tuple[Touched, ...] | None:
        new = template_at(self._source, self._note.id, self._template)
        parent = next(iter(self._note.parents), None)
        old = template_at(self._source, parent, self._template) if parent else None
        return touched(old, new) if old and new else None

    def _in_template(self, harm: Harm) -> Iterator[_Reason]:
        if self._touched is None:
            yield _Reason(weights.UNREADABLE, f"{self._template} cannot be compared with what it was")
            return
        for change in self._touched:
            yield self._property(change, harm)
        if not self._touched:
            yield _Reason(weights.DOCUMENTATION, f"{self._template}: only comments, texts and layout changed")

    def _property(self, change: Touched, harm: Harm) -> _Reason:
        where = f"{self._template}:{change.line}" if change.line else self._template
        said = f"{where}: {_went(change)}"
        if change.resource == harm.function:
            weight = weights.of_function(change, harm.way)
            return _Reason(weight, f"{said}, {harm.words}")
        distance = self._uses.beside.get(harm.function, {}).get(change.resource)
        template = self._uses.template
        if distance is None or template is None or change.resource in self._uses.functions:
            return _Reason(weights.ELSEWHERE, f"{said}, not of {harm.function}")
        kind = str(template.resources[change.resource]["Type"]) if change.resource in template.resources else ""
        weight = weights.of_neighbour(change, kind, distance, harm.way)
        return _Reason(weight, f"{said}, which {harm.function} has to do with, {harm.words}")

    def _old(self, path: str) -> bytes | None:
        parent = next(iter(self._note.parents), None)
        return self._source.read(parent, path) if parent else None


def _went(change: Touched) -> str:
    """What became of a property, in words."""
    of = f" (through {change.through})" if change.through else ""
    if not change.key:
        return f"{change.resource} {'came' if change.new else 'went'}{of}"
    what = f"{change.path} of {change.resource}{of}"
    if not change.old:
        return f"{what} came"
    if not change.new:
        return f"{what} went"
    plain = len(change.old) <= 24 and len(change.new) <= 24
    return f"{what} went from {change.old} to {change.new}" if plain else f"{what} changed"
