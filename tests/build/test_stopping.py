"""A build that nobody waits for any more ends at once, with all that it started, and leaves nothing half made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from checking.shop import alive, until
from shoreward.adapters.build import build_check
from shoreward.app.checking.check import Materials, Running
from shoreward.app.interruption import Abandoned, Interruption
from shoreward.domain import Retryable

from .support import Workshop, pipeline

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties: {Runtime: python3.11, CodeUri: code/, Handler: hello.handler}
"""

# Its shell has a child, which hangs as well; both are known by what they write.
HANGS = "build-Hello:\n\tsleep 1000 & echo $$$$ $$! > {begun}; wait\n"
BUILDS = "build-Hello:\n\tcp hello.py $(ARTIFACTS_DIR)\n"
HELLO = "def handler(event, context):\n    return 'hello'\n"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Its makefile hangs."""
    makefile = HANGS.format(begun=tmp_path / "begun")
    return Workshop(tmp_path, {"template.yaml": TEMPLATE, "code/Makefile": makefile, "code/hello.py": HELLO})


def hanging(tmp_path: Path) -> list[int]:
    """Ids of the makefile's processes, once it has begun."""
    begun = tmp_path / "begun"
    until(lambda: begun.exists() and begun.read_text().endswith("\n"))
    return [int(each) for each in begun.read_text().split()]


def test_a_build_that_is_interrupted_ends_with_all_that_it_started(workshop: Workshop, tmp_path: Path):
    interruption, processes = Interruption(), list[int]()

    def interrupt() -> None:
        processes.extend(hanging(tmp_path))
        interruption.use()

    other = threading.Thread(target=interrupt)
    other.start()
    with pytest.raises(Abandoned):
        workshop.builder.build(pipeline(), "HEAD", interruption)
    other.join()
    assert len(processes) == 2
    until(lambda: not any(map(alive, processes)))
    # And what it had begun is not taken for the whole
    workshop.commit({"code/Makefile": BUILDS})
    assert workshop.zip_of("Hello") == {"hello.py": HELLO.encode()}


def test_a_build_that_nobody_waits_for_does_not_begin(workshop: Workshop, tmp_path: Path):
    interruption = Interruption()
    interruption.use()
    with pytest.raises(Abandoned):
        workshop.builder.build(pipeline(), "HEAD", interruption)
    assert not (tmp_path / "begun").exists()


def test_a_check_that_is_stopped_ends_its_build(workshop: Workshop, tmp_path: Path):
    running, processes = Running(), list[int]()

    def stop() -> None:
        processes.extend(hanging(tmp_path))
        running.stop.set()

    other = threading.Thread(target=stop)
    other.start()
    with pytest.raises(Retryable) as stopped:
        build_check(workshop.builder).run(
            Materials(source=workshop.source, commit="HEAD", pipeline=pipeline()), running
        )
    other.join()
    assert stopped.value.code == "BUILD_STOPPED"
    until(lambda: not any(map(alive, processes)))
