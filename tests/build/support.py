"""Repositories made of a few files, and wheels that need no package index."""

import hashlib
import io
import os
import stat
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from shoreward.adapters.build import ArtifactFiles, LocalBuilder
from shoreward.adapters.git import Repository
from shoreward.domain import Pipeline, Revision, Target, Terminal, Wave

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


class Blobs:
    """Content-addressed bytes in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self.kept[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        if digest not in self.kept:
            raise Terminal("BLOB_MISSING", f"There is no blob {digest}.")
        return self.kept[digest]


class Workshop:
    """A repository, and a builder with stores of its own."""

    def __init__(self, directory: Path, files: Mapping[str, str | bytes]) -> None:
        self.root = directory / "repository"
        self.root.mkdir(parents=True)
        self.git("init", "--quiet")
        self.commit(files)
        self.blobs = Blobs()
        self.artifacts = ArtifactFiles(directory / "artifacts")
        self.source = Repository(self.root)
        self.builder = LocalBuilder(self.source, self.blobs, self.artifacts)

    def git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, env=ENVIRONMENT, check=True, capture_output=True)

    def commit(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")

    def revision(self, template: str = "template.yaml", **parameters: str) -> Revision:
        return self.builder.build(pipeline(template, **parameters), "HEAD")

    def zip_of(self, logical_id: str) -> dict[str, bytes]:
        """Files of a function's or layer's artifact."""
        artifact = next(one for one in self.revision().artifacts if logical_id in one.used_by)
        with zipfile.ZipFile(io.BytesIO(self.artifacts.open(artifact.digest))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def pipeline(template: str = "template.yaml", **parameters: str) -> Pipeline:
    target = Target(
        account="123456789012", region="eu-west-1", stack="beach", parameters=tuple(sorted(parameters.items()))
    )
    return Pipeline(application="beach", template=template, waves=(Wave(name="one", targets=(target,)),))


def wheel(directory: Path, name: str, version: str, files: Mapping[str, str], requires: tuple[str, ...] = ()) -> None:
    """A wheel for any Python, as an index would have it; a console script comes with it."""
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    contents = dict(files) | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, content in contents.items():
            archive.writestr(path, content)


def modes(content: bytes) -> set[int]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
