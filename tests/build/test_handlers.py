"""A handler that is not in the code is found before anything is deployed."""

import ast
import sys
from pathlib import Path

import pytest

from shoreward.adapters.build.handlers import check_handler
from shoreward.adapters.build.syntax import Broken, Newer, always_wrong, parse
from shoreward.adapters.build.zips import members
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset

WHERE = Place(file="template.yaml", line=7, column=3)


def asset(handler: str, runtime: str = "python3.11", *, layered: bool = False) -> Asset:
    return Asset(
        logical_id="F",
        kind="function",
        source="src",
        runtime=runtime,
        handler=handler,
        architecture="x86_64",
        method="",
        layered=layered,
        where=WHERE,
        handler_where=WHERE,
    )


def check(folder: Path, files: dict[str, str], wanted: Asset) -> list[str]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    found = members(folder)
    return [note.code for note in check_handler(wanted, found, frozenset(found))]


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("app.handler", {"app.py": "def handler(event, context): ..."}),
        ("app.handler", {"app.py": "async def handler(event, context): ..."}),
        ("app.handler", {"app.py": "handler = lambda event, context: None"}),
        ("app.handler", {"app.py": "handler: object = print"}),
        ("app.handler", {"app.py": "class handler: ..."}),
        ("app.handler", {"app.py": "from web import app as handler", "web.py": "app = 1"}),
        ("app.handler", {"app.py": "import handler", "handler/__init__.py": ""}),
        ("app.handler", {"app.py": "from web import *", "web.py": ""}),
        ("app.handler", {"app.py": "try:\n    from a import handler\nexcept ImportError:\n    handler = None"}),
        ("app.handler", {"app.py": "a, (handler, b) = 1, (2, 3)"}),
        ("app.handler", {"app.py": "globals()['handler'] = print"}),
        ("app.handler", {"app.py": "def __getattr__(name): ..."}),
        ("app.handler", {"app/__init__.py": "def handler(event, context): ..."}),
        ("src.app.handler", {"src/app.py": "def handler(event, context): ..."}),
        ("src/app.handler", {"src/app.py": "def handler(event, context): ..."}),
    ],
)
def test_handlers_that_are_there(tmp_path: Path, handler: str, files: dict[str, str]) -> None:
    assert check(tmp_path, files, asset(handler)) == []


@pytest.mark.parametrize(
    ("handler", "runtime", "files", "near"),
    [
        ("app.handler", "python3.11", {"app.py": "def handle(event, context): ..."}, "'handle'"),
        ("app.handler", "python3.11", {"app.py": "def outer():\n    def handler(): ..."}, "outer"),
        ("app.handler", "python3.11", {"apps.py": "def handler(event, context): ..."}, "'apps.py'"),
        ("app.handler", "nodejs22.x", {"apps.mjs": "export const handler = 1"}, "'apps.mjs'"),
        ("app.handler", "nodejs22.x", {"app.ts": "export const handler = 1"}, "esbuild"),
        ("bootstrap", "provided.al2023", {"main": "x"}, ""),
    ],
)
def test_handlers_that_are_not_there(
    tmp_path: Path, handler: str, runtime: str, files: dict[str, str], near: str
) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, files, asset(handler, runtime))
    assert (error.value.code, error.value.where) == ("HANDLER_MISSING", WHERE)
    assert near in error.value.next


@pytest.mark.parametrize("suffix", [".js", ".mjs", ".cjs"])
def test_node_handlers_are_files(tmp_path: Path, suffix: str) -> None:
    text = "export const handler = 1;" if suffix == ".mjs" else "exports.handler = 1;"
    assert check(tmp_path, {f"src/app{suffix}": text}, asset("src/app.handler", "nodejs18.x")) == []


def test_a_handler_may_be_in_a_layer_and_then_it_is_said(tmp_path: Path) -> None:
    assert check(tmp_path, {"app.py": ""}, asset("wrapper.handler", layered=True)) == ["HANDLER_IN_LAYER"]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.py": "def handler(:\n"}, ("src/app.py", 1)),
        ({"app.py": "from lib import tool", "lib/tool.py": "x = 1\ny = = 2\n"}, ("src/lib/tool.py", 2)),
        ({"app.py": "import lib.tool", "lib/__init__.py": "(\n", "lib/tool.py": ""}, ("src/lib/__init__.py", 1)),
        ({"pkg/app.py": "from . import other", "pkg/other.py": "1 +\n"}, ("src/pkg/other.py", 1)),
    ],
)
def test_bad_syntax_is_told_with_its_line_also_in_what_is_imported(
    tmp_path: Path, files: dict[str, str], place: tuple[str, int]
) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, files, asset("pkg.app.handler" if "pkg/app.py" in files else "app.handler"))
    assert error.value.code == "CODE_SYNTAX"
    assert isinstance(error.value.where, Place)
    assert (error.value.where.file, error.value.where.line) == place


