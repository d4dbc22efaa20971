"""A page in headless Chromium, where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest


CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


def rendered(path: Path, folder: Path) -> str:
    """The document after it was laid out; `folder` is for the browser's files."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--disable-component-update", "--virtual-time-budget=5000"]
    command += [f"--user-data-dir={folder / 'profile'}", "--window-size=1280,900", "--dump-dom", path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def widths_on_a_phone(path: Path, folder: Path) -> tuple[int, int]:
    """What a page of 390 pixels has for its content, and what the content takes."""
    # Headless windows are never narrower than 500 px, a frame is as narrow as it is asked to be.
    harness = folder / "harness.html"
    harness.write_text(
        f'<!DOCTYPE html><title>waiting</title><iframe width="390" height="800" style="border:0" srcdoc="'
        f'{escape(path.read_text(encoding="utf-8"))}" onload="const page = this.contentDocument.documentElement; '
        f'document.title = JSON.stringify([page.clientWidth, page.scrollWidth])"></iframe>',
        encoding="utf-8",
    )
    client, scroll = json.loads(re.search("<title>(.*?)</title>", rendered(harness, folder))[1])
    return client, scroll
