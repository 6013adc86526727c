"""Does the code have the handler that the template names? Asked after building, before anything is deployed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import PurePosixPath

from shoreward.adapters.build.node_code import SUFFIXES, check_modules
from shoreward.adapters.build.provided import advice, there
from shoreward.adapters.build.syntax import Broken, Newer, parse
from shoreward.adapters.build.zips import Member
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset, Note, did_you_mean


def check_handler(asset: Asset, files: Mapping[str, Member], own: Set[str]) -> tuple[Note, ...]:
    """Check a function's handler against what goes into its zip.

    Args:
        own: names in the zip that come from the repository; only those are read for syntax.

    Raises:
        SpecError: HANDLER_MISSING at its place in the template, CODE_SYNTAX and MODULE_MISSING at theirs in the code.
    """
    match asset.runtime:
        case runtime if runtime.startswith("python"):
            return _python(asset, files, own)
        case runtime if runtime.startswith("nodejs"):
            return _node(asset, files, own)
        case runtime if runtime.startswith("provided"):
            return () if "bootstrap" in files else _missing(asset, "bootstrap", files)
        case _:
            return ()


def _python(asset: Asset, files: Mapping[str, Member], own: Set[str]) -> tuple[Note, ...]:
    module, _, name = asset.handler.rpartition(".")
    path = module.replace(".", "/")
    found = next((file for file in (f"{path}.py", f"{path}/__init__.py") if file in files), None)
    if found is None:
        compiled = any(file.startswith(f"{path}.") and file.endswith(".so") for file in files)
        return () if compiled else _missing(asset, f"{path}.py", files)
    code = _Code(asset, files, own)
    notes = tuple(code.check(found))
    tree = code.parse(found)
    names = _top_level(tree) if tree else None
    if names is not None and name not in names:
        what = f"{asset.logical_id} has the handler {asset.handler}, but {found} has no '{name}'."
        advice = did_you_mean(name, {known for known in names if not known.startswith("_")})
        raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=advice)
    return notes


def _node(asset: Asset, files: Mapping[str, Member], own: Set[str]) -> tuple[Note, ...]:
    path = asset.handler.rpartition(".")[0]
    if found := next((f"{path}{suffix}" for suffix in SUFFIXES if f"{path}{suffix}" in files), None):
        return check_modules(asset, found, files, own)
    if f"{path}.ts" in files:
        what = f"{asset.logical_id} has the handler {asset.handler}, but Lambda does not run TypeScript."
        advice = "Let it be compiled: Metadata, BuildMethod: esbuild."
        raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=advice)
    return _missing(asset, f"{path}.js", files)


def _missing(asset: Asset, wanted: str, files: Mapping[str, Member]) -> tuple[Note, ...]:
    if asset.layered:
        text = f"The handler of {asset.logical_id} ({asset.handler}) is not in its own code; a layer must have it."
        where = asset.handler_where
        return (Note(code="HANDLER_IN_LAYER", text=text, resource=asset.logical_id, where=where),)
    what = f"{asset.logical_id} has the handler {asset.handler}, but there is no {wanted} in {asset.source or '.'}."
    suffixes = {".py"} if wanted.endswith(".py") else {*SUFFIXES, ""}
    alike = {file for file in files if PurePosixPath(file).suffix in suffixes and file.count("/") <= wanted.count("/")}
    advice = did_you_mean(wanted, alike)
    raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=advice)


class _Code:
    """A function's own modules, each parsed once."""

    def __init__(self, asset: Asset, files: Mapping[str, Member], own: Set[str]) -> None:
        self._asset = asset
        self._files = files
        self._own = own
        self._parsed: dict[str, ast.Module | Newer] = {}

    def check(self, start: str) -> Iterator[Note]:
        """Parse a module and all of the repository's modules that it may import, however indirectly."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            file = waiting.pop()
            if file in seen or file not in self._own:
                continue
            seen.add(file)
            if tree := self.parse(file):
                self._lost(file, tree)
                for module in _imports(tree, PurePosixPath(file).parent.parts):
                    path = "/".join(module)
                    waiting += [name for name in (f"{path}.py", f"{path}/__init__.py") if name in self._files]
            elif self._parsed[file] == Newer(sound=False):
                text = f"{file} has syntax that only {self._asset.runtime} could judge; it was not checked."
                yield Note(code="CODE_NOT_CHECKED", text=text, resource=self._asset.logical_id)

    def _lost(self, file: str, tree: ast.Module) -> None:
        """Raises MODULE_MISSING for a module that is imported at once and is nowhere; one in a block may never be."""
        if self._asset.layered or b"sys.path" in self._files[file].path.read_bytes():
            return
        for node in tree.body:
            for name in _absolute(node):
                if not there(name, self._files):
                    what = f"{file} of {self._asset.logical_id} imports {name}, which is not in the function's code."
                    where = Place(file=self._path(file), line=node.lineno, column=node.col_offset + 1)
                    raise SpecError("MODULE_MISSING", what, where=where, next=advice(name, file, self._files))

    def _path(self, file: str) -> str:
        return "/".join(filter(None, (self._asset.source, file)))

    def parse(self, file: str) -> ast.Module | None:
        """The module's tree; None when it is too new for this interpreter. Raises SpecError CODE_SYNTAX."""
        if file not in self._parsed:
            match parse(self._files[file].path.read_bytes(), _version(self._asset.runtime)):
                case Broken(message=message, line=line, column=column):
                    what = f"{self._asset.logical_id}: {message}."
                    where = Place(file=self._path(file), line=line, column=column)
                    raise SpecError("CODE_SYNTAX", what, where=where)
                case understood:
                    self._parsed[file] = understood
        found = self._parsed[file]
        return found if isinstance(found, ast.Module) else None


def _imports(tree: ast.Module, folder: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = tuple(alias.name.split("."))
                yield from (parts[:end] for end in range(1, len(parts) + 1))
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else ()
            parts = (*base, *(node.module.split(".") if node.module else ()))
            yield from (parts[:end] for end in range(1, len(parts) + 1))
            yield from ((*parts, alias.name) for alias in node.names)


def _absolute(node: ast.stmt) -> Iterator[str]:
    """Top-level packages that a statement imports."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module.partition(".")[0]
        case _:
            return


def _version(runtime: str) -> tuple[int, int]:
    major, _, minor = runtime.removeprefix("python").partition(".")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else sys.version_info[:2]


def _top_level(tree: ast.Module) -> frozenset[str] | None:
    """Names that a module binds when it is imported; None when that cannot be told by reading it."""
    names: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
                continue
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return None
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name.split(".", 1)[0] for alias in aliases}
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Call(func=ast.Name(id="globals" | "exec" | "setattr")):
                return None
            case _:
                pass
        waiting += ast.iter_child_nodes(node)
    return None if "__getattr__" in names else frozenset(names)
