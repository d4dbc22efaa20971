"""Words that error messages share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the nearest of `known`, or a list of all of them if none is near."""
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if len(known) <= 20 else ""


def counted(number: int, noun: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{number} {noun}{'s' * (number != 1)}"


def kind_of(value: Any) -> str:
    """What a user would call the value."""
    if value is None:
        return "empty"
    return {dict: "a mapping", list: "a list", str: "text", bool: "true or false"}.get(type(value), "a number")
