"""A package index on this machine: Python's simple index and npm's registry, as far as uv and npm ask."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import distribution
from pathlib import Path


def wheel(name: str, version: str, files: Mapping[str, str], requires: tuple[str, ...] = ()) -> bytes:
    """A wheel for any Python; a console script comes with it."""
    info = f"{name}-{version}.dist-info"
    needed = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    contents = dict(files) | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    contents[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*contents, f"{info}/RECORD"])
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in contents.items():
            archive.writestr(path, content)
    return made.getvalue()


def tarball(name: str, version: str, files: Mapping[str, str], requires: Mapping[str, str]) -> bytes:
    """What npm publishes."""
    about = {"name": name, "version": version, "main": "index.js", "dependencies": dict(requires)}
    contents = {"package.json": json.dumps(about), **files}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


class Registry:
    """What is published, and what was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.status = 200

    def publish_wheel(self, name: str, version: str, files: Mapping[str, str], requires: tuple[str, ...] = ()) -> None:
        self.files[f"/simple/{_plain(name)}/{name}-{version}-py3-none-any.whl"] = wheel(name, version, files, requires)

    def publish_installed(self, name: str, services: tuple[str, ...] = ()) -> None:
        """Publish what is installed here; of the data that calls of AWS need, what these services take."""
        found = distribution(name)
        files = [path for path in found.files or () if path.parts[0] != ".." and path.suffix != ".pyc"]

        def needed(path: Path) -> bool:
            return "data" not in path.parts[:2] or bool(
                services and (len(path.parts) == 3 or path.parts[2] in services)
            )

        kept = [path for path in files if needed(Path(path)) and path.name != "RECORD"]
        info = next(path.parts[0] for path in files if path.parts[0].endswith(".dist-info"))
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for path in kept:
                archive.writestr(str(path), Path(str(path.locate())).read_bytes())
            archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in (*kept, f"{info}/RECORD")))
        wheel_name = f"{info.removesuffix('.dist-info')}-py3-none-any.whl"
        self.files[f"/simple/{_plain(name)}/{wheel_name}"] = made.getvalue()

    def publish_package(
        self, name: str, version: str, files: Mapping[str, str], requires: Mapping[str, str] | None = None
    ) -> None:
        """A version of a package, beside those that are published already; the last one is the latest."""
        content = tarball(name, version, files, requires or {})
        file = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
        self.files[file] = content
        dist = {"tarball": f"{self.address}{file}", "shasum": hashlib.sha1(content).hexdigest()}
        about = {"name": name, "version": version, "main": "index.js", "dist": dist, "dependencies": requires or {}}
        earlier = json.loads(self.files.get(f"/npm/{name}", b"{}")).get("versions", {})
        document = {"name": name, "dist-tags": {"latest": version}, "versions": {**earlier, version: about}}
        self.files[f"/npm/{name}"] = json.dumps(document).encode()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        self.asked.append(path)
        path = path.replace("%2f", "/")
        if self.status != 200:
            return self.status, "text/plain", b"not now"
        if path in self.files:
            return (
                200,
                "application/octet-stream" if path[-4:] in (".whl", ".tgz") else "application/json",
                self.files[path],
            )
        links = [name for name in self.files if path.startswith("/simple/") and name.startswith(path)]
        if links:
            page = "".join(f'<a href="{name}">{name.rpartition("/")[2]}</a>' for name in links)
            return 200, "text/html", page.encode()
        return 404, "application/json", b"{}"


def _plain(name: str) -> str:
    """A package's name, as indexes have it."""
    return re.sub("[-_.]+", "-", name).lower()


@contextmanager
def registry() -> Iterator[Registry]:
    """A registry that serves until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, content = found.answer(self.path)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                with suppress(BrokenPipeError, ConnectionResetError):  # uv reads no more of a wheel than it needs
                    self.wfile.write(content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Registry(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
