"""Rows of token ids → padded, masked views."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from hf_xalign.data.aligned_views import AlignedRow, cross_words, mask_aligned_words
from hf_xalign.data.masking import TokenMasking
from hf_xalign.errors import XAlignError


# The order gives each view a random stream of its own: adding a view changes no other view's masks.
SENTENCES = ("source", "target", "target_latn")
VIEWS = ("source", "target", "pair", "target_latn", "aligned_pair", "crossed_source", "crossed_target")


class XAlignDataCollator:
    """Make the views of a batch from rows of [`TokenizeViews`], with dynamic masking.

    The views are `source`, `target` and `target_latn` (one sentence each), `pair` (source and target, concatenated),
    `aligned_pair` (the same, with some aligned words of one side masked whole), `crossed_source` and `crossed_target`
    (one sentence each, some words of which are to be predicted in the other language).

    Masks depend on the seed and on each row's `draw` (row and epoch, see [`DrawnRows`]) alone. For rows without a
    draw, the collator counts the rows that it has seen.

    Args:
        tokenizer: its mask, padding and boundary tokens are used; it tokenises nothing here.
        views (`Sequence[str]`): of those above.
        masked_views (`Iterable[str]`, *optional*): the views that are masked at random; by default all but those that
            mask aligned words. A sentence that is compared only is better left whole.
        mlm_probability, mask_replace_prob, random_replace_prob: 15 % of the text tokens are predicted; 80 % of those
            are replaced by the mask token, 10 % by a random token, the rest is kept.
        awp_probability: share of the aligned words of a side that the last three views mask; one at least.
        pair_max_length (`int`, *optional*): tokens of a `pair` row; both halves are cut by the same share, so that
            what is kept of each says the same thing, and the final separator stays.
        languages (`Sequence[str]`, *optional*): languages by their ids, for models with language embeddings.
        pad_to_multiple_of (`int`, *optional*): of the widths.
        seed (`int`): of the masks.

    Returns:
        from a call: `{view: {"input_ids", "attention_mask", "special_tokens_mask"}}`, each `(B, L)` int64, L of its
        own per view; `labels` where the view is masked, `token_type_ids` in pairs where the tokenizer has them,
        `word_ids` in `source` and `target` where the rows have words, `language_ids` with `languages`. Besides,
        `row_groups` `(B, 2)`, hashes of the two sentences; `row_ids` `(B,)`; and where the rows have alignments,
        `links` `(P, 3)` (row, source word, target word) and `link_groups` `(P, 2)`, hashes of the words.

    Raises:
        XAlignError: the tokenizer has no mask or padding token, an unknown view is asked for, or a row has a language
            that `languages` lacks.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        views: Iterable[str] = ("source", "target"),
        masked_views: Iterable[str] | None = None,
        mlm_probability: float = 0.15,
        mask_replace_prob: float = 0.8,
        random_replace_prob: float = 0.1,
        awp_probability: float = 0.3,
        pair_max_length: int | None = None,
        languages: Sequence[str] | None = None,
        pad_to_multiple_of: int | None = None,
        seed: int = 0,
    ):
        views = set(views)
        unknown = sorted(views - set(VIEWS))
        if unknown:
            raise XAlignError(f"unknown view {unknown[0]!r}; choose of {', '.join(VIEWS)}")
        self.views = tuple(view for view in VIEWS if view in views)
        self.masked_views = set(VIEWS[:4] if masked_views is None else masked_views)
        self.masking = TokenMasking(tokenizer, mlm_probability, mask_replace_prob, random_replace_prob, seed)
        self.awp_probability = awp_probability
        self.pad_token_id = tokenizer.pad_token_id
        self.prefix, self.suffix = boundary_tokens(tokenizer)
        self.token_types = "token_type_ids" in tokenizer.model_input_names
        self.pair_max_length = pair_max_length or tokenizer.model_max_length
        self.languages = None if languages is None else {language: i for i, language in enumerate(languages)}
        self.pad_to_multiple_of = pad_to_multiple_of
        self._rows_seen = 0

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        draws = [row.get("draw", self._rows_seen + i) for i, row in enumerate(rows)]
        self._rows_seen += len(rows)
        batch: dict[str, Any] = {}
        for view in self.views:
            if view in SENTENCES:
                batch[view] = self._sentence_view(view, rows, draws)
            elif view == "pair":
                batch[view] = self._pair_view(rows, draws)
            elif view == "aligned_pair":
                batch[view] = self._aligned_pair_view(rows, draws)
            else:
                batch[view] = self._crossed_view(view, rows, draws)
        batch["row_groups"] = torch.tensor([[_hash(_ids(row, side)) for side in ("source", "target")] for row in rows])
        batch["row_ids"] = torch.tensor([row.get("row_id", draw) for row, draw in zip(rows, draws, strict=True)])
        if any(row.get("alignment") is not None for row in rows):
            batch["links"], batch["link_groups"] = links_of(rows)
        return batch

    def _sentence_view(self, view, rows, draws) -> dict[str, torch.Tensor]:
        sentences = [_ids(row, view) for row in rows]
        arrays = self._pad(sentences)
        arrays["special_tokens_mask"][:, : len(self.prefix)] = 1
        for mask, sentence in zip(arrays["special_tokens_mask"], sentences, strict=True):
            mask[len(sentence) - len(self.suffix) : len(sentence)] = 1
        if any(row.get(f"{view}_word_ids") is not None for row in rows):
            words = np.full_like(arrays["input_ids"], -1)
            for i, row in enumerate(rows):
                own = row.get(f"{view}_word_ids") or []
                words[i, : len(own)] = own
            arrays["word_ids"] = words
        if self.languages is not None:
            side = view.split("_")[0]
            ids = [self._language(row, side) for row in rows]
            arrays["language_ids"] = np.repeat(np.array(ids)[:, None], arrays["input_ids"].shape[1], axis=1)
        return self._finished(view, arrays, draws)

    def _pair_view(self, rows, draws) -> dict[str, torch.Tensor]:
        pairs = []
        for row, draw in zip(rows, draws, strict=True):
            halves = [self._text(row, side) for side in ("source", "target")]
            halves = cut_evenly(*halves, self._room_for_pair())
            order = (1, 0) if self.masking.coin(draw) else (0, 1)
            pairs.append((order, [halves[side] for side in order]))
        return self._finished("pair", self._concatenated(rows, pairs), draws)

    def _aligned_pair_view(self, rows, draws) -> dict[str, torch.Tensor]:
        pairs, labels = [], []
        for row, draw in zip(rows, draws, strict=True):
            generator = self.masking.generator(draw, VIEWS.index("aligned_pair"))
            whole = self._aligned(row)
            halves = cut_evenly(*whole.ids, self._room_for_pair())
            aligned = whole.cut((len(halves[0]), len(halves[1])))
            side = int(generator.integers(2))
            sides = [(ids, np.full(len(ids), -100)) for ids in aligned.ids]
            sides[side] = mask_aligned_words(
                aligned, side, self.awp_probability, self.masking.mask_token_id, generator
            )
            order = (1, 0) if generator.random() < 0.5 else (0, 1)
            pairs.append((order, [sides[i][0] for i in order]))
            labels.append([sides[i][1] for i in order])
        arrays = self._concatenated(rows, pairs)
        arrays["labels"] = self._concatenated(rows, [((0, 1), halves) for halves in labels], fill=-100)["input_ids"]
        return self._finished("aligned_pair", arrays, draws)

    def _crossed_view(self, view, rows, draws) -> dict[str, torch.Tensor]:
        side = ("crossed_source", "crossed_target").index(view)
        ids, labels = [], []
        for row, draw in zip(rows, draws, strict=True):
            generator = self.masking.generator(draw, VIEWS.index(view))
            room = self.pair_max_length - len(self.prefix) - len(self.suffix)
            crossed = cross_words(
                self._aligned(row), side, self.awp_probability, self.masking.mask_token_id, room, generator
            )
            ids.append(np.concatenate([self.prefix, crossed[0], self.suffix]))
            labels.append(np.pad(crossed[1], (len(self.prefix), len(self.suffix)), constant_values=-100))
        arrays = self._pad(ids) | {"labels": self._pad(labels, fill=-100)["input_ids"]}
        arrays["special_tokens_mask"][:, : len(self.prefix)] = 1
        for mask, sentence in zip(arrays["special_tokens_mask"], ids, strict=True):
            mask[len(sentence) - len(self.suffix) : len(sentence)] = 1
        if self.languages is not None:
            # What is predicted is in the other language; what is read is in this one.
            own = [self._language(row, SENTENCES[side]) for row in rows]
            arrays["language_ids"] = np.repeat(np.array(own)[:, None], arrays["input_ids"].shape[1], axis=1)
        return self._finished(view, arrays, draws)

    def _concatenated(self, rows, pairs, fill: int | None = None) -> dict[str, np.ndarray]:
        """Prefix, first half, suffix, second half, suffix; what tells the halves apart beside it."""
        prefix, suffix = (part if fill is None else np.full(len(part), fill) for part in (self.prefix, self.suffix))
        sentences = [np.concatenate([prefix, first, suffix, second, suffix]) for _, (first, second) in pairs]
        arrays = self._pad(sentences, fill=fill)
        special, types = arrays["special_tokens_mask"], np.zeros_like(arrays["input_ids"])
        special[:, : len(prefix)] = 1
        for i, (sentence, (_, (first, _))) in enumerate(zip(sentences, pairs, strict=True)):
            middle = len(prefix) + len(first)
            special[i, middle : middle + len(suffix)] = 1
            special[i, len(sentence) - len(suffix) : len(sentence)] = 1
            types[i, middle + len(suffix) : len(sentence)] = 1
        if self.token_types:
            arrays["token_type_ids"] = types
        if self.languages is not None and fill is None:
            of_half = np.array(
                [
                    [self._language(row, SENTENCES[side]) for side in order]
                    for row, (order, _) in zip(rows, pairs, strict=True)
                ]
            )
            arrays["language_ids"] = np.take_along_axis(of_half, types, axis=1)
        return arrays

    def _finished(self, view, arrays, draws) -> dict[str, torch.Tensor]:
        if view in self.masked_views and "labels" not in arrays:
            text = arrays["special_tokens_mask"] == 0
            stream = VIEWS.index(view)
            arrays["input_ids"], arrays["labels"] = self.masking(arrays["input_ids"], text, draws, stream=stream)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def _pad(self, rows, fill: int | None = None) -> dict[str, np.ndarray]:
        """Padded ids, and masks that count everything but padding as text."""
        width = max(len(row) for row in rows)
        if self.pad_to_multiple_of:
            width += -width % self.pad_to_multiple_of
        ids = np.full((len(rows), width), self.pad_token_id if fill is None else fill, dtype=np.int64)
        attention = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            attention[i, : len(row)] = 1
        return {"input_ids": ids, "attention_mask": attention, "special_tokens_mask": 1 - attention}

    def _text(self, row, side) -> np.ndarray:
        """A sentence without the special tokens around it."""
        return self._inner(_ids(row, side))

    def _inner(self, tokens: np.ndarray) -> np.ndarray:
        return tokens[len(self.prefix) : len(tokens) - len(self.suffix)]

    def _aligned(self, row) -> AlignedRow:
        if row.get("alignment") is None:
            raise XAlignError("a row without word alignments: align the pairs first, or leave out 'awp'")
        words = (np.asarray(row[f"{side}_word_ids"], dtype=np.int64) for side in SENTENCES[:2])
        return AlignedRow(
            tuple(self._text(row, side) for side in SENTENCES[:2]),
            tuple(map(self._inner, words)),
            np.asarray(row["alignment"], dtype=np.int64).reshape(-1, 2),
        )

    def _room_for_pair(self) -> int:
        return self.pair_max_length - len(self.prefix) - 2 * len(self.suffix)

    def _language(self, row, side) -> int:
        language = row.get(f"{side}_lang")
        if language not in self.languages:
            raise XAlignError(
                f"the language of a row's {side} is {language!r}, but the model has embeddings for "
                f"{', '.join(self.languages)}: name it in languages"
            )
        return self.languages[language]


