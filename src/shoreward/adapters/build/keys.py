"""Names for what was built: digests over everything that could have made it different."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from shoreward.app.files import Entry
from shoreward.domain import digest_of
from shoreward.spec.template import Asset


def tools() -> list[str]:
    """Versions of what renders and builds."""
    return [f"{name} {version(name)}" for name in ("shoreward", "aws-sam-translator", "uv")]


def below(entries: Sequence[Entry], folder: str) -> tuple[Entry, ...]:
    """Files in a folder ('' has all of them), or the one file of that name."""
    return tuple(
        entry for entry in entries if not folder or entry.path == folder or entry.path.startswith(f"{folder}/")
    )


def content_key(entries: Sequence[Entry]) -> list[list[str]]:
    """What files are, as plain JSON."""
    return [[entry.path, entry.kind, entry.id] for entry in entries]


def asset_key(asset: Asset, entries: Sequence[Entry], settings: str, whole: str) -> str:
    """What an artifact depends on, as one digest; a makefile is asked for it by its logical id."""
    about = [asset.kind, asset.source, asset.runtime, asset.architecture, asset.method, asset.properties, asset.handler]
    return digest_of("asset", tools(), about, asset.logical_id, asset.layered, content_key(entries), settings, whole)
