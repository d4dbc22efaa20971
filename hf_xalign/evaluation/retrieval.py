"""Sentence retrieval: is the translation of a sentence its nearest neighbour in the other language?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.score_tiles import ScoreTiles
from hf_xalign.evaluation.top_k import LargestSoFar


METRICS = ("cosine", "csls", "margin")
# The values of the papers that define them.
NEIGHBOURS = {"csls": 10, "margin": 4}


@dataclass(frozen=True)
class DirectionResult:
    """Retrieval in one direction, one entry per query.

    `ranks`: 1 + the number of wrong candidates that score at least as high as the answer, so a tie is a miss;
    `nearest`: the best wrong candidate; `answer_scores`, `nearest_scores`: what both scored.
    """

    ranks: np.ndarray
    nearest: np.ndarray
    answer_scores: np.ndarray
    nearest_scores: np.ndarray

    def hits(self, k: int = 1) -> np.ndarray:
        """`(N,)` bool: the answer is among the first k."""
        return self.ranks <= k

    def accuracy(self, k: int = 1) -> float:
        """The share of queries whose answer is among the first `k`, 0 to 1."""
        return float(self.hits(k).mean())


@dataclass(frozen=True)
class RetrievalResult:
    """Both directions: `forward` has source queries and target candidates, `backward` the reverse.

    `k` are the depths that were asked for.
    """

    forward: DirectionResult
    backward: DirectionResult
    k: tuple[int, ...]

    def mean_hits(self, k: int = 1) -> np.ndarray:
        """`(N,)` in {0, 0.5, 1}: whether the answer is among the first `k`, as the mean of both directions."""
        return (self.forward.hits(k).astype(float) + self.backward.hits(k)) / 2

    def mean_accuracy(self, k: int = 1) -> float:
        """The share of answers among the first `k`, 0 to 1, the mean of both directions."""
        return float(self.mean_hits(k).mean())

    def accuracies(self) -> dict[str, dict[str, float]]:
        """`{"forward": {"top1": ...}, "backward": {...}, "mean": {...}}` for every k asked for."""
        return {
            "forward": {f"top{k}": self.forward.accuracy(k) for k in self.k},
            "backward": {f"top{k}": self.backward.accuracy(k) for k in self.k},
            "mean": {f"top{k}": self.mean_accuracy(k) for k in self.k},
        }


def retrieval_accuracy(
    source: np.ndarray,
    target: np.ndarray,
    *,
    k: Sequence[int] = (1, 5, 10),
    metric: str = "cosine",
    neighbours: int | None = None,
    chunk_size: int | None = None,
    groups: np.ndarray | None = None,
) -> RetrievalResult:
    """Rank every translation among all sentences of the other language, in both directions.

    Exact, and in tiles of all scores: memory grows with N, not with its square.

    Top-1 is the definition of weak alignment: sim(u_i, v_i) > max over j != i of sim(u_i, v_j), strictly
    (Hämmerl et al., 2024, section 2; "How Transliterations Improve Crosslingual Alignment", section 3).

    Args:
        source, target: `(N, D)` embeddings; row i of one translates row i of the other.
        k: the depths that the result reports: a hit is an answer among the first k.
        metric: "cosine"; "csls", 2 cos(x, y) - r(x) - r(y) (Conneau et al., 2018, section 2.3); or "margin",
            cos(x, y) / ((r(x) + r(y)) / 2), the ratio margin (Artetxe and Schwenk, 2019, section 3.1), where r is the
            mean cosine of a sentence to its nearest neighbours in the other language.
        neighbours: how many nearest neighbours make r; None: 10 for CSLS, 4 for the margin, as in the papers.
        chunk_size: sentences of each language scored at a time; None: 2048, so that the scores take 16 MiB.
        groups: `(N,)` integers; rows of one group are translations of each other as well (the same sentence occurs
            twice, see `text_groups`), so they are never counted as wrong answers.

    Raises:
        XAlignError: shapes that do not agree, fewer than two rows, values that are not finite, an unknown metric.
    """
    source, target = unit_rows(source, "source"), unit_rows(target, "target")
    if source.shape != target.shape:
        raise XAlignError(
            f"source {source.shape} and target {target.shape} differ in shape: row i must translate row i"
        )
    if len(source) < 2:
        raise XAlignError("retrieval needs at least 2 pairs of sentences")
    if metric not in METRICS:
        raise XAlignError(f"unknown retrieval metric {metric!r}: use one of {', '.join(METRICS)}")
    if not k or min(k) < 1:
        raise XAlignError(f"k needs positive integers, got {tuple(k)}")
    tiles = ScoreTiles(source, target, chunk_size, paired=True)
    means = None
    if metric != "cosine":
        means = neighbour_means(tiles, len(source), min(neighbours or NEIGHBOURS[metric], len(source)))
    groups = _checked_groups(groups, len(source))
    return RetrievalResult(*_rank_answers(tiles, metric, means, groups), tuple(k))


def unit_rows(vectors: np.ndarray, name: str = "embeddings") -> np.ndarray:
    """float32 rows of length 1, so that a dot product is a cosine; a zero row stays zero (cosine 0 with anything)."""
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise XAlignError(f"{name} needs shape (sentences, dimensions), got {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise XAlignError(f"{name} holds values that are not finite: the model has diverged or its input is broken")
    unit = np.empty_like(vectors, order="C")
    # In float64, a block at a time: of all rows that would be four times what they take.
    for start in range(0, len(vectors), 4096):
        rows = vectors[start : start + 4096]
        norms = np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)
        unit[start : start + 4096] = rows / np.where(norms == 0, 1, norms)
    return unit


def neighbour_means(tiles: ScoreTiles, n: int, neighbours: int) -> tuple[np.ndarray, np.ndarray]:
    """`(N,)` of the rows, `(N,)` of the columns: the mean cosine of each to its nearest of the other side.

    Its own answer is one of these, as in the papers.
    """
    of_rows, of_columns = LargestSoFar(n, neighbours), LargestSoFar(n, neighbours)
    for rows, columns, scores in tiles:
        of_rows.add(rows, columns, scores)
        of_columns.add(columns, rows, scores.T)
    return of_rows.values.mean(axis=1), of_columns.values.mean(axis=1)


def _rank_answers(
    tiles: ScoreTiles, metric: str, means: tuple[np.ndarray, np.ndarray] | None, groups: np.ndarray
) -> tuple[DirectionResult, DirectionResult]:
    """Rank candidate i for query i, in both directions; `means` are the neighbour means of both sides."""
    own = tiles.diagonal.copy()
    if means is not None:
        own = _rescored(own, metric, *means)
    shared = np.bincount(groups)[groups] > 1
    forward, backward = _Ranking(own), _Ranking(own)
    for rows, columns, scores in tiles:
        if means is not None:
            scores = _rescored(scores, metric, means[0][rows, None], means[1][columns])
        _leave_out_answers(scores, rows, columns, groups, shared)
        forward.add(rows, columns, scores)
        backward.add(columns, rows, scores.T)
    return forward.result(), backward.result()


def _rescored(cosines: np.ndarray, metric: str, source_means: np.ndarray, target_means: np.ndarray) -> np.ndarray:
    """CSLS or the margin, in the place of the cosines."""
    cosines *= 2
    if metric == "csls":
        cosines -= source_means
        cosines -= target_means
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            cosines /= source_means + target_means
    return cosines


def _leave_out_answers(
    scores: np.ndarray, rows: np.ndarray, columns: np.ndarray, groups: np.ndarray, shared: np.ndarray
) -> None:
    """Let no row meet its own column, nor one of its group."""
    _, row, column = np.intersect1d(rows, columns, assume_unique=True, return_indices=True)
    scores[row, column] = -np.inf
    row, column = np.flatnonzero(shared[rows]), np.flatnonzero(shared[columns])
    row = row[np.isin(groups[rows[row]], groups[columns[column]])]
    column = column[np.isin(groups[columns[column]], groups[rows[row]])]
    if len(row):
        row, column = row[:, None], column[None]
        scores[row, column] = np.where(groups[rows[row]] == groups[columns[column]], -np.inf, scores[row, column])


class _Ranking:
    """One direction: what has been seen of the candidates of each query, its own answer left out."""

    def __init__(self, answer_scores: np.ndarray) -> None:
        self.answer_scores = answer_scores
        self.ranks = np.ones(len(answer_scores), dtype=np.int64)
        self.nearest = np.zeros(len(answer_scores), dtype=np.int64)
        self.nearest_scores = np.full(len(answer_scores), -np.inf, dtype=np.float32)

    def add(self, queries: np.ndarray, candidates: np.ndarray, scores: np.ndarray) -> None:
        """Note the `scores` `(Q, C)` of some queries with some candidates, which ascend."""
        best = scores.max(axis=1)
        # "Not below", so that an undefined margin (0/0) is a miss and never a hit.
        above = np.flatnonzero(~(best < self.answer_scores[queries]))
        if len(above):
            own = self.answer_scores[queries[above], None]
            self.ranks[queries[above]] += np.count_nonzero(~(_rows(scores, above) < own), axis=1)
        nearest, known = self.nearest[queries], self.nearest_scores[queries]
        # The first of the best, where what is not a number counts as the best of all (as in `argmax`).
        nearer = (best > known) | (np.isnan(best) & ~np.isnan(known))
        equal = (best == known) | (np.isnan(best) & np.isnan(known))
        found = np.flatnonzero(nearer | equal)
        if len(found):
            first = candidates[_rows(scores, found).argmax(axis=1)]
            nearest[found] = np.where(nearer[found], first, np.minimum(first, nearest[found]))
            self.nearest[queries] = nearest
            self.nearest_scores[queries] = np.where(nearer, best, known)

    def result(self) -> DirectionResult:
        return DirectionResult(self.ranks, self.nearest, self.answer_scores, self.nearest_scores)


def _rows(scores: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return scores if len(chosen) == len(scores) else scores[chosen]


def _checked_groups(groups: np.ndarray | None, n: int) -> np.ndarray:
    """A number from 0 for the group of each row."""
    if groups is None:
        return np.arange(n)
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise XAlignError(f"groups needs shape ({n},), one id per pair, got {groups.shape}")
    return np.unique(groups, return_inverse=True)[1].reshape(-1)


def text_groups(*columns: Sequence[Hashable]) -> np.ndarray:
    """`(N,)` group ids: rows that agree in any of the columns (source text, target text) are in one group."""
    parent = list(range(len(columns[0])))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for column in columns:
        first: dict[Hashable, int] = {}
        for row, text in enumerate(column):
            a, b = root(first.setdefault(text, row)), root(row)
            parent[max(a, b)] = min(a, b)
    return np.array([root(row) for row in range(len(parent))], dtype=np.int64)
