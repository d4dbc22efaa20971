"""Links of units, gathered over batches, to links of words."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np


if TYPE_CHECKING:
    import torch

    from hf_xalign.aligners.base import Link
    from hf_xalign.aligners.units import PairBatch


class LinkedCells:
    """Linked cells of all batches: the pair, the words, the score of each, and its doubt where there is one."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, ...]] = []

    def add(
        self,
        pairs: np.ndarray,
        batch: PairBatch,
        links: torch.Tensor,
        scores: torch.Tensor,
        doubts: torch.Tensor | None,
    ) -> None:
        row, i, j = links.nonzero(as_tuple=True)
        source, target = batch.source_words[row, i], batch.target_words[row, j]
        doubts = scores if doubts is None else doubts
        values = (source, target, scores[row, i, j].double(), doubts[row, i, j].double())
        self._parts.append((pairs[row.cpu().numpy()], *(value.cpu().numpy() for value in values)))

    @property
    def pairs(self) -> np.ndarray:
        return self._column(0)

    @property
    def doubts(self) -> np.ndarray:
        return self._column(4)

    def words(self, count: int, kept: np.ndarray | None) -> list[list[Link]]:
        """The links of `count` pairs: each pair of words once, with the largest score of its cells."""
        pairs, source, target, scores = (self._column(column) for column in range(4))
        if kept is not None:
            pairs, source, target, scores = pairs[kept], source[kept], target[kept], scores[kept]
        if not len(pairs):
            return [[] for _ in range(count)]
        order = np.lexsort((target, source, pairs))
        pairs, source, target = pairs[order], source[order], target[order]
        new = np.ones(len(pairs), dtype=bool)
        new[1:] = (np.diff(pairs) != 0) | (np.diff(source) != 0) | (np.diff(target) != 0)
        first = np.flatnonzero(new)
        best = np.maximum.reduceat(scores[order], first).clip(0.0, 1.0)
        links = list(zip(source[first].tolist(), target[first].tolist(), best.tolist(), strict=True))
        bounds = np.searchsorted(pairs[first], np.arange(count + 1)).tolist()
        return [links[start:end] for start, end in pairwise(bounds)]

    def _column(self, column: int) -> np.ndarray:
        return np.concatenate([part[column] for part in self._parts]) if self._parts else np.empty(0)
