"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NEEDED = bool(os.environ.get("CI"))
"""Whether tests in a browser must not be left out: on a build server nothing is skipped in silence."""

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-headless-shell") or ""


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser for as long as the context lasts."""
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--disable-gpu", *sandbox])
        try:
            yield chromium
        finally:
            chromium.close()
