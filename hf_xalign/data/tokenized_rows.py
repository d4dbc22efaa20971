"""The rows of token ids that a recipe trains on, and what is said of those that are cut or left out."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

from datasets import Dataset, concatenate_datasets

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.tokenization import TokenizeViews
from hf_xalign.errors import XAlignError


logger = logging.getLogger("hf_xalign")

# Columns that only the counts in `tokenize_dataset`'s notices need.
_COUNTS = ("source_truncated", "target_truncated", "target_latn_truncated", "words_lost", "links_below", "links_cut")
_LANGUAGES = {"source": ("source_lang", "target_lang"), "text": ("lang", "lang")}


def tokenize_rows(
    dataset: Dataset,
    tokenizer: Any,
    data_args: DataArguments,
    *,
    views: Collection[str] = (),
    words: bool = False,
    alignments: bool = False,
    languages: Sequence[str] | None = None,
) -> Dataset:
    """The rows of token ids of a recipe's training data: its sentences (`text`), then its pairs (`source`, `target`).

    The `target` view of a sentence is its transliteration or the sentence itself, as `data_args.second_view` says.
    Columns and errors are those of [`tokenize_dataset`].

    Args:
        views: the views that are wanted; it matters for `target_latn` alone.
        words: whether the words of tokens are wanted.
        alignments: whether word alignments are wanted.
        languages: those that the model has embeddings for, if the languages of the rows are wanted.

    Raises:
        XAlignError: the data lack what is wanted.
    """
    second = "text" if data_args.second_view == "original" else "text_latn"
    parts = []
    for first, target in (("text", second), ("source", "target")):
        if first not in dataset.column_names:
            continue
        rows = dataset
        if {"text", "source"} <= set(dataset.column_names):
            rows = dataset.select([row for row, text in enumerate(dataset[first][:]) if text is not None])
        if first == "text" and (alignments or "target_latn" in views):
            raise XAlignError("the objectives need pairs of translations, but train_data has sentences without one")
        if alignments and "alignment" not in rows.column_names:
            raise XAlignError(
                "the objectives need word alignments, but the pairs have none: set aligner, or name their column"
            )
        tokenize = TokenizeViews(
            tokenizer,
            source=first,
            target=target,
            target_latn="target_latn" if "target_latn" in views else None,
            max_length=data_args.max_length,
            words=words and first == "source",
            alignments=alignments,
            alignment_threshold=data_args.alignment_threshold,
            languages=None if languages is None else _LANGUAGES[first],
        )
        if languages is not None:
            _check_languages(rows, _LANGUAGES[first], languages)
        parts.append(tokenize_dataset(rows, tokenize, num_proc=data_args.preprocessing_num_proc))
    return parts[0] if len(parts) == 1 else concatenate_datasets(parts)


def tokenize_dataset(dataset: Dataset, views: TokenizeViews, *, num_proc: int | None = None) -> Dataset:
    """The rows of token ids of a data set, without the rows that have no text in a view.

    What was truncated and what was left out is said once, with counts, on the logger `hf_xalign`.

    Returns:
        columns `source_input_ids`, `target_input_ids`, `length`, and what else the views were asked for.

    Raises:
        XAlignError: no row has text in every view, or alignments are wanted and no link is left.
    """
    rows = dataset.map(views, batched=True, remove_columns=dataset.column_names, num_proc=num_proc, desc="Tokenising")
    total = rows.num_rows
    # Columns are read whole: row by row they are many times slower.
    flags = [rows[name][:] for name in rows.column_names if name.endswith("_truncated")]
    truncated = sum(map(any, zip(*flags, strict=True)))
    if truncated:
        logger.warning(
            "%d of %d rows are longer than %d tokens and were truncated; %d words are lost",
            truncated, total, views.max_length, sum(rows["words_lost"][:]),
        )  # fmt: skip
    if views.alignments:
        _say_links(rows, views)
    lengths = rows["length"][:]
    if 0 in lengths:
        kept = [row for row, length in enumerate(lengths) if length]
        logger.warning("%d of %d rows have no text in a view and were left out", total - len(kept), total)
        if not kept:
            raise XAlignError(f"none of {total} rows has text in every view")
        rows = rows.select(kept)
    return rows.remove_columns([name for name in _COUNTS if name in rows.column_names])


def _check_languages(rows: Dataset, columns: tuple[str, str], known: Sequence[str]) -> None:
    for column in dict.fromkeys(columns):
        unknown = sorted(set(rows[column][:]) - set(known))
        if unknown:
            raise XAlignError(
                f"the data have {unknown[0]!r} ({column}), but languages names {', '.join(known)} alone: add it there"
            )


def _say_links(rows: Dataset, views: TokenizeViews) -> None:
    below, cut = (sum(rows[name][:]) for name in ("links_below", "links_cut"))
    left = [len(links) for links in rows["alignment"][:]]
    if not sum(left):
        raise XAlignError(
            f"no word link is left: {below} are below alignment_threshold {views.alignment_threshold}, {cut} lost a "
            "word to max_length. Lower the threshold, or align with another aligner"
        )
    logger.warning(
        "%d word links in %d of %d rows; left out: %d below alignment_threshold %g, %d whose words are not whole",
        sum(left), sum(map(bool, left)), rows.num_rows, below, views.alignment_threshold, cut,
    )  # fmt: skip
