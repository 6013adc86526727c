"""JavaScript that Node would not load, or that lacks the handler, is found before anything is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.adapters.build.handlers import check_handler
from shoreward.adapters.build.javascript import exports, imports
from shoreward.adapters.build.zips import members
from shoreward.domain import Place, SpecError
from shoreward.spec.template import Asset

WHERE = Place(file="template.yaml", line=7, column=3)
HANDLER = "exports.handler = async () => 1;\n"


def check(folder: Path, files: dict[str, str], *, method: str = "", layered: bool = False) -> list[str]:
    start = next(name for name in files if name.startswith("app."))
    wanted = Asset(
        logical_id="F",
        kind="function",
        source="src",
        runtime="nodejs18.x",
        handler="app.handler",
        architecture="x86_64",
        method=method,
        layered=layered,
        where=WHERE,
        handler_where=WHERE,
    )
    assert start
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    found = members(folder)
    return [note.code for note in check_handler(wanted, found, frozenset(found))]


@pytest.mark.parametrize(
    "text",
    [
        "exports.handler = async (event) => event;",
        "module.exports.handler = 1",
        "module.exports = { other, handler };",
        "module.exports = {\n  handler: middy(async () => ({ a: 1 })),\n};",
        "module.exports = { ...require('./impl') };",
        "module.exports = require('./impl');",
        "Object.defineProperty(exports, 'handler', { get: () => 1 });",
        "__exportStar(require('./impl'), exports);",
        "const api = exports;\napi.handler = 1;",
        "exports['hand' + 'ler'] = 1;",
        "exports.other = exports.handler = 1;",
    ],
)
def test_common_js_that_exports_a_handler_or_may(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, {"app.js": text, "impl.js": HANDLER}) == []


@pytest.mark.parametrize(
    "text",
    [
        "export const handler = async () => 1;",
        "export async function handler() {}",
        "export function* handler() {}",
        "const own = 1;\nexport { own as handler };",
        "export * from './impl.mjs';",
        "export const { handler, other } = { handler: 1, other: 2 };",
        "export class handler {}",
    ],
)
def test_modules_that_export_a_handler_or_may(tmp_path: Path, text: str) -> None:
    assert check(tmp_path, {"app.mjs": text, "impl.mjs": "export const handler = 1;"}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.js", "exports.handle = async () => 1;"),
        ("app.js", "module.exports = { handle: () => 1 };"),
        ("app.mjs", "export async function handle() {}"),
        ("app.mjs", "export default async () => 1;"),
        ("app.js", "console.log('nothing');"),
    ],
)
def test_a_handler_that_is_not_exported_is_missing(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, {name: text})
    assert (error.value.code, error.value.where) == ("HANDLER_MISSING", WHERE)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"app.js": f"{HANDLER}const a = ;\n"}, ("src/app.js", 2)),
        ({"app.mjs": "export const handler = 1;\n\nawait = 2;\n"}, ("src/app.mjs", 3)),
        ({"app.js": f"const l = require('./lib/l');\n{HANDLER}", "lib/l.js": "\nlet x = (1;\n"}, ("src/lib/l.js", 2)),
        ({"app.js": "import './l.js';\nexport const handler = 1;\nlet let = 1;\n", "l.js": ""}, ("src/app.js", 3)),
    ],
)
def test_what_is_no_javascript_is_told_with_its_line(
    tmp_path: Path, files: dict[str, str], place: tuple[str, int]
) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, files)
    assert error.value.code == "CODE_SYNTAX"
    assert isinstance(error.value.where, Place)
    assert (error.value.where.file, error.value.where.line) == place


@pytest.mark.parametrize(
    ("files", "place", "near"),
    [
        ({"app.js": f"//\nconst l = require('./lenght');\n{HANDLER}", "length.js": ""}, ("src/app.js", 2), "length"),
        ({"app.mjs": "import {\na } from './l';\nexport const handler = 1;", "l.mjs": ""}, ("src/app.mjs", 2), "l.mjs"),
        ({"app.js": f"const _ = require('lodash');\n{HANDLER}"}, ("src/app.js", 1), "package.json"),
        ({"app.mjs": "import x from '@a/b/deep';\nexport const handler = x;"}, ("src/app.mjs", 1), "package.json"),
    ],
)  # fmt: skip
def test_a_module_that_is_not_there_is_told_with_the_line_that_loads_it(
    tmp_path: Path, files: dict[str, str], place: tuple[str, int], near: str
) -> None:
    with pytest.raises(SpecError) as error:
        check(tmp_path, files)
    assert error.value.code == "MODULE_MISSING"
    assert isinstance(error.value.where, Place)
    assert (error.value.where.file, error.value.where.line) == place
    assert near in error.value.next


@pytest.mark.parametrize(
    "text",
    [
        "const { S3 } = require('@aws-sdk/client-s3');",
        "const fs = require('node:fs/promises'), path = require('path');",
        "const x = require('@beach/spade/deep');",
        "const self = require('us/lib');",
        "const data = require('./data'), inner = require('./lib');",
        "try { require('optional'); } catch {}",
        "function later() { return require('./never'); }",
        "  const indented = require('./never');",
        "const text = `\n`;",
    ],
)
def test_modules_that_are_there_or_may_be(tmp_path: Path, text: str) -> None:
    files = {
        "app.js": f"{text}\n{HANDLER}",
        "package.json": '{"name": "us"}',
        "data.json": "{}",
        "lib/index.js": "",
        "node_modules/@beach/spade/package.json": "{}",
    }
    assert check(tmp_path, files) == []


def test_modules_of_layers_are_not_missed(tmp_path: Path) -> None:
    assert check(tmp_path, {"app.js": f"const _ = require('lodash');\n{HANDLER}"}, layered=True) == []


def test_what_a_tool_made_may_be_in_nobody_s_manner(tmp_path: Path) -> None:
    assert check(tmp_path, {"app.js": "var x = 1;"}, method="esbuild") == []


def test_an_older_node_judges_nothing(tmp_path: Path) -> None:
    files = {"app.js": f"{HANDLER}let let = 1;\n"}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found = members(tmp_path)
    wanted = Asset(
        logical_id="F",
        kind="function",
        source="src",
        runtime="nodejs99.x",
        handler="app.handler",
        architecture="x86_64",
        method="",
        where=WHERE,
        handler_where=WHERE,
    )
    assert [note.code for note in check_handler(wanted, found, frozenset(found))] == ["CODE_NOT_CHECKED"]


def test_what_is_exported_is_read_or_unknown() -> None:
    assert exports("exports.a = 1; exports.b = 2;") == {"a", "b"}
    assert exports("if (exports.a === 1) {}") == frozenset()
    assert exports("module.exports = make();") is None


def test_what_is_imported_is_read_with_its_line() -> None:
    text = "import a from './a.js';\nimport {\n  b,\n} from \"b\";\nimport './c.js';\nconst d = require('d');\n"
    assert [(one.name, one.line) for one in imports(text)] == [("./a.js", 1), ("b", 4), ("./c.js", 5), ("d", 6)]
