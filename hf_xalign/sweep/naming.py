"""Names of settings: they are folders, so a setting keeps its name when others join the sweep."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any


UNCHANGED = "unchanged"
# A folder's name has at most 255 bytes on common file systems.
_LONGEST = 200


def setting_name(changes: dict[str, Any]) -> str:
    """`{"heads.tr.weight": 0.6, "max_length": 48}` is `tr.weight=0.6,max_length=48`.

    What a folder's name cannot hold is replaced, and a few digits of a hash tell such names apart.
    """
    parts = [f"{_plain(short_key(key))}={_plain(value_text(value))}" for key, value in changes.items()]
    name = ",".join(parts) or UNCHANGED
    return name if len(name.encode()) <= _LONGEST else f"{name[:40]}-{_digits(name)}"


def short_key(key: str) -> str:
    """A dotted key as tables and folders show it: `tr.weight` for `heads.tr.weight`."""
    return key.removeprefix("heads.")


def value_text(value: Any) -> str:
    """A value on one line: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    plain = re.sub(r"[^\w.+-]+", "-", text)
    return text if plain == text and 0 < len(text) <= 40 else f"{plain[:24]}-{_digits(text)}"


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
