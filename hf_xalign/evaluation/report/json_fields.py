"""JSON that other programs or hands may have written: each value is checked as it is read."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError


# C0 and C1 controls (a tab and a newline are harmless) and lone surrogates have no place in HTML, nor in UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Beyond this, differences and squares of numbers may no longer be finite.
LARGEST = 1e150


class Node:
    """A JSON value that knows where it stands, so that an error can name the file and the field."""

    def __init__(self, value: Any, path: Path, place: str = ""):
        self.value, self.path, self.place = value, path, place

    def fail(self, complaint: str) -> XAlignError:
        return XAlignError(f"{self.path}: {self.place or 'the file'} {complaint}")

    def has(self, key: str) -> bool:
        return self.mapping().get(key) is not None

    def __getitem__(self, key: str) -> Node:
        name = " ".join(clean(key).split())
        place = f"{self.place}.{name}" if self.place else name
        if key not in self.mapping():
            raise XAlignError(f"{self.path}: {place} is missing; `xalign evaluate` writes a complete file")
        return Node(self.value[key], self.path, place)

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.fail(f"must be an object, not {_kind(self.value)}")
        return self.value

    def items(self) -> Iterable[tuple[str, Node]]:
        return ((clean(key), self[key]) for key in self.mapping())

    def array(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self.fail(f"must be a list, not {_kind(self.value)}")
        return [Node(value, self.path, f"{self.place}[{index}]") for index, value in enumerate(self.value)]

    def filled_array(self) -> list[Node]:
        entries = self.array()
        if not entries:
            raise self.fail("is empty")
        return entries

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail(f"must be a string, not {_kind(self.value)}")
        return clean(self.value)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail(f"must be true or false, not {_kind(self.value)}")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self.fail(f"must be a number, not {_kind(self.value)}")
        # NaN compares as false, and an integer of any size compares without an overflow. A share of 1 + 1e-16 is a 1.
        if not max(low - 1e-9, -LARGEST) <= self.value <= min(high + 1e-9, LARGEST):
            bounds = "finite" if math.isinf(low) and math.isinf(high) else f"between {low:g} and {high:g}"
            raise self.fail(f"must be {bounds}, not {str(self.value)[:20]}")
        return float(self.value)

    def whole(self, low: float = 0) -> int:
        number = self.number(low, 1e15)
        if not number.is_integer():
            raise self.fail(f"must be a whole number, not {number:g}")
        return int(number)


def clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)


def load_json(path: Path) -> Node:
    """Raises `XAlignError` for a file that cannot be read or is not one JSON object."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise XAlignError(f"{path}: cannot be read: {error.strerror}") from None
    except RecursionError:
        raise XAlignError(f"{path}: not valid JSON: nested too deeply") from None
    except ValueError as error:
        raise XAlignError(f"{path}: not valid JSON: {error}") from None
    node = Node(value, path)
    node.mapping()
    return node


def check_format(root: Node, format: str) -> None:
    """Raise an `XAlignError` unless the file says that it is in this format."""
    if not root.has("format") or root.value["format"] != format:
        found = f"is {str(root.value['format'])[:60]!r}" if root.has("format") else "is missing"
        raise XAlignError(f"{root.path}: format {found}, expected {format!r}; write it again with `xalign evaluate`")


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
