"""The adapters of AWS on accounts of their own, as in the tests beside."""

from __future__ import annotations

from aws.conftest import bench

__all__ = ["bench"]
