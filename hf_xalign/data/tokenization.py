"""Sentences to rows of token ids: `dataset.map(TokenizeViews(tokenizer), batched=True)`."""

from __future__ import annotations

import logging
import re
from typing import Any

from datasets import Dataset, concatenate_datasets
from tokenizers import Tokenizer

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.errors import XAlignError


__all__ = ["TokenizeViews", "tokenize_dataset", "tokenize_rows", "train_sentencepiece_tokenizer"]

logger = logging.getLogger("hf_xalign")

# Columns that only the counts in `tokenize_dataset`'s notices need.
_COUNTS = ("source_truncated", "target_truncated", "words_lost")


class TokenizeViews:
    """Tokenise the views of a batch: each column once, as a single sentence with its special tokens.

    Special tokens spelt out in a sentence (`</s>`, `[MASK]`) are text: they are broken up (`< /s>`), so that no
    special token stands inside a sentence.

    Args:
        tokenizer: a Hub id, a folder, or a tokenizer of transformers (one that the Rust library `tokenizers` backs).
        source: column of the `source` view.
        target: column of the `target` view; the same column as `source` gives the sentence twice (model 1 of Liu et
            al. 2025), None gives no `target` view.
        max_length: tokens of a view, special tokens included; what is longer is truncated at its end.

    Returns:
        from a call: `source_input_ids` and `target_input_ids` (lists of int); `length`, the longer of the two, or 0
        where a view is None or has no token besides the special ones (drop such rows, there is nothing to predict
        and nothing to pool); `source_truncated`, `target_truncated` (bool); `words_lost`, the words between spaces
        that truncation took from the row in part or whole.

    Pickles to the tokenizer's JSON and these arguments, so a second `map` finds the first one's result in the cache,
    whatever the tokenizer was used for in between.

    Raises:
        XAlignError: the tokenizer cannot be loaded, has no fast version, or takes less than `max_length` tokens; in a
            call, a column is missing.
    """

    def __init__(
        self, tokenizer: Any, *, source: str = "text", target: str | None = "text_latn", max_length: int = 128
    ) -> None:
        if isinstance(tokenizer, str):
            tokenizer = load_tokenizer(tokenizer)
        if not tokenizer.is_fast:
            raise XAlignError(f"{tokenizer.name_or_path}: the tokenizer has no fast version (tokenizer.json)")
        if max_length > tokenizer.model_max_length:
            raise XAlignError(
                f"max_length is {max_length}, but the tokenizer of {tokenizer.name_or_path} takes at most "
                f"{tokenizer.model_max_length} tokens"
            )
        self.source = source
        self.target = target
        self.max_length = max_length
        backend = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        # Whoever used the tokenizer before has left these in it.
        backend.no_padding()
        backend.no_truncation()
        self.special_tokens = backend.num_special_tokens_to_add(is_pair=False)
        if max_length <= self.special_tokens:
            raise XAlignError(f"max_length is {max_length}; {self.special_tokens} of these are special tokens")
        self._json = backend.to_str()
        spelt = sorted(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
        self._spelt = "|".join(re.escape(token) for token in spelt if len(token) > 1)
        self._backend: Tokenizer | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_backend": None}

    def __call__(self, batch: dict[str, list[str | None]]) -> dict[str, list]:
        views = {"source": self._encode(batch, self.source)}
        if self.target is not None:
            same = self.target == self.source
            views["target"] = views["source"] if same else self._encode(batch, self.target)
        columns: dict[str, list] = {}
        for name, (ids, lost) in views.items():
            columns[f"{name}_input_ids"] = ids
            columns[f"{name}_truncated"] = [words > 0 for words in lost]
        lengths = zip(*([len(ids) for ids in view] for view, _ in views.values()), strict=True)
        columns["length"] = [max(row) if min(row) > self.special_tokens else 0 for row in lengths]
        columns["words_lost"] = [sum(row) for row in zip(*(lost for _, lost in views.values()), strict=True)]
        return columns

    def _encode(self, batch: dict[str, list], column: str) -> tuple[list[list[int]], list[int]]:
        """Token ids of each row, and the words it lost."""
        if column not in batch:
            raise XAlignError(f"no column {column!r} to tokenise; the columns are {', '.join(batch)}")
        texts = [self._broken_up(text or "") for text in batch[column]]
        encodings = self._loaded().encode_batch(texts)
        lost = [
            _words_after(text, encoding) if encoding.overflowing else 0
            for text, encoding in zip(texts, encodings, strict=True)
        ]
        return [encoding.ids for encoding in encodings], lost

    def _broken_up(self, text: str) -> str:
        # `encode_special_tokens` does not do: the Unigram vocabulary of an XLM-R tokenizer holds `</s>` as a piece.
        return re.sub(self._spelt, lambda match: f"{match[0][0]} {match[0][1:]}", text) if self._spelt else text

    def _loaded(self) -> Tokenizer:
        if self._backend is None:
            self._backend = Tokenizer.from_str(self._json)
            self._backend.enable_truncation(self.max_length)
        return self._backend


def tokenize_rows(dataset: Dataset, tokenizer: Any, data_args: DataArguments) -> Dataset:
    """The rows of token ids of a recipe's training data: its sentences (`text`), then its pairs (`source`, `target`).

    The `target` view of a sentence is its transliteration or the sentence itself, as `data_args.second_view` says.
    Columns and errors are those of [`tokenize_dataset`].
    """
    second = "text" if data_args.second_view == "original" else "text_latn"
    parts = []
    for first, target in (("text", second), ("source", "target")):
        if first not in dataset.column_names:
            continue
        rows = dataset
        if {"text", "source"} <= set(dataset.column_names):
            rows = dataset.select([row for row, text in enumerate(dataset[first][:]) if text is not None])
        views = TokenizeViews(tokenizer, source=first, target=target, max_length=data_args.max_length)
        parts.append(tokenize_dataset(rows, views, num_proc=data_args.preprocessing_num_proc))
    return parts[0] if len(parts) == 1 else concatenate_datasets(parts)


def tokenize_dataset(dataset: Dataset, views: TokenizeViews, *, num_proc: int | None = None) -> Dataset:
    """The rows of token ids of a data set, without the rows that have no text in a view.

    What was truncated and what was left out is said once, with counts, on the logger `hf_xalign`.

    Returns:
        columns `source_input_ids`, `target_input_ids`, `length`.

    Raises:
        XAlignError: no row has text in every view.
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
    lengths = rows["length"][:]
    if 0 in lengths:
        kept = [row for row, length in enumerate(lengths) if length]
        logger.warning("%d of %d rows have no text in a view and were left out", total - len(kept), total)
        if not kept:
            raise XAlignError(f"none of {total} rows has text in every view")
        rows = rows.select(kept)
    return rows.remove_columns([name for name in _COUNTS if name in rows.column_names])


def load_tokenizer(name: str, revision: str | None = None):
    """The fast tokenizer of a Hub id or folder."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, revision=revision)
    except (OSError, ValueError, KeyError, ImportError) as error:
        said = " ".join(str(error).split())[:300]
        raise XAlignError(f"{name}: no tokenizer can be loaded from there ({said})") from None


def _words_after(text: str, encoding: Any) -> int:
    """Words that do not lie wholly before the last token kept."""
    ends = [
        end for (_, end), special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True) if not special
    ]
    return len(text[max(ends, default=0) :].split())
