"""What JavaScript modules export and import, as far as it can be told by reading them; and whether they are any.

There is no parser here: what a text may mean is always given the benefit of the doubt, and what makes names while it
runs is not guessed at. Syntax is Node's to judge, if this machine has one that is not older than the function's.
"""

from __future__ import annotations

import json
import posixpath
import re
import shutil
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_NAMES = re.compile(
    r"""^\s*export\s+(?:async\s+)?(?:function\s*\*?|class|const|let|var)\s+(\w+)
      | \bexports\.(\w+)\s*=[^=]
      | ^\s*export\s+(default)\b""",
    re.MULTILINE | re.VERBOSE,
)
_LISTS = re.compile(r"^\s*export\s*(?:(?:const|let|var)\s*)?(?=[{[])|\bmodule\.exports\s*=\s*(?=\{)", re.MULTILINE)
_DYNAMIC = re.compile(
    r"""^\s*export\s*\*
      | \bmodule\.exports\s*=\s*[^\s{=]
      | \bmodule\.exports\s*[\[,)]
      | (?<![.\w])exports\s*[\[,)]
      | [=(,]\s*(?:module\.)?exports\b(?!\s*[.\w])
      | \b__export
      | \beval\(
      | ^\s*this\.""",
    re.MULTILINE | re.VERBOSE,
)
_WORD = re.compile(r"\w+")
_IMPORTS = re.compile(
    r"""^(?:import|export)\b(?:[^'";()]*?\bfrom)?\s*(['"])(?P<esm>[^'"\n]+)\1
      | ^(?:const|let|var)\s[^=;]*=\s*require\(\s*(['"])(?P<cjs>[^'"\n]+)\3\s*\)
      | ^require\(\s*(['"])(?P<bare>[^'"\n]+)\5\s*\)""",
    re.MULTILINE | re.VERBOSE,
)
_BUILT_IN = frozenset(
    ("assert", "async_hooks", "buffer", "child_process", "cluster", "console", "constants", "crypto", "dgram",
     "diagnostics_channel", "dns", "domain", "events", "fs", "http", "http2", "https", "inspector", "module", "net",
     "os", "path", "perf_hooks", "process", "punycode", "querystring", "readline", "repl", "stream", "string_decoder",
     "sys", "timers", "tls", "trace_events", "tty", "url", "util", "v8", "vm", "wasi", "worker_threads", "zlib")
)  # fmt: skip
_OF_THE_RUNTIME = ("@aws-sdk/", "@smithy/", "@aws-crypto/", "@aws/lambda-invoke-store", "aws-sdk")
"""What Lambda has without being told to, or had."""

_SUFFIXES = ("", ".js", ".json", ".node", "/package.json", "/index.js", "/index.json", "/index.node")

_JUDGE = r"""
const fs = require("fs"), vm = require("vm"), { wrap } = require("module"), { spawnSync } = require("child_process");
const script = (text, filename) => new vm.Script(wrap(text), { filename });
const esm = (text, filename) => new vm.SourceTextModule(text, { identifier: filename });
// Of modules the error does not tell the line, and Node's own check does.
const CHECK = ["--input-type=module", "--check", "-"];
const checked = (input) => String(spawnSync(process.execPath, CHECK, { input }).stderr);
const LINE = /^\S*:(\d+)\r?\n/;
const found = [];
for (const [filename, kinds] of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const text = fs.readFileSync(filename, "utf8").replace(/^#!.*/, "");
  let error = null;
  for (const kind of kinds) {
    try { (kind === "module" ? esm : script)(text, filename); error = null; break; }
    catch (caught) { error = error ?? caught; }
  }
  const line = error && LINE.exec(kinds[0] === "module" ? checked(text) : String(error.stack));
  if (error) found.push([filename, String(error.message), line ? Number(line[1]) : null]);
}
console.log(JSON.stringify([process.versions.node, found]));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A module that another one asks for as soon as it is loaded."""

    name: str
    line: int
    esm: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What Node said of modules.

    Attributes:
        version: Node's major version.
        broken: name, message and line of each that is no JavaScript.
    """

    version: int
    broken: tuple[tuple[str, str, int | None], ...]


def exports(text: str) -> frozenset[str] | None:
    """Names that a module may export; None when that cannot be told by reading it."""
    if _DYNAMIC.search(text):
        return None
    names = {name for found in _NAMES.findall(text) for name in found if name}
    for found in _LISTS.finditer(text):
        inside = _balanced(text[found.end() :])
        if inside is None or "..." in inside:
            return None
        names |= set(_WORD.findall(inside))
    return frozenset(names)


def imports(text: str) -> Iterator[Import]:
    """Modules that stand at the beginning of lines; what is asked for in a block may never be."""
    for found in _IMPORTS.finditer(text):
        name = found["esm"] or found["cjs"] or found["bare"]
        end = found.end() - len(found[0]) + found[0].rindex(name)
        yield Import(name=name, line=text.count("\n", 0, end) + 1, esm=bool(found["esm"]))


def resolved(asked: Import, module: str, files: Collection[str], *, esm: bool) -> str | None:
    """The file that a module means by a relative name; None when there is none.

    Args:
        module: the one that asks, by its name in the zip.
        esm: whether names are looked up as in ES modules, which say them in full.
    """
    path = posixpath.normpath(posixpath.join(posixpath.dirname(module), asked.name))
    return next((f"{path}{suffix}" for suffix in (("",) if esm else _SUFFIXES) if f"{path}{suffix}" in files), None)


def packaged(name: str, module: str, files: Collection[str]) -> bool:
    """Whether a package is there, or comes with the runtime."""
    if name.startswith(("node:", "#", "/", "file:", "data:", "https:", *_OF_THE_RUNTIME)):
        return True
    parts = name.split("/")
    package = "/".join(parts[: 2 if name.startswith("@") else 1])
    if package in _BUILT_IN:
        return True
    places = tuple(posixpath.join(folder, "node_modules", package) + "/" for folder in above(posixpath.dirname(module)))
    return any(file.startswith(places) for file in files)


def kinds(module: str, text: str, about: Mapping[str, object]) -> tuple[str, ...]:
    """As what a module may be read: ("module",), ("script",), or whatever succeeds.

    Args:
        about: the nearest package.json.
    """
    match posixpath.splitext(module)[1], about.get("type"):
        case (".mjs", _) | (_, "module"):
            return ("module",)
        case (".cjs", _) | (_, "commonjs"):
            return ("script",)
        case _:
            looks = re.search(r"^(?:import|export)\b", text, re.MULTILINE)
            return ("module", "script") if looks else ("script", "module")


def judge(modules: Mapping[Path, tuple[str, ...]]) -> Judgement | None:
    """Ask Node which of these files are no JavaScript; None when there is no Node to ask, or it does not answer."""
    command = shutil.which("node")
    if command is None:
        return None
    asked = json.dumps([[str(path), kinds] for path, kinds in modules.items()])
    done = subprocess.run(
        [command, "--experimental-vm-modules", "--no-warnings", "-e", _JUDGE],
        input=asked.encode(),
        capture_output=True,
        check=False,
    )
    try:
        version, found = json.loads(done.stdout)
        return Judgement(version=int(version.split(".")[0]), broken=tuple((a, b, c) for a, b, c in found))
    except ValueError:
        return None


def _balanced(text: str) -> str | None:
    """What is between the bracket that a text begins with and its partner."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter in "{[(") - (letter in "}])")
        if depth == 0:
            return text[:position]
    return None


def above(folder: str) -> Iterator[str]:
    """A folder and all that it lies in; the last one is ''."""
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""
