"""How many token types two languages share under one tokenizer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, percentile_estimate


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class LexicalOverlap:
    """`shared` types of `total` (the union); `ratio` is shared / total, its n the sentences of the smaller side."""

    shared: int
    total: int
    ratio: Estimate


def lexical_overlap(
    tokens_a: Sequence[Sequence[Hashable]],
    tokens_b: Sequence[Sequence[Hashable]],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> LexicalOverlap:
    """The Jaccard ratio of the token types of two lists of tokenised sentences, 0 to 1.

    This is Table 1 of Liu et al. (COLING 2025). The interval resamples the sentences of
    each side. A resample holds only about 63 % of the different sentences, hence fewer types and another ratio than
    the whole: its draws say how much the ratio varies and not where it lies, so they are centred on the ratio. They
    also vary less than fresh samples would: in simulations the interval has about 3/4 of its due width.

    No types at all (every token unknown) is an overlap of 0.

    Args:
        tokens_a, tokens_b: the tokens, or their ids, of each sentence of a language; see `token_ids`.
        n_resamples, seed: of the interval.

    Raises:
        XAlignError: a side without sentences.
    """
    if not len(tokens_a) or not len(tokens_b):
        raise XAlignError("lexical overlap needs sentences on both sides")
    vocabulary: dict[Hashable, int] = {}
    sides = []
    for sentences in (tokens_a, tokens_b):
        types = [[vocabulary.setdefault(token, len(vocabulary)) for token in set(tokens)] for tokens in sentences]
        owner = np.repeat(np.arange(len(types)), [len(row) for row in types])
        sides.append((np.array([item for row in types for item in row], dtype=np.int64), owner, len(types)))

    def count(present: list[np.ndarray]) -> tuple[int, int]:
        return int((present[0] & present[1]).sum()), int((present[0] | present[1]).sum())

    shared, total = count([_types_of(types, len(vocabulary)) for types, _, _ in sides])
    rng = np.random.default_rng(seed)
    draws = np.empty(n_resamples)
    for resample in range(n_resamples):
        present = []
        for types, owner, n in sides:
            drawn = np.zeros(n, dtype=bool)
            drawn[rng.integers(0, n, size=n)] = True
            present.append(_types_of(types[drawn[owner]], len(vocabulary)))
        common, union = count(present)
        draws[resample] = common / max(union, 1)
    ratio = shared / max(total, 1)
    centred = np.clip(draws - draws.mean() + ratio, 0.0, 1.0)
    return LexicalOverlap(shared, total, percentile_estimate(ratio, centred, min(len(tokens_a), len(tokens_b))))


def _types_of(types: np.ndarray, size: int) -> np.ndarray:
    present = np.zeros(size, dtype=bool)
    present[types] = True
    return present


def token_ids(tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str]) -> list[list[int]]:
    """Token ids of each sentence, whole and without special tokens; unknown tokens are no type and are left out."""
    encoded = tokenizer(list(sentences), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
    return [[token for token in ids if token != tokenizer.unk_token_id] for ids in encoded]
