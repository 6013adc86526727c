"""The only door to the emulator's internals: its modules, untyped and named in one place.

ministack has no stable Python interface and no types. Everything that reaches into it goes through here, so that
``grep seam`` lists what an upgrade may break; each use has a test that drives it through boto3.
"""

import importlib
from typing import Any

PINNED = "1.5.33"


def service(name: str) -> Any:
    """A service module, e.g. ``lambda_svc`` or ``cloudformation.provisioners``."""
    return importlib.import_module(f"ministack.services.{name}")


def core(name: str) -> Any:
    """A core module, e.g. ``responses`` (accounts and regions) or ``persistence``."""
    return importlib.import_module(f"ministack.core.{name}")


def application() -> Any:
    """The module of the ASGI application."""
    return importlib.import_module("ministack.app")
