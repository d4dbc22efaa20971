"""What was read, left out and kept, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def format_preparation(info: dict[str, Any]) -> str:
    """Two tables of `preparation.json`: sources, and languages of the train data."""
    sources = [
        (section.removesuffix("_data"), source["label"], *(source["counts"][name] for name in _SOURCE_COUNTS))
        for section, described in info["sources"].items()
        for source in described
    ]
    languages = [
        (language, *(counts[name] for name in _LANGUAGE_COUNTS)) for language, counts in info["languages"].items()
    ]
    return "\n\n".join(
        [
            _aligned(("section", "source", "read", "null", "empty", "filtered", "used"), sources, texts=2),
            _aligned(("train language", "read", "excluded", "duplicates", "kept", "words"), languages, texts=1),
        ]
    )


_SOURCE_COUNTS = ("read", "null", "empty", "filtered", "kept")
_LANGUAGE_COUNTS = ("read", "excluded", "duplicates", "kept", "words")


def _aligned(header: Sequence[str], rows: Sequence[Sequence[Any]], texts: int) -> str:
    """Columns aligned: the first `texts` to the left, numbers to the right."""
    cells = [list(header)] + [[value if isinstance(value, str) else f"{value:,}" for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        padded = [
            cell.ljust(width) if index < texts else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)
