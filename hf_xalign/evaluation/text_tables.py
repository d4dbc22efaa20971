"""Small tables, aligned for a terminal or written as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose cells stand under one another."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def markdown_cell(text: str) -> str:
    """Text that neither ends a cell nor starts HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def share(estimate: Mapping[str, float]) -> str:
    """A share and its interval in per cent: `61.2 [58.0, 64.1]`."""
    return f"{100 * estimate['value']:.1f} [{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]"


def gain(estimate: Mapping[str, float]) -> str:
    """A difference of shares in points, with its sign: `+3.1 [+1.9, +4.4]`."""
    value, low, high = (_signed(100 * estimate[key]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _signed(value: float) -> str:
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
