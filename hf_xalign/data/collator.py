"""Rows of token ids → padded, masked views."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from hf_xalign.data.masking import TokenMasking


# The order gives each view a random stream of its own: adding a view changes no other view's masks.
VIEWS = ("source", "target", "pair")


class XAlignDataCollator:
    """Make the views of a batch from rows of [`TokenizeViews`], with dynamic masking.

    Masks depend on the seed and on each row's `draw` (row and epoch, see [`DrawnRows`]) alone. For rows without a
    draw, the collator counts the rows that it has seen.

    Args:
        tokenizer: its mask, padding and boundary tokens are used; it tokenises nothing here.
        views (`Sequence[str]`): of `source`, `target` (one sentence each) and `pair` (both, concatenated).
        mlm_probability, mask_replace_prob, random_replace_prob: 15 % of the text tokens are predicted; 80 % of those
            are replaced by the mask token, 10 % by a random token, the rest is kept.
        pair_max_length (`int`, *optional*): tokens of a `pair` row; both halves are cut by the same share, so that
            what is kept of each says the same thing, and the final separator stays.
        pad_to_multiple_of (`int`, *optional*): of the widths.
        seed (`int`): of the masks.

    Returns:
        from a call: `{view: {"input_ids", "attention_mask", "special_tokens_mask", "labels"}}`, each `(B, L)` int64,
        L of its own per view, `token_type_ids` in `pair` where the tokenizer has them; `row_groups` `(B, 2)`, hashes
        of the two sentences; `row_ids` `(B,)`.

    Raises:
        XAlignError: the tokenizer has no mask or padding token, or an unknown view is asked for.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        views: Sequence[str] = ("source", "target"),
        mlm_probability: float = 0.15,
        mask_replace_prob: float = 0.8,
        random_replace_prob: float = 0.1,
        pair_max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        seed: int = 0,
    ):
        self.views = tuple(view for view in VIEWS if view in views)
        self.masking = TokenMasking(tokenizer, mlm_probability, mask_replace_prob, random_replace_prob, seed)
        self.pad_token_id = tokenizer.pad_token_id
        self.prefix, self.suffix = boundary_tokens(tokenizer)
        self.token_types = "token_type_ids" in tokenizer.model_input_names
        self.pair_max_length = pair_max_length or tokenizer.model_max_length
        self.pad_to_multiple_of = pad_to_multiple_of
        self._rows_seen = 0

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        draws = [row.get("draw", self._rows_seen + i) for i, row in enumerate(rows)]
        self._rows_seen += len(rows)
        texts = [[np.asarray(row[f"{side}_input_ids"], dtype=np.int64) for row in rows] for side in VIEWS[:2]]
        batch: dict[str, Any] = {
            view: self._view(view, sentences, draws)
            for view, sentences in zip(VIEWS, texts, strict=False)
            if view in self.views
        }
        if "pair" in self.views:
            batch["pair"] = self._pair_view(*texts, draws)
        batch["row_groups"] = torch.tensor(
            [[_hash(first), _hash(second)] for first, second in zip(*texts, strict=True)]
        )
        batch["row_ids"] = torch.tensor([row.get("row_id", draw) for row, draw in zip(rows, draws, strict=True)])
        return batch

    def _view(self, view, sentences, draws) -> dict[str, torch.Tensor]:
        ids, attention = self._pad(sentences)
        special = 1 - attention
        special[:, : len(self.prefix)] = 1
        for row, sentence in zip(special, sentences, strict=True):
            row[len(sentence) - len(self.suffix) : len(sentence)] = 1
        return self._masked(view, ids, attention, special, draws)

    def _pair_view(self, sources, targets, draws) -> dict[str, torch.Tensor]:
        rows, middles = [], []
        for source, target, draw in zip(sources, targets, draws, strict=True):
            halves = [sentence[len(self.prefix) : len(sentence) - len(self.suffix)] for sentence in (source, target)]
            halves = cut_evenly(*halves, self.pair_max_length - len(self.prefix) - 2 * len(self.suffix))
            if self.masking.coin(draw):
                halves = halves[::-1]
            rows.append(np.concatenate([self.prefix, halves[0], self.suffix, halves[1], self.suffix]))
            middles.append(len(self.prefix) + len(halves[0]))
        ids, attention = self._pad(rows)
        special, types = 1 - attention, np.zeros_like(ids)
        special[:, : len(self.prefix)] = 1
        for i, (row, middle) in enumerate(zip(rows, middles, strict=True)):
            special[i, middle : middle + len(self.suffix)] = 1
            special[i, len(row) - len(self.suffix) : len(row)] = 1
            types[i, middle + len(self.suffix) : len(row)] = 1
        view = self._masked("pair", ids, attention, special, draws)
        if self.token_types:
            view["token_type_ids"] = torch.from_numpy(types)
        return view

    def _masked(self, view, ids, attention, special, draws) -> dict[str, torch.Tensor]:
        masked, labels = self.masking(ids, special == 0, draws, stream=VIEWS.index(view))
        arrays = {
            "input_ids": masked,
            "attention_mask": attention,
            "special_tokens_mask": special,
            "labels": labels,
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def _pad(self, rows) -> tuple[np.ndarray, np.ndarray]:
        width = max(len(row) for row in rows)
        if self.pad_to_multiple_of:
            width += -width % self.pad_to_multiple_of
        ids = np.full((len(rows), width), self.pad_token_id, dtype=np.int64)
        attention = np.zeros_like(ids)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
            attention[i, : len(row)] = 1
        return ids, attention


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


def _hash(ids: np.ndarray) -> int:
    """A 63-bit hash of a sentence's tokens, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(ids.tobytes(), digest_size=8).digest(), "little") >> 1