def links_of(rows: Sequence[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    """The word links of a batch, `(P, 3)`: row, source word, target word; and hashes of their words, `(P, 2)`.

    Words are of one type if their sub-words are the same. Source and target types are told apart: English `die` and
    German `die` are two words.
    """
    links, groups = [], []
    for number, row in enumerate(rows):
        if not row.get("alignment"):
            continue
        types = [_word_types(row, side) for side in SENTENCES[:2]]
        for pair in row["alignment"]:
            links.append([number, *pair])
            groups.append([types[side][word] for side, word in enumerate(pair)])
    return torch.tensor(links, dtype=torch.int64).reshape(-1, 3), torch.tensor(groups, dtype=torch.int64).reshape(
        -1, 2
    )


def _word_types(row: dict[str, Any], side: str) -> dict[int, int]:
    ids, words = _ids(row, side), np.asarray(row[f"{side}_word_ids"])
    wanted = {pair[SENTENCES.index(side)] for pair in row["alignment"]}
    return {word: _hash(ids[words == word], salt=side) for word in wanted}


def _ids(row: dict[str, Any], view: str) -> np.ndarray:
    return np.asarray(row[f"{view}_input_ids"], dtype=np.int64)


def boundary_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[np.ndarray, np.ndarray]:
    """The special tokens that a tokenizer puts before and after a single sentence, as ids."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids, special = np.asarray(encoded["input_ids"], dtype=np.int64), np.asarray(encoded["special_tokens_mask"])
    text = np.flatnonzero(special == 0)
    return ids[: text[0]], ids[text[-1] + 1 :]


def cut_evenly(first: np.ndarray, second: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Cut two sequences by the same share so that together they hold at most `length` tokens."""
    total = len(first) + len(second)
    if total <= length:
        return first, second
    kept = min(max(1, round(length * len(first) / total)), length - 1)
    return first[:kept], second[: length - kept]


def _hash(ids: np.ndarray, salt: str = "") -> int:
    """A 63-bit hash of tokens, the same on every machine."""
    digest = hashlib.blake2b(ids.tobytes(), digest_size=8, salt=salt.encode())
    return int.from_bytes(digest.digest(), "little") >> 1
