"""Functions whose code stands in the template itself: CloudFormation packs it anew, with the time, at each change."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import pytest

from shoreward.adapters.aws import Aws, Sessions
from shoreward.adapters.aws.serving import put_back
from shoreward.domain import Revision, ServingFunction, Snapshot, Staged

from .rendered import sam
from .support import Bench

DESCRIPTIONS = {"Plain": "''", "Described": "A greeting.", "Substituted": "!Sub 'A greeting of ${AWS::StackName}'"}


def saying(bench: Bench, word: str, *, memory: int = 128) -> Revision:
    """Functions that say a word, one for each way to describe one."""
    return sam(
        bench,
        "".join(
            f"""\
{name}:
  Type: AWS::Serverless::Function
  Properties:
    Runtime: python3.11
    Handler: index.handler
    MemorySize: {memory}
    Description: {description}
    InlineCode: |
      def handler(event, context):
          return {{'says': '{word}'}}
"""
            for name, description in DESCRIPTIONS.items()
        ),
    )


def released(bench: Bench, revision: Revision, key: str) -> tuple[Snapshot, Staged]:
    """A revision that went all the way: what there was before it, and what it staged."""
    stacks = bench.adapters.stacks
    snapshot = stacks.inspect(bench.pipeline, bench.target, revision)
    staged = stacks.stage(bench.pipeline, bench.target, revision, snapshot, f"{key}/stage")
    bench.adapters.traffic.shift(bench.target, staged.functions, 100.0, 0.0)
    stacks.finish(bench.pipeline, bench.target, revision, staged, f"{key}/finish")
    return snapshot, staged


def another_time() -> None:
    """Wait until a zip would hold another time; it counts in steps of two seconds."""
    begun = time.time() // 2
    while time.time() // 2 == begun:
        time.sleep(0.05)


def sha256_of(bench: Bench, logical_id: str, version: str) -> str:
    found = bench.lambda_.get_function_configuration(FunctionName=bench.name_of(logical_id), Qualifier=version)
    return str(found["CodeSha256"])


def test_text_that_comes_back_is_the_version_that_was(bench: Bench) -> None:
    # Given inline text that was released, changed, and released again
    released(bench, saying(bench, "one"), "r1")
    another_time()
    snapshot, staged = released(bench, saying(bench, "two"), "r2")
    assert bench.says("Plain") == {"two"}

    # When the second release is taken back, and once more, as after a crash
    for _ in range(2):
        bench.adapters.stacks.restore(bench.pipeline, bench.target, snapshot, staged, "r2/restore")

        # Then customers hear the old answer from a version that equals the old one, and stack and reality agree
        for before in snapshot.functions:
            version, weights = bench.alias(before.logical_id)
            assert (bench.says(before.logical_id), weights) == ({"one"}, {})
            assert version != before.version
            assert sha256_of(bench, before.logical_id, version) != before.code
        assert (bench.drift(), bench.change_sets()) == ("IN_SYNC", [])


MARK = "A greeting. (revision 0123456789)"


@pytest.mark.parametrize(
    ("inline", "second", "stays"),
    [
        (True, {"Description": MARK}, True),
        (True, {"Description": "revision 0123456789"}, True),
        (False, {"Description": MARK}, False),
        (True, {"Description": "A greeting."}, False),
        (True, {"Description": "A greeting. (revision 9876543210)"}, False),
        (True, {"Description": MARK, "MemorySize": 256}, False),
    ],
)
def test_only_an_equal_mark_on_an_equal_version_makes_up_for_another_sha256(
    bench: Bench, inline: bool, second: dict[str, Any], stays: bool
) -> None:
    # Given a version that served, and an alias at one of the same text, packed a minute later
    client = bench.lambda_
    client.create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="index.handler",
        Role=f"arn:aws:iam::{bench.account.account_id}:role/r",
        Description=MARK,
        Code={"ZipFile": packed(minute=1)},
        Publish=True,
    )
    code = client.get_function_configuration(FunctionName="f", Qualifier="1")["CodeSha256"]
    client.update_function_configuration(FunctionName="f", **second)
    client.update_function_code(FunctionName="f", ZipFile=packed(minute=2), Publish=True)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="2")

    # When the alias is to serve what it served
    before = ServingFunction(logical_id="Hello", name="f", alias="live", version="1", code=code)
    put_back(Aws(Sessions(bench.session)), bench.target, before, inline=inline)

    # Then it stays where it is only if that is known to be the same
    assert client.get_alias(FunctionName="f", Name="live")["FunctionVersion"] == ("2" if stays else "1")


def packed(minute: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        info = zipfile.ZipInfo("index.py", date_time=(2024, 5, 1, 12, minute, 0))
        bundle.writestr(info, "def handler(event, context): return 1")
    return buffer.getvalue()
