"""tests/README.md: every test and script that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


TESTS = Path(__file__).parent
PAGE = (TESTS / "README.md").read_text(encoding="utf-8")
FILES = sorted(set(re.findall(r"[\w/]+\.py", PAGE)))
# `path::name`, or `::name` after a file that the row has named.
NAMES = sorted(set(re.findall(r"::(\w+)", PAGE)))


@pytest.mark.parametrize("name", FILES)
def test_files_are_there(name):
    root = TESTS.parent if name.startswith(("tests/", "benchmarks/")) else TESTS
    assert (root / name).is_file() or list(TESTS.rglob(name))


def test_tests_are_there():
    sources = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    assert NAMES and not [name for name in NAMES if f"def {name}(" not in sources]
