"""The small corpus that the page looks for near sentences in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hf_xalign.data.minicorpus import LANGUAGES, generate
from hf_xalign.data.readers import read_lines
from hf_xalign.demo.writing import guess_language
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.json_fields import clean
from hf_xalign.evaluation.top_k import largest


# Synthetic sentences, each in all languages of the mini corpus.
_MINI = 100


class Line(NamedTuple):
    """A sentence of the corpus and its language, a code or what is guessed of it."""

    text: str
    language: str


class Neighbour(NamedTuple):
    """A line of the corpus and its cosine with the sentence that was asked for."""

    line: Line
    cosine: float


def mini_corpus() -> list[Line]:
    """Sentences of the synthetic mini corpus, in five languages."""
    sentences = generate(0, {"demo": _MINI})["demo"]
    return [Line(sentence.text(language), language) for sentence in sentences for language in LANGUAGES]


def read_corpus(file: str | Path) -> list[Line]:
    """The different sentences of a file of UTF-8 lines (may be gzipped); blank lines are left out.

    Raises:
        XAlignError: there is no such file, it cannot be read, a line is not UTF-8, or there is no sentence in it.
    """
    path = Path(file)
    try:
        texts = [" ".join(clean(line).split()) for _, line in read_lines(path)]
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise XAlignError(f"--corpus {path}: cannot be read: {reason}") from None
    lines = [Line(text, guess_language(text)) for text in dict.fromkeys(filter(None, texts))]
    if not lines:
        raise XAlignError(f"--corpus {path}: there is no sentence in it; write one a line")
    return lines


def nearest(lines: Sequence[Line], cosines: np.ndarray, count: int) -> list[Neighbour]:
    """The `count` lines of the largest cosines `(N,)`, nearest first."""
    values, rows = largest(cosines[None], min(count, len(lines)))
    return [Neighbour(lines[row], float(cosine)) for row, cosine in zip(rows[0], values[0], strict=True)]