@pytest.mark.parametrize(
    ("files", "line", "near"),
    [
        ({"app.py": "import requests\n"}, 1, "requirements.txt"),
        ({"app.py": "import json\nfrom toolz import x\n", "tools.py": ""}, 2, "'tools'"),
        ({"lib/app.py": "import os\n\nimport near\n", "lib/near.py": ""}, 3, "lib.near"),
    ],
)
def test_a_module_that_is_not_there_is_told_with_the_line_that_imports_it(
    tmp_path: Path, files: dict[str, str], line: int, near: str
) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, files, asset("lib.app.handler" if "lib/app.py" in files else "app.handler"))
    assert error.value.code == "MODULE_MISSING"
    assert isinstance(error.value.where, Place)
    assert error.value.where.line == line
    assert near in error.value.next


HANDLER = "def handler(event, context): ...\n"


@pytest.mark.parametrize(
    "files",
    [
        {"app.py": f"import boto3, botocore.exceptions, distutils.version\n{HANDLER}"},
        {"app.py": f"import google.cloud\n{HANDLER}", "google/cloud/x.py": ""},
        {"app.py": f"import fast\n{HANDLER}", "fast.cpython-312-x86_64-linux-gnu.so": ""},
        {"app.py": f"try:\n    import orjson\nexcept ImportError:\n    orjson = None\n{HANDLER}"},
        {"app.py": f"import sys\nsys.path.insert(0, 'vendor')\nimport requests\n{HANDLER}"},
        {"app.py": "def handler(event, context):\n    import requests\n"},
    ],
    ids=["of the runtime", "a namespace", "compiled", "an attempt", "elsewhere", "later"],
)
def test_modules_that_may_be_there(tmp_path: Path, files: dict[str, str]) -> None:
    assert check(tmp_path, files, asset("app.handler")) == []


def test_modules_of_layers_are_not_missed(tmp_path: Path) -> None:
    files = {"app.py": f"import requests\n{HANDLER}"}
    assert check(tmp_path, files, asset("app.handler", layered=True)) == []


def test_files_that_nothing_imports_may_be_anything(tmp_path: Path) -> None:
    files = {"app.py": "def handler(event, context): ...", "template.py": "{{ this is no Python }}"}
    assert check(tmp_path, files, asset("app.handler")) == []


def test_syntax_of_a_newer_python_is_not_judged_but_that_is_said(tmp_path: Path) -> None:
    files = {"app.py": "from new import x\ndef handler(event, context): ...", "new.py": "brand new syntax"}
    assert check(tmp_path, files, asset("app.handler", "python3.99")) == ["CODE_NOT_CHECKED"]


@pytest.mark.parametrize(
    "text",
    [
        "print(f'{x['a']}')\n",
        "type Beach[T] = list[T]\n",
        "def first[T](of: list[T]) -> T: ...\n",
        "try: ...\nexcept OSError, ValueError: ...\n",
        "x = t'{y}'\n",
        "x = (\n  f'{y!r:{'>'}10}'\n",
    ],
)
def test_what_a_newer_python_brought_is_not_called_wrong(text: str) -> None:
    with pytest.raises(SyntaxError) as error:
        ast.parse(text)
    assert not always_wrong(text.encode(), error.value, (3, 14))


@pytest.mark.parametrize("text", ["return True)\n", "x = = 1\n", "def handler(:\n", "if x\n  y\n", "  x = 1\n y = 2\n"])
def test_what_no_python_ever_understood_is_wrong(text: str) -> None:
    with pytest.raises(SyntaxError) as error:
        ast.parse(text)
    assert always_wrong(text.encode(), error.value, (3, 14))
    assert not always_wrong(text.encode(), error.value, (3, 99))


def test_a_newer_interpreter_is_asked_where_there_is_one() -> None:
    newest = sys.version_info[:2]
    older = (newest[0], newest[1] - 1)
    assert parse(b"x = = 1\n", newest, here=older) == Broken(message="invalid syntax", line=1, column=5)
    assert isinstance(parse(b"x = 1\n", newest, here=older), ast.Module)


def test_what_only_the_newer_interpreter_understands_is_sound() -> None:
    assert parse(b"try: ...\nexcept* OSError: ...\n", sys.version_info[:2], here=(3, 10)) == Newer(sound=True)


def test_syntax_that_an_older_python_does_not_know_is_found(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, {"app.py": "match 1:\n    case 1: handler = 1\n"}, asset("app.handler", "python3.9"))
    assert error.value.code == "CODE_SYNTAX"
