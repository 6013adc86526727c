"""Whom a machine trusts is read from the commit, in its own copy of the repository."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from shoreward.app.ports import Signer
from shoreward.bootstrap import open_project
from shoreward.domain import Terminal

from .keys import PRIVATE, PUBLIC

PIPELINE = """\
application: shop
template: template.yaml
accounts:
  main: {id: "111111111111"}
waves:
  - {name: north, targets: [main/eu-north-1]}
"""


def signer(root: Path) -> Signer:
    """The signer of a machine on which the repository is there."""
    project = open_project(root)
    with closing(project.journal):
        return project.world().signer


def commit(root: Path, pipeline: str) -> str:
    (root / "shoreward.yaml").write_text(pipeline)
    who = ["-c", "user.name=Kim", "-c", "user.email=kim@example.org"]
    for command in (["add", "-A"], ["commit", "-q", "-m", "A change"]):
        subprocess.run(["git", *who, *command], cwd=root, check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_what_ci_signed_counts_on_another_machine_when_the_commit_names_its_key(tmp_path: Path):
    # Given a CI with a key that another program made, which a commit names
    ci, other = tmp_path / "ci", tmp_path / "other"
    ci.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=ci, check=True)
    before = commit(ci, PIPELINE)
    key = ci / ".shoreward" / "signing-key"
    key.parent.mkdir()
    key.write_text(PRIVATE)
    key.chmod(0o600)
    (key.parent / ".gitignore").write_text("*\n")
    told = "".join(f"      {line}\n" for line in PUBLIC.splitlines())
    named = commit(ci, f"{PIPELINE}checks:\n  trusted-keys:\n    ci: |\n{told}")

    # When the CI signs, and another machine has the repository
    envelope = signer(ci).sign(b"{}")
    subprocess.run(["git", "clone", "-q", ci, other], check=True)

    # Then that counts there, for this commit and not for one that does not name the key
    assert signer(other).verify(envelope, named) == b"{}"
    with pytest.raises(Terminal) as refused:
        signer(other).verify(envelope, before)
    assert (refused.value.code, "trusted-keys" in refused.value.next) == ("SIGNER_UNKNOWN", True)
    # And what the file in the work tree says is of no matter
    (other / "shoreward.yaml").write_text(PIPELINE)
    assert signer(other).verify(envelope, named) == b"{}"
