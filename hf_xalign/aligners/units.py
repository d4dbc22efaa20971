"""The units that embedding aligners match: sub-words or words of many sentences, and batches of their pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from hf_xalign.aligners import matching


@dataclass
class Units:
    """Vectors of the units of S sentences, one sentence after the other.

    Attributes:
        vectors: `(U, D)` float32.
        words: `(U,)`, the word of its sentence that a unit belongs to.
        starts, sizes: `(S,)`, the first unit of each sentence and the number of its units.
    """

    vectors: torch.Tensor
    words: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray


@dataclass
class PairBatch:
    """B pairs side by side, padded to m and n units.

    Attributes:
        pairs: `(B,)`, the numbers of the pairs.
        source, target: vectors `(B, m, D)` and `(B, n, D)`; anything on padding.
        mask: `(B, m, n)` bool, True on cells of two real units.
        source_words, target_words: the word of each unit, `(B, m)` and `(B, n)` int64; 0 on padding.
    """

    pairs: np.ndarray
    source: torch.Tensor
    target: torch.Tensor
    mask: torch.Tensor
    source_words: torch.Tensor
    target_words: torch.Tensor


def subword_units(states: torch.Tensor, pieces: Sequence[Sequence[Sequence[int]]]) -> Units:
    """Each sub-word is a unit.

    Args:
        states: `(T, D)`, the sub-words of all sentences in order.
        pieces: for each sentence the token ids of each of its words.
    """
    words, counts, sizes = _count(pieces)
    return Units(states, np.repeat(words, counts), np.cumsum(sizes) - sizes, sizes)


def word_units(states: torch.Tensor, pieces: Sequence[Sequence[Sequence[int]]]) -> Units:
    """Each word is a unit, the mean of its sub-words; a word without any is none. Arguments as of `subword_units`."""
    words, counts, _ = _count(pieces)
    kept = counts > 0
    owner = torch.from_numpy(np.repeat(np.arange(kept.sum()), counts[kept])).to(states.device)
    vectors = states.new_zeros((int(kept.sum()), states.shape[1])).index_add_(0, owner, states)
    vectors /= torch.from_numpy(counts[kept, None]).to(states.device)
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    ends = np.concatenate([[0], np.cumsum(kept)])[np.cumsum(lengths)]
    sizes = np.diff(ends, prepend=0)
    return Units(vectors, words[kept], ends - sizes, sizes)


def pair_batches(units: Units, pairs: np.ndarray, cells: int) -> Iterator[PairBatch]:
    """Batches of pairs of like size, at most `cells` cells each (or one pair).

    Args:
        pairs: `(P, 2)`, source and target sentence of each; a pair with no unit on a side is left out.
    """
    sizes = units.sizes[pairs]
    order = np.lexsort((sizes[:, 1], sizes[:, 0]))[::-1]
    order = order[sizes[order].min(axis=1) > 0]
    start = 0
    while start < len(order):
        # The first pair has the most source units.
        widest = np.maximum.accumulate(sizes[order[start:], 1]) * sizes[order[start], 0]
        fits = int(np.searchsorted(widest * np.arange(1, len(widest) + 1), cells, side="right"))
        batch = order[start : start + max(1, fits)]
        yield _pair_batch(units, batch, pairs[batch])
        start += len(batch)


def _pair_batch(units: Units, numbers: np.ndarray, pairs: np.ndarray) -> PairBatch:
    device = units.vectors.device

    def side(sentences: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        sizes = units.sizes[sentences]
        positions = np.arange(sizes.max())
        places = np.where(positions < sizes[:, None], units.starts[sentences, None] + positions, 0)
        words = np.where(positions < sizes[:, None], units.words[places], 0)
        vectors = units.vectors[torch.from_numpy(places).to(device)]
        return vectors, torch.from_numpy(words).to(device), torch.from_numpy(sizes).to(device)

    source, source_words, source_sizes = side(pairs[:, 0])
    target, target_words, target_sizes = side(pairs[:, 1])
    mask = matching.cell_mask(source_sizes, target_sizes)
    return PairBatch(numbers, source, target, mask, source_words, target_words)


def _count(pieces: Sequence[Sequence[Sequence[int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of all words: its number in its sentence, its sub-words; of all sentences: its sub-words."""
    lengths = np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))
    counts = np.fromiter(map(len, chain.from_iterable(pieces)), dtype=np.int64, count=lengths.sum())
    ends = np.cumsum(lengths)
    words = np.arange(len(counts)) - np.repeat(ends - lengths, lengths)
    return words, counts, np.diff(np.concatenate([[0], np.cumsum(counts)])[ends], prepend=0)
