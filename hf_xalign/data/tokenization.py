"""Sentences to rows of token ids: `dataset.map(TokenizeViews(tokenizer), batched=True)`."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Any

from datasets import Dataset, concatenate_datasets
from tokenizers import Encoding, Tokenizer

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.token_links import choose_links, text_of_words, words_of_encoding
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.errors import XAlignError


__all__ = ["TokenizeViews", "tokenize_dataset", "tokenize_rows", "train_sentencepiece_tokenizer"]

logger = logging.getLogger("hf_xalign")

# Columns that only the counts in `tokenize_dataset`'s notices need.
_COUNTS = ("source_truncated", "target_truncated", "target_latn_truncated", "words_lost", "links_below", "links_cut")
_LANGUAGES = {"source": ("source_lang", "target_lang"), "text": ("lang", "lang")}


class TokenizeViews:
    """Tokenise the views of a batch: each column once, as a single sentence with its special tokens.

    Special tokens spelt out in a sentence (`</s>`, `[MASK]`) are text: they are broken up (`< /s>`), so that no
    special token stands inside a sentence.

    Args:
        tokenizer: a Hub id, a folder, or a tokenizer of transformers (one that the Rust library `tokenizers` backs).
        source: column of the `source` view.
        target: column of the `target` view; the same column as `source` gives the sentence twice (model 1 of Liu et
            al. 2025), None gives no `target` view.
        target_latn: column of the `target_latn` view, the romanised `target`; by default there is no such view.
        max_length: tokens of a view, special tokens included; what is longer is truncated at its end.
        alignments: read `source_words`, `target_words`, `alignment` and, where there is one, `alignment_score`. Words
            are looked up in their sentence; if they are not the words of that sentence, they are tokenised with spaces
            between them instead.
        alignment_threshold: score that a link needs.
        languages: the columns with the languages of source and target, to be passed on.

    Returns:
        from a call: `source_input_ids` and `target_input_ids` (lists of int); `length`, the longer of the two, or 0
        where a view is None or has no token besides the special ones (drop such rows, there is nothing to predict
        and nothing to pool); `source_truncated`, `target_truncated` (bool); `words_lost`, the words between spaces
        that truncation took from the row in part or whole. With `alignments`, `source_word_ids` and `target_word_ids`,
        the word of each token (-1 for none); `alignment`, the links `[i, j]` above the threshold between words of
        which no token is missing; `links_below` and `links_cut`, the numbers of the others. With `languages`,
        `source_lang` and `target_lang`.

    Pickles to the tokenizer's JSON and these arguments, so a second `map` finds the first one's result in the cache,
    whatever the tokenizer was used for in between.

    Raises:
        XAlignError: the tokenizer cannot be loaded, has no fast version, or takes less than `max_length` tokens; in a
            call, a column is missing.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        source: str = "text",
        target: str | None = "text_latn",
        target_latn: str | None = None,
        max_length: int = 128,
        alignments: bool = False,
        alignment_threshold: float = 0.0,
        languages: tuple[str, str] | None = None,
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
        self.target_latn = target_latn
        self.max_length = max_length
        self.alignments = alignments
        self.alignment_threshold = alignment_threshold
        self.languages = languages
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

    def __call__(self, batch: dict[str, list]) -> dict[str, list]:
        columns: dict[str, list] = {}
        links: dict[str, list] = {}
        if self.alignments:
            views, links = self._aligned(batch)
        else:
            views = {"source": self._encode(batch, self.source)}
            if self.target is not None:
                same = self.target == self.source
                views["target"] = views["source"] if same else self._encode(batch, self.target)
        if self.target_latn is not None:
            views["target_latn"] = self._encode(batch, self.target_latn)
        for name, (ids, lost) in views.items():
            columns[f"{name}_input_ids"] = ids
            columns[f"{name}_truncated"] = [words > 0 for words in lost]
        lengths = zip(*([len(ids) for ids in view] for view, _ in views.values()), strict=True)
        columns["length"] = [max(row) if min(row) > self.special_tokens else 0 for row in lengths]
        columns["words_lost"] = [sum(row) for row in zip(*(lost for _, lost in views.values()), strict=True)]
        if self.languages is not None:
            for side, column in zip(("source", "target"), self.languages, strict=True):
                columns[f"{side}_lang"] = self._column(batch, column)
        return columns | links

    def _encode(self, batch: dict[str, list], column: str) -> tuple[list[list[int]], list[int]]:
        """Token ids of each row, and the words it lost."""
        texts = [self._broken_up(text or "") for text in self._column(batch, column)]
        return self._ids(texts, self._loaded().encode_batch(texts))

    def _ids(self, texts: list[str], encodings: list[Encoding]) -> tuple[list[list[int]], list[int]]:
        lost = [
            _words_after(text, encoding) if encoding.overflowing else 0
            for text, encoding in zip(texts, encodings, strict=True)
        ]
        return [encoding.ids for encoding in encodings], lost

    def _aligned(self, batch: dict[str, list]) -> tuple[dict[str, tuple], dict[str, list]]:
        """The views of pairs with words, and the columns that tell of words and links."""
        views, found = {}, []
        for side, column in (("source", self.source), ("target", self.target)):
            texts, spans = [], []
            words = self._column(batch, f"{side}_words")
            for text, of_text in zip(self._column(batch, column), words, strict=True):
                located = text_of_words(self._broken_up(text or ""), list(map(self._broken_up, of_text or ())))
                texts.append(located[0])
                spans.append(located[1])
            encodings = self._loaded().encode_batch(texts)
            views[side] = self._ids(texts, encodings)
            found.append([words_of_encoding(*row) for row in zip(encodings, spans, strict=True)])
        columns: dict[str, list] = {name: [] for name in ("alignment", "links_below", "links_cut")}
        scores = batch.get("alignment_score") or [None] * len(found[0])
        names = "source_words", "target_words"
        for row, (links, score, *sides) in enumerate(
            zip(self._column(batch, "alignment"), scores, *found, strict=True)
        ):
            lengths = tuple(len(batch[name][row] or ()) for name in names)
            try:
                chosen = choose_links(links, score, tuple(sides), lengths, self.alignment_threshold)
            except XAlignError as error:
                raise XAlignError(f"pair {' '.join(batch[names[0]][row] or ())!r}: {error}") from None
            for values, value in zip(columns.values(), chosen, strict=True):
                values.append(value)
        for side, rows in zip(("source", "target"), found, strict=True):
            columns[f"{side}_word_ids"] = [row.word_ids.tolist() for row in rows]
        return views, columns

    def _column(self, batch: dict[str, list], column: str) -> list:
        if column not in batch:
            raise XAlignError(f"no column {column!r} to tokenise; the columns are {', '.join(batch)}")
        return batch[column]

    def _broken_up(self, text: str) -> str:
        # `encode_special_tokens` does not do: the Unigram vocabulary of an XLM-R tokenizer holds `</s>` as a piece.
        return re.sub(self._spelt, lambda match: f"{match[0][0]} {match[0][1:]}", text) if self._spelt else text

    def _loaded(self) -> Tokenizer:
        if self._backend is None:
            self._backend = Tokenizer.from_str(self._json)
            self._backend.enable_truncation(self.max_length)
        return self._backend


def tokenize_rows(
    dataset: Dataset,
    tokenizer: Any,
    data_args: DataArguments,
    *,
    views: Collection[str] = (),
    alignments: bool = False,
    languages: bool = False,
) -> Dataset:
    """The rows of token ids of a recipe's training data: its sentences (`text`), then its pairs (`source`, `target`).

    The `target` view of a sentence is its transliteration or the sentence itself, as `data_args.second_view` says.
    Columns and errors are those of [`tokenize_dataset`].

    Args:
        views: the views that are wanted; it matters for `target_latn` alone.
        alignments: whether word alignments are wanted.
        languages: whether the languages of the rows are.

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
            alignments=alignments,
            alignment_threshold=data_args.alignment_threshold,
            languages=_LANGUAGES[first] if languages else None,
        )
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
