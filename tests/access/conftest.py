"""The servers of tests/web, and what they are told about those who come."""

from __future__ import annotations

from web.conftest import Site as Site
from web.conftest import build as build  # the fixture: a server of one's own
from web.conftest import past as past  # the fixture: a server with releases that have ended
