"""The adapters of AWS on accounts of their own, as in the tests beside."""

from __future__ import annotations

from aws.conftest import bench
from cli.conftest import kiosk

__all__ = ["bench", "kiosk"]
