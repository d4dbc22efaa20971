"""Aligned words as columns of a data set, which AWP and WTR train on."""

from __future__ import annotations

import logging
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.aligners.base import Aligner
from hf_xalign.data.shards import map_in_shards
from hf_xalign.data.words import split_words
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from datasets import Dataset

logger = logging.getLogger("hf_xalign")

# Rows that are aligned at a time.
BATCH_ROWS = 1000


class AlignWords:
    """Add word alignments: `dataset.map(AlignWords("source", "target", aligner=aligner), batched=True)`.

    The new columns are `source_words` and `target_words` (the words of the sentences), `alignment` (pairs `[i, j]` of
    word numbers, 0-based and sorted) and `alignment_score` (one a pair, 0 to 1; what it means depends on the aligner).
    Words that a row has already are used, those of other rows come from
    [`~hf_xalign.data.words.split_words`]. A row without words on a side (its text is None or blank) has no links.

    Nothing heavy is pickled: each process loads the model when it aligns its first batch. Equal arguments and an equal
    `aligner.id`, in which there is a digest of a local model's files, give an equal fingerprint, so that a second
    `map` reads the cache.

    Args:
        source, target: columns of sentences; not needed where all rows have words.
        aligner: of [`~hf_xalign.load_aligner`].
        source_words, target_words: columns of words (lists of strings); None: the columns of that name, if any.
        keep: whether rows that have an `alignment` (not None) keep it with its scores (1 where there are none).
        corpus_rows: rows of the data set, for an aligner that learns from the corpus (`aligner.needs_corpus`); a batch
            must then be all of it (`map(..., batch_size=None)`). [`align_dataset`] sees to that.

    Raises:
        XAlignError: `aligner` is no aligner; in a call, a column is missing or holds something else, a word is empty,
            or a corpus-level aligner is given a part of the corpus.
    """

    def __init__(
        self,
        source: str = "source",
        target: str = "target",
        *,
        aligner: Aligner,
        source_words: str | None = None,
        target_words: str | None = None,
        keep: bool = False,
        corpus_rows: int | None = None,
    ) -> None:
        if not isinstance(aligner, Aligner):
            raise XAlignError(f"aligner is {aligner!r}; make one with hf_xalign.load_aligner(name, model=...)")
        self.columns = {"source": source, "target": target}
        self.word_columns = {"source": source_words, "target": target_words}
        self.aligner = aligner
        self.keep = keep
        self.corpus_rows = corpus_rows

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the new ones depend on, as far as they are there."""
        words = [given or f"{side}_words" for side, given in self.word_columns.items()]
        return (*self.columns.values(), *words, "alignment", "alignment_score")

    def __call__(self, batch: dict[str, list]) -> dict[str, list]:
        words = [self._words(batch, side) for side in ("source", "target")]
        rows = len(words[0])
        if self.aligner.needs_corpus and rows != self.corpus_rows:
            raise XAlignError(
                f"this aligner learns from all pairs at once, and {rows} rows came to it: use align_dataset, or "
                "AlignWords(..., corpus_rows=len(dataset)) and map(..., batched=True, batch_size=None)"
            )
        alignments, scores = self._kept(batch, rows)
        todo = [row for row in range(rows) if alignments[row] is None and words[0][row] and words[1][row]]
        links = self.aligner.align([(words[0][row], words[1][row]) for row in todo])
        for row, found in zip(todo, links, strict=True):
            alignments[row] = [link[:2] for link in found]
            scores[row] = [link[2] for link in found]
        return {
            "source_words": words[0],
            "target_words": words[1],
            # As arrays, since a batch of empty lists would have no type.
            "alignment": [np.array(row or [], dtype=np.int64).reshape(-1, 2) for row in alignments],
            "alignment_score": [np.array(row or [], dtype=np.float64) for row in scores],
        }

    def __repr__(self) -> str:
        columns = f"columns={self.columns}, word_columns={self.word_columns}"
        return f"AlignWords({columns}, aligner={self.aligner.id!r}, keep={self.keep})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "aligner_id": self.aligner.id}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: value for name, value in state.items() if name != "aligner_id"})

    def _words(self, batch: dict[str, list], side: str) -> list[list[str]]:
        column, given = self.columns[side], self.word_columns[side]
        words = batch.get(given or f"{side}_words")
        if words is None and (given is not None or column not in batch):
            raise XAlignError(f"no column {given or column!r} to align; the columns are {', '.join(batch)}")
        if isinstance(words if words is not None else batch[column], str):
            raise XAlignError(f"column {column!r} holds one row, not a batch; use map(..., batched=True)")
        texts = batch.get(column, [])
        if words is None:
            return [_split(text, column) for text in texts]
        name = given or f"{side}_words"
        rows = []
        for number, row in enumerate(words):
            if row is None and not texts:
                raise XAlignError(f"row {number} of column {name!r} is empty, and there is no column {column!r}")
            rows.append(_split(texts[number], column) if row is None else _checked(row, name, number))
        return rows

    def _kept(self, batch: dict[str, list], rows: int) -> tuple[list, list]:
        if not self.keep or "alignment" not in batch:
            return [None] * rows, [None] * rows
        links, scores = batch["alignment"], batch.get("alignment_score", [None] * rows)
        sure = [[1.0] * len(row or []) if score is None else score for row, score in zip(links, scores, strict=True)]
        return list(links), sure


def align_dataset(
    dataset: Dataset,
    aligner: Aligner,
    *,
    source: str = "source",
    target: str = "target",
    source_words: str | None = None,
    target_words: str | None = None,
    keep: bool = False,
    batch_size: int = BATCH_ROWS,
    num_proc: int | None = None,
    shards: str | Path | None = None,
) -> Dataset:
    """A data set with the columns of [`AlignWords`], in batches, or in one for an aligner that needs the corpus.

    How many pairs have no link is said on the logger `hf_xalign`. A data set without rows comes back as it is.

    Such an aligner learns from each pair of languages apart (columns `source_lang` and `target_lang`, where the data
    set has them), and runs in this process.

    Args:
        source, target, source_words, target_words, keep: see [`AlignWords`].
        batch_size: rows per batch.
        num_proc: processes; each loads the model and computes on one thread.
        shards: a folder of this call alone that keeps finished batches, from which a call that was killed goes on;
            nothing in it is deleted. An aligner that needs the corpus has none.

    Raises:
        XAlignError: as [`AlignWords`].
    """
    arguments = {"aligner": aligner, "source_words": source_words, "target_words": target_words, "keep": keep}
    if not len(dataset):
        return dataset
    if not aligner.needs_corpus:
        align = AlignWords(source, target, **arguments)
        aligned = map_in_shards(
            dataset, align, shards, batch_size=batch_size, num_proc=num_proc, desc="Aligning words"
        )
    else:
        from datasets import concatenate_datasets

        parts, order = [], _by_languages(dataset)
        for rows in order:
            align = AlignWords(source, target, **arguments, corpus_rows=len(rows))
            part = dataset if len(order) == 1 else dataset.select(rows)
            parts.append(part.map(align, batched=True, batch_size=None, desc="Aligning words"))
        aligned = parts[0]
        if len(parts) > 1:
            aligned = concatenate_datasets(parts).select(np.argsort(np.concatenate(order)))
    unlinked = sum(not row for row in aligned["alignment"][:])
    if unlinked:
        logger.warning("%d of %d pairs have no aligned words", unlinked, len(aligned))
    return aligned


def _by_languages(dataset: Dataset) -> list[list[int]]:
    """The rows of each pair of languages, in the order of their first row."""
    if not {"source_lang", "target_lang"} <= set(dataset.column_names):
        return [list(range(len(dataset)))]
    rows: dict[tuple[str | None, str | None], list[int]] = defaultdict(list)
    for row, languages in enumerate(zip(dataset["source_lang"][:], dataset["target_lang"][:], strict=True)):
        rows[languages].append(row)
    return list(rows.values())


def _split(text: object, column: str) -> list[str]:
    if text is not None and not isinstance(text, str):
        raise XAlignError(f"column {column!r} holds {type(text).__name__}, not strings")
    return split_words(text or "")


def _checked(words: object, column: str, row: int) -> list[str]:
    if isinstance(words, str) or not all(isinstance(word, str) and word and not word.isspace() for word in words):
        raise XAlignError(f"row {row} of column {column!r} is no list of words: {words!r:.80}")
    return list(words)
