"""Sentences to rows of token ids: `dataset.map(TokenizeViews(tokenizer), batched=True)`."""

from __future__ import annotations

import re
from typing import Any

from tokenizers import Encoding, Tokenizer

from hf_xalign.data.token_links import choose_links, text_of_words, words_of_encoding
from hf_xalign.data.words import split_words
from hf_xalign.errors import XAlignError
from hf_xalign.foreign import named_errors


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
        words: tell which word each token belongs to: of `source_words` and `target_words`, where there are any, else
            of [`split_words`].
        alignments: the same, and read `source_words`, `target_words`, `alignment` and, if there is one,
            `alignment_score`. Words are looked up in their sentence; if they are not the words of that sentence, they
            are tokenised with spaces between them instead.
        alignment_threshold: score that a link needs.
        languages: the columns with the languages of source and target, to be passed on.

    Returns:
        from a call: `source_input_ids` and `target_input_ids` (lists of int); `length`, the longest of the views, or 0
        where a view is None or has no token besides the special ones (drop such rows, there is nothing to predict
        and nothing to pool); `source_truncated`, `target_truncated` (bool); `words_lost`, the words between spaces
        that truncation took from the row in part or whole. With `words`, `source_word_ids` and `target_word_ids`, the
        word of each token (-1 for none). With `alignments`, these and `alignment`, the links `[i, j]` above the
        threshold between words of which no token is missing; `links_below` and `links_cut`, the numbers of the
        others. With `languages`, `source_lang` and `target_lang`.

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
        words: bool = False,
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
        self.words = words
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
        of_words: dict[str, list] = {}
        if self.words or self.alignments:
            views, of_words = self._with_words(batch)
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
        return columns | of_words

    def _encode(self, batch: dict[str, list], column: str) -> tuple[list[list[int]], list[int]]:
        """Token ids of each row, and the words it lost."""
        texts = [self._broken_up(text or "") for text in self._column(batch, column)]
        try:
            return self._ids(texts, self._loaded().encode_batch(texts))
        except TypeError:
            raise XAlignError(f"column {column!r} holds half a surrogate pair, which is no character") from None

    def _ids(self, texts: list[str], encodings: list[Encoding]) -> tuple[list[list[int]], list[int]]:
        lost = [
            _words_after(text, encoding) if encoding.overflowing else 0
            for text, encoding in zip(texts, encodings, strict=True)
        ]
        return [encoding.ids for encoding in encodings], lost

    def _with_words(self, batch: dict[str, list]) -> tuple[dict[str, tuple], dict[str, list]]:
        """The views of pairs whose words are known, and the columns that tell of words and links."""
        views, columns, sides, counts = {}, {}, [], []
        for side, column in (("source", self.source), ("target", self.target)):
            words = self._words(batch, side, column)
            located = [
                text_of_words(self._broken_up(text or ""), list(map(self._broken_up, of_text)))
                for text, of_text in zip(self._column(batch, column), words, strict=True)
            ]
            encodings = self._loaded().encode_batch([text for text, _ in located])
            views[side] = self._ids([text for text, _ in located], encodings)
            sides.append(
                [words_of_encoding(encoding, spans) for encoding, (_, spans) in zip(encodings, located, strict=True)]
            )
            columns[f"{side}_word_ids"] = [row.word_ids.tolist() for row in sides[-1]]
            counts.append(list(map(len, words)))
        if self.alignments:
            columns |= self._links(batch, list(zip(*sides, strict=True)), list(zip(*counts, strict=True)))
        return views, columns

    def _links(self, batch: dict[str, list], sides: list[tuple], counts: list[tuple]) -> dict[str, list]:
        columns: dict[str, list] = {name: [] for name in ("alignment", "links_below", "links_cut")}
        scores = batch.get("alignment_score") or [None] * len(sides)
        for row, links in enumerate(self._column(batch, "alignment")):
            try:
                chosen = choose_links(links, scores[row], sides[row], counts[row], self.alignment_threshold)
            except XAlignError as error:
                raise XAlignError(f"pair {batch[self.source][row]!r:.80}: {error}") from None
            for values, value in zip(columns.values(), chosen, strict=True):
                values.append(value)
        return columns

    def _words(self, batch: dict[str, list], side: str, column: str) -> list[list[str]]:
        if self.alignments:
            return [words or [] for words in self._column(batch, f"{side}_words")]
        given = batch.get(f"{side}_words") or [None] * len(self._column(batch, column))
        return [
            split_words(text or "") if words is None else words
            for text, words in zip(batch[column], given, strict=True)
        ]

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


def load_tokenizer(name: str, revision: str | None = None):
    """The fast tokenizer of a Hub id or folder."""
    from transformers import AutoTokenizer

    with named_errors(f"{name}: no tokenizer can be loaded from there"):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False)
        tokenizer.model_max_length = int(tokenizer.model_max_length)  # compared with numbers later
        return tokenizer


def _words_after(text: str, encoding: Any) -> int:
    """Words that do not lie wholly before the last token kept."""
    ends = [
        end for (_, end), special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True) if not special
    ]
    return len(text[max(ends, default=0) :].split())
