"""Does the code have the handler that the template names? Asked after building, before anything is deployed."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator, Mapping, Set
from pathlib import PurePosixPath

from shoreward.adapters.build.zips import Member
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset, Note, did_you_mean

_NODE = (".js", ".mjs", ".cjs")


def check_handler(asset: Asset, files: Mapping[str, Member], own: Set[str]) -> tuple[Note, ...]:
    """Check a function's handler against what goes into its zip.

    Args:
        own: names in the zip that come from the repository; only those are read for syntax.

    Raises:
        SpecError: HANDLER_MISSING at its place in the template, CODE_SYNTAX at its place in the code.
    """
    match asset.runtime:
        case runtime if runtime.startswith("python"):
            return _python(asset, files, own)
        case runtime if runtime.startswith("nodejs"):
            return _node(asset, files)
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
    notes = [note for file in _reachable(asset, files, own, found) for note in _syntax(asset, files, file)]
    tree = None if notes else _parse(asset, files, found)
    names = _top_level(tree) if tree else None
    if names is not None and name not in names:
        what = f"{asset.logical_id} has the handler {asset.handler}, but {found} has no '{name}'."
        advice = did_you_mean(name, {known for known in names if not known.startswith("_")})
        raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=advice)
    return tuple(notes)


def _node(asset: Asset, files: Mapping[str, Member]) -> tuple[Note, ...]:
    path = asset.handler.rpartition(".")[0]
    if any(f"{path}{suffix}" in files for suffix in _NODE):
        return ()
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
    suffixes = {".py"} if wanted.endswith(".py") else {*_NODE, ""}
    alike = {file for file in files if PurePosixPath(file).suffix in suffixes and file.count("/") <= wanted.count("/")}
    advice = did_you_mean(wanted, alike)
    raise SpecError("HANDLER_MISSING", what, where=asset.handler_where, next=advice)


def _reachable(asset: Asset, files: Mapping[str, Member], own: Set[str], start: str) -> tuple[str, ...]:
    """The handler's module and all of the repository's modules that it may import, however indirectly."""
    seen: dict[str, None] = {}
    waiting = [start]
    while waiting:
        file = waiting.pop()
        if file in seen or file not in own:
            continue
        seen[file] = None
        if tree := _parse(asset, files, file):
            folder = PurePosixPath(file).parent.parts
            for module in _imports(tree, folder):
                path = "/".join(module)
                waiting += [name for name in (f"{path}.py", f"{path}/__init__.py") if name in files]
    return tuple(seen)


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


def _syntax(asset: Asset, files: Mapping[str, Member], file: str) -> Iterator[Note]:
    if _parse(asset, files, file) is None:
        text = f"{file} has syntax that only {asset.runtime} could judge; it was not checked."
        yield Note(code="CODE_NOT_CHECKED", text=text, resource=asset.logical_id)


def _parse(asset: Asset, files: Mapping[str, Member], file: str) -> ast.Module | None:
    """The module's tree; None when only a newer Python than this one can tell whether it is right."""
    wanted = _version(asset.runtime)
    here = sys.version_info[:2]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(files[file].path.read_bytes(), feature_version=min(wanted, here))
    except SyntaxError as error:
        if wanted > here:
            return None
        what = f"{asset.logical_id}: {error.msg}."
        where = Place(file="/".join(filter(None, (asset.source, file))), line=error.lineno, column=error.offset)
        raise SpecError("CODE_SYNTAX", what, where=where) from error
    except (ValueError, RecursionError) as error:
        what = f"{asset.logical_id}: {file} is no Python source ({error})."
        raise SpecError("CODE_SYNTAX", what, where=Place(file=file)) from error


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
