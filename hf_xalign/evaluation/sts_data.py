"""Pairs of sentences with a graded similarity, out of a file."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path

from hf_xalign.data.readers import check_columns
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.parallel_text import column_names, read_columns


COLUMNS = ("sentence1", "sentence2", "score")


@dataclass(frozen=True)
class StsData:
    """N pairs of sentences, of one language or of two, and their gold scores; `dropped` counts incomplete rows."""

    first: list[str]
    second: list[str]
    scores: list[float]
    file: str
    dropped: int

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def name(self) -> str:
        return self.file.split(".")[0]

    def fingerprint(self) -> str:
        """16 hex digits that only these pairs with these scores in this order have."""
        digest = hashlib.sha256()
        for row in zip(self.first, self.second, self.scores, strict=True):
            digest.update(json.dumps(row, ensure_ascii=False).encode())
        return digest.hexdigest()[:16]


def read_sts(file: str, *, limit: int | None = None) -> StsData:
    """Read `sentence1`, `sentence2` and `score` from a Parquet, JSONL, TSV or CSV file.

    Args:
        limit: keep the first so many pairs.

    Raises:
        XAlignError: no such file or column, a score that is no number, fewer than 3 complete rows.
    """
    path = Path(file)
    check_columns(COLUMNS, column_names(path), file)
    table = read_columns(path, COLUMNS)
    rows = []
    dropped = 0
    for number, (first, second, score) in enumerate(zip(*(table[name] for name in COLUMNS), strict=True), start=1):
        for text in (first, second):
            if text is not None and not isinstance(text, str):
                raise XAlignError(f"{file}: row {number} of sentence1 and sentence2 holds {text!r}, not text")
        if not (first and first.strip() and second and second.strip()) or score in (None, ""):
            dropped += 1
            continue
        rows.append((first, second, _number(score, f"{file}: row {number} of score")))
    rows = rows[:limit]
    if len(rows) < 3:
        raise XAlignError(f"{file} holds {len(rows)} complete rows: at least 3 are needed")
    first, second, scores = (list(column) for column in zip(*rows, strict=True))
    return StsData(first, second, scores, path.name, dropped)


def _number(score: object, where: str) -> float:
    try:
        value = float(score)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(score, bool) or not math.isfinite(value):
        raise XAlignError(f"{where} holds {score!r}, not a number")
    return value
