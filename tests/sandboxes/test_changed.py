"""The line at which a change begins, so that a person looks there first."""

from __future__ import annotations

import pytest

from shoreward.app.sandboxes.changed import first_change
from shoreward.domain import Place
from shoreward.testing.builders import a_pipeline
from shoreward.testing.files import Files, MemoryFile, MemorySource

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: hello.handler, CodeUri: code/}
"""
BEFORE = {"template.yaml": TEMPLATE, "code/hello.py": "a\nb\nc\n", "code/tests/test_hello.py": "t\n", "docs.py": "d\n"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"code/hello.py": "a\nB\nC\n"}, Place(file="code/hello.py", line=2)),
        # a comment says nothing, unless it is all there is
        ({"code/hello.py": "# why\n\nA\nb\nc\n"}, Place(file="code/hello.py", line=3)),
        ({"code/hello.py": "a\nb\n# why\nc\n"}, Place(file="code/hello.py", line=3)),
        # what was taken away is nowhere; what came in its place is
        ({"code/hello.py": "a\nc\n"}, None),
        ({"code/hello.py": "a\nc\n", "code/new.py": "n\n"}, Place(file="code/new.py", line=1)),
        # tests, and code that no function has, are not it
        ({"code/tests/test_hello.py": "T\n", "docs.py": "D\n", "code/test_more.py": "m\n"}, None),
        ({"template.yaml": TEMPLATE + "Outputs: {}\n"}, Place(file="template.yaml", line=6)),
        ({"template.yaml": TEMPLATE + "Outputs: {}\n", "code/hello.py": "A\n"}, Place(file="code/hello.py", line=1)),
        # where nobody can tell what code is, anything may be it
        ({"template.yaml": "Resources: [", "docs.py": "D\n"}, Place(file="docs.py", line=1)),
        ({"code/hello.py": MemoryFile(b"\xff\xfe")}, None),
    ],
)
def test_the_first_line_of_code_that_changed(changes: Files, expected: Place | None):
    source = MemorySource({"before": BEFORE, "after": {**BEFORE, **changes}})
    assert first_change(source, "before", "after", a_pipeline()) == expected
