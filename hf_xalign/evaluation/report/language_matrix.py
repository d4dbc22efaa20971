"""Reading the part `language_similarity` of a `languages.json` for the report."""

from __future__ import annotations

from typing import NamedTuple

from hf_xalign.evaluation.report.json_fields import Node
from hf_xalign.evaluation.report.results import Measure


class Matrix(NamedTuple):
    """The mean cosine of every two languages over n sentences; `cells[i][j]` is of languages i and j."""

    languages: tuple[str, ...]
    n: int
    cells: tuple[tuple[Measure, ...], ...]


def read_matrices(node: Node, models: int) -> tuple[Matrix, ...]:
    """A matrix for each of so many models; raises `XAlignError` for any that is not square."""
    languages = tuple(entry.text() for entry in node["languages"].array())
    if len(languages) < 2 or len(set(languages)) < len(languages):
        raise node["languages"].fail("must name two or more different languages")
    n, entries = node["n"].whole(1), node["models"].array()
    if len(entries) != models:
        raise node["models"].fail(f"must hold {models} matrices, one per model, not {len(entries)}")
    return tuple(_matrix(entry, languages, n) for entry in entries)


def _matrix(node: Node, languages: tuple[str, ...], n: int) -> Matrix:
    values, lows, highs = (_square(node[key], len(languages)) for key in ("value", "low", "high"))
    cells = tuple(
        tuple(Measure(*ends, n) for ends in zip(*rows, strict=True)) for rows in zip(values, lows, highs, strict=True)
    )
    return Matrix(languages, n, cells)


def _square(node: Node, width: int) -> list[list[float]]:
    rows = [[entry.number(-1 - 1e-6, 1 + 1e-6) for entry in row.array()] for row in node.array()]
    if len(rows) != width or any(len(row) != width for row in rows):
        raise node.fail(f"must be {width} by {width}, as there are {width} languages")
    return rows
