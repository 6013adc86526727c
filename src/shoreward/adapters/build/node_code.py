"""Would Node load a function's own modules, and does the handler's export what the template names?

    handler's module ──► the modules that it loads at once, by relative names ──► theirs ...

Asked when the function has been built. What a bundler made is one module, which is looked at like any other.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Mapping, Set
from typing import Any, cast

from shoreward.adapters.build.javascript import above, exports, imports, judge, kinds, packaged, resolved
from shoreward.adapters.build.zips import Member
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset, Note, did_you_mean

SUFFIXES = (".js", ".mjs", ".cjs")


def check_modules(asset: Asset, start: str, files: Mapping[str, Member], own: Set[str]) -> tuple[Note, ...]:
    """Check a handler's module and the function's own modules that it loads.

    Args:
        start: the handler's module.
        own: names that come from the repository; others are not looked at.

    Raises:
        SpecError: HANDLER_MISSING at its place in the template; CODE_SYNTAX and MODULE_MISSING at theirs in the code.
    """
    code = _Code(asset, files, own)
    modules = code.walk(start)
    notes = code.judged(modules)
    name = asset.handler.rpartition(".")[2]
    known = exports(code.text(start)) if start in own else None
    unreadable = known is None or (asset.method and not known)  # what a tool made may be in nobody's manner
    if known is not None and not unreadable and name not in known:
        what = f"{asset.logical_id} has the handler {asset.handler}, but {start} does not export '{name}'."
        raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=did_you_mean(name, known))
    code.missing(modules)
    return notes


class _Code:
    """A function's own modules, each read once."""

    def __init__(self, asset: Asset, files: Mapping[str, Member], own: Set[str]) -> None:
        self._asset = asset
        self._files = files
        self._own = own
        self._texts: dict[str, str] = {}

    def text(self, file: str) -> str:
        if file not in self._texts:
            self._texts[file] = self._files[file].path.read_text(errors="replace")
        return self._texts[file]

    def walk(self, start: str) -> list[str]:
        """The module and all that are loaded with it, as far as they are the repository's own."""
        found: list[str] = []
        waiting = [start]
        while waiting:
            file = waiting.pop()
            if file in found or file not in self._own or not file.endswith(SUFFIXES):
                continue
            found.append(file)
            near = (asked for asked in imports(self.text(file)) if asked.name.startswith("."))
            waiting += filter(None, (resolved(asked, file, self._files, esm=False) for asked in near))
        return found

    def judged(self, modules: list[str]) -> tuple[Note, ...]:
        """Raises CODE_SYNTAX for what Node does not understand, if it is not older than the function's runtime."""
        paths = {self._files[file].path: kinds(file, self.text(file), self._about(file)) for file in modules}
        judgement = judge(paths)
        wanted = self._asset.runtime.removeprefix("nodejs").partition(".")[0]
        if judgement is None or (judgement.broken and wanted.isdigit() and judgement.version < int(wanted)):
            text = f"Modules of {self._asset.logical_id} were not checked, for there is no Node {wanted} here."
            return (Note(code="CODE_NOT_CHECKED", text=text, resource=self._asset.logical_id),)
        names = {str(self._files[file].path): file for file in modules}
        for path, message, line in judgement.broken:
            raise SpecError(
                "CODE_SYNTAX", f"{self._asset.logical_id}: {message}.", where=self._place(names[path], line)
            )
        return ()

    def missing(self, modules: list[str]) -> None:
        """Raises MODULE_MISSING for the first module that is asked for and not there."""
        for file, name, line in self._lost(modules):
            what = f"{file} of {self._asset.logical_id} loads '{name}', which is not in the function's code."
            advice = (
                did_you_mean(name, self._relative(file))
                if name.startswith(".")
                else "Add it to the dependencies in package.json."
            )
            raise SpecError("MODULE_MISSING", what, where=self._place(file, line), next=advice)

    def _lost(self, modules: list[str]) -> Iterator[tuple[str, str, int]]:
        for file in modules:
            about = self._about(file)
            for asked in imports(self.text(file)):
                if asked.name.startswith("."):
                    # Of what is built by a tool, names may be completed by it.
                    esm = asked.esm and not self._asset.method
                    there = resolved(asked, file, self._files, esm=esm) is not None
                else:
                    own = str(about.get("name", ""))
                    alias = own and (asked.name == own or asked.name.startswith(f"{own}/"))
                    there = bool(self._asset.layered or alias or packaged(asked.name, file, self._files))
                if not there:
                    yield file, asked.name, asked.line

    def _relative(self, file: str) -> set[str]:
        folder = posixpath.dirname(file)
        names = {posixpath.relpath(other, folder or ".") for other in self._own if other.endswith(SUFFIXES)}
        return {name if name.startswith(".") else f"./{name}" for name in names}

    def _about(self, file: str) -> dict[str, Any]:
        """The nearest package.json."""
        manifests = (posixpath.join(folder, "package.json") for folder in above(posixpath.dirname(file)))
        try:
            found: Any = json.loads(next((self.text(path) for path in manifests if path in self._files), "{}"))
        except ValueError:
            return {}
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    def _place(self, file: str, line: int | None) -> Place:
        return Place(file=posixpath.join(self._asset.source, file), line=line)
