"""Bitext mining: which sentences of two collections translate each other (BUCC; Artetxe and Schwenk, 2019)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.retrieval import unit_rows
from hf_xalign.evaluation.score_tiles import ScoreTiles
from hf_xalign.evaluation.top_k import LargestSoFar


MARGINS = ("ratio", "distance", "absolute")


@dataclass(frozen=True)
class MinedPairs:
    """P pairs, best first: sentence `source[p]` of the one side, `target[p]` of the other, and their `scores[p]`."""

    source: np.ndarray
    target: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def is_gold(self, gold: Collection[tuple[int, int]]) -> np.ndarray:
        """`(P,)` bool: the pair is one of `gold`."""
        gold = set(gold)
        return np.array([pair in gold for pair in zip(self.source.tolist(), self.target.tolist(), strict=True)], bool)


def mine_bitext(
    source: np.ndarray,
    target: np.ndarray,
    *,
    neighbours: int = 4,
    margin: str = "ratio",
    chunk_size: int | None = None,
) -> MinedPairs:
    """Mine pairs of two collections of sentences, each sentence at most once.

    Every sentence is scored with its nearest neighbours on the other side; the best of them makes a candidate, in both
    directions, and of all candidates, best first, those are kept whose sentences are both still free ("max. score":
    Artetxe and Schwenk, 2019, section 3.2; LASER). The search is exact and in tiles: memory grows with N + M, not
    with N times M. Of equal scores, the lower source and then the lower target sentence comes first; leave out copies
    of a sentence beforehand, a pair takes one of them only.

    Args:
        source, target: `(N, D)` and `(M, D)` embeddings.
        neighbours: how many nearest neighbours are looked at, and make the mean r of the margin; more than there are
            means all.
        margin: "ratio", cos(x, y) / ((r(x) + r(y)) / 2); "distance", cos(x, y) - (r(x) + r(y)) / 2; or "absolute",
            the cosine (section 3.1).
        chunk_size: sentences of each side scored at a time; None: 2048, so that the cosines take 16 MiB.

    Raises:
        XAlignError: an empty side, shapes that do not agree, values that are not finite, an unknown margin.
    """
    source, target = unit_rows(source, "source"), unit_rows(target, "target")
    if source.shape[1] != target.shape[1]:
        raise XAlignError(f"source {source.shape} and target {target.shape} differ in dimensions: not of one model")
    if not len(source) or not len(target):
        raise XAlignError(f"mining needs sentences on both sides, got {len(source)} and {len(target)}")
    if margin not in MARGINS:
        raise XAlignError(f"unknown margin {margin!r}: use one of {', '.join(MARGINS)}")
    if neighbours < 1:
        raise XAlignError(f"mining needs at least 1 neighbour, got {neighbours}")
    (forward, targets), (backward, sources) = nearest_neighbours(source, target, neighbours, chunk_size)
    source_means, target_means = forward.mean(axis=1), backward.mean(axis=1)
    forward = margin_scores(forward, (source_means[:, None] + target_means[targets]) / 2, margin)
    backward = margin_scores(backward, (target_means[:, None] + source_means[sources]) / 2, margin)
    best_target = _best(forward, targets)
    best_source = _best(backward, sources)
    return _greedy(
        np.concatenate([np.arange(len(source)), best_source]),
        np.concatenate([best_target, np.arange(len(target))]),
        np.concatenate([forward.max(axis=1), backward.max(axis=1)]),
    )


def nearest_neighbours(
    source: np.ndarray, target: np.ndarray, neighbours: int, chunk_size: int | None = None
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Of each source sentence the nearest targets, and of each target sentence the nearest sources.

    Args:
        source, target: `(N, D)` and `(M, D)` rows of length 1.

    Returns:
        `(N, k)` cosines and `(N, k)` which targets these are, nearest first, of equals the first; then the same,
        `(M, k)`, of the targets.
    """
    of_source = LargestSoFar(len(source), min(neighbours, len(target)))
    of_target = LargestSoFar(len(target), min(neighbours, len(source)))
    for rows, columns, scores in ScoreTiles(source, target, chunk_size):
        of_source.add(rows, columns, scores)
        of_target.add(columns, rows, scores.T)
    return (of_source.values, of_source.columns), (of_target.values, of_target.columns)


def margin_scores(cosines: np.ndarray, means: np.ndarray, margin: str = "ratio") -> np.ndarray:
    """Score cosines against the mean of both sentences' neighbourhoods; an undefined ratio scores lowest."""
    if margin == "absolute":
        return cosines
    if margin == "distance":
        return cosines - means
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = cosines / means
    return np.where(np.isfinite(ratios), ratios, -np.inf)


def _best(scores: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """`(N,)`: of each row the neighbour with the best score; of equals, the first sentence."""
    ties = np.where(scores == scores.max(axis=1, keepdims=True), neighbours, np.iinfo(np.int64).max)
    return ties.min(axis=1)


def _greedy(source: np.ndarray, target: np.ndarray, scores: np.ndarray) -> MinedPairs:
    kept = []
    free_source, free_target = np.ones(source.max() + 1, bool), np.ones(target.max() + 1, bool)
    for place in np.lexsort((target, source, -scores)):
        if scores[place] > -np.inf and free_source[source[place]] and free_target[target[place]]:
            free_source[source[place]] = free_target[target[place]] = False
            kept.append(place)
    rows = np.array(kept, dtype=np.int64)
    # In float64, so that a threshold halfway between two scores is one.
    return MinedPairs(source[rows], target[rows], scores[rows].astype(np.float64))
