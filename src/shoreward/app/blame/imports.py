"""Which files of a repository some files import, however far away: Python's and JavaScript's, as they are written."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Sequence

_SCRIPTS = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_SPECIFIER = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)["'](\.{1,2}/[^"']+)["']""")


def imported(
    read: Callable[[str], bytes], paths: Collection[str], begin: Collection[str], roots: Sequence[str]
) -> frozenset[str]:
    """The files that some files import, and those that these import, without the first ones.

    Args:
        paths: all files that there are.
        roots: folders that Python looks in.
    """
    there = set(paths)
    found, waiting = set(begin), list(begin)
    while waiting:
        path = waiting.pop()
        for other in _imports(path, read(path).decode(errors="replace"), roots):
            if other in there and other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found) - frozenset(begin)


def _imports(path: str, text: str, roots: Sequence[str]) -> Iterator[str]:
    if path.endswith(".py"):
        yield from _python(path, text, roots)
    elif path.endswith(_SCRIPTS):
        for specifier in _SPECIFIER.findall(text):
            base = posixpath.normpath(posixpath.join(posixpath.dirname(path), str(specifier)))
            stem = posixpath.splitext(base)[0]
            yield base
            yield from (f"{one}{end}" for one in (base, stem, f"{base}/index") for end in (*_SCRIPTS, ".json"))


def _python(path: str, text: str, roots: Sequence[str]) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    yield from _modules(name.name, roots)
            case ast.ImportFrom(module=module, names=names, level=0):
                yield from _modules(module or "", roots)
                for name in names:
                    yield from _modules(f"{module}.{name.name}", roots)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = posixpath.normpath(posixpath.join(posixpath.dirname(path), *[".."] * (level - 1)))
                for name in (
                    *([module] if module else ()),
                    *(f"{module or ''}.{one.name}".lstrip(".") for one in names),
                ):
                    yield from _modules(name, (base,))
            case _:
                pass


def _modules(name: str, roots: Sequence[str]) -> Iterator[str]:
    parts = name.split(".")
    for root in roots:
        for count in range(1, len(parts) + 1):
            base = posixpath.normpath(posixpath.join(root, *parts[:count]))
            yield f"{base}.py"
            yield f"{base}/__init__.py"
