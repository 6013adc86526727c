"""What a tool complains about is blamed on the line of the repository that its words tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoreward.adapters.build.blame import blamed
from shoreward.domain import SpecError

from .support import Workshop

FILES = {
    "Makefile": "build-F:\n\ttrue\n",
    "app.ts": "const a: string = 1;\n",
    "requirements.txt": "# Tools.\nrequests>=2\nsea_weed.tools==9.9  # soft\n",
    "package.json": '{\n  "name": "beach",\n "dependencies": {\n  "tariff": "1.0.0",\n  "@quay/rope": "^4"\n }\n}\n',
}


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("app.ts(1,7): error TS2322: Type 'number' is not assignable.", "f/app.ts:1:7"),
        ('✘ [ERROR] Expected ";"\n\n    app.ts:1:18:\n', "f/app.ts:1:18"),
        ("file://{root}/app.ts:1\nconst a: string = 1;", "f/app.ts:1"),
        ("Because sea-weed-tools was not found in the package registry and you require sea-weed-tools==9.9, we can "
         "conclude that your requirements are unsatisfiable.", "f/requirements.txt:3"),
        ("npm error Invalid: lock file's tariff@1.1.0 does not satisfy tariff@1.0.0", "f/package.json:4"),
        ("npm error 404  '@quay/rope@^4' is not in this registry.", "f/package.json:5"),
        ("/usr/lib/python3.11/runpy.py:12: it broke; node_modules/x/index.js:3 too", "None"),
        ("make: *** [Makefile:2: build-F] Error 3", "f/Makefile:2"),
        ("the tide is out", "None"),
    ],
)  # fmt: skip
def test_the_line_that_words_tell(tmp_path: Path, words: str, place: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert str(blamed(words.replace("{root}", str(tmp_path)), tmp_path, "f")) == place


def test_a_makefile_s_compiler_is_heard(tmp_path: Path) -> None:
    template = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Metadata: {BuildMethod: makefile}\n"
        "    Properties: {CodeUri: f, Handler: app.b, Runtime: python3.11}\n"
    )
    files = {"template.yaml": template, "f/app.c": "x\n", "f/Makefile": "build-F:\n\t@echo 'app.c:1:1: x?'; exit 1\n"}
    with pytest.raises(SpecError) as error:
        Workshop(tmp_path, files).revision()
    assert (error.value.code, str(error.value.where)) == ("BUILD_FAILED", "f/app.c:1:1")
