"""Sentence retrieval: is the translation of a sentence its nearest neighbour in the other language?"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.top_k import largest_values


METRICS = ("cosine", "csls", "margin")
# The values of the papers that define them.
NEIGHBOURS = {"csls": 10, "margin": 4}
# Scores held at a time: 2**22 float32 are 16 MiB, which the processor's cache half holds; larger blocks are slower.
_BLOCK = 2**22


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

    Top-1 is the definition of weak alignment: sim(u_i, v_i) > max over j != i of sim(u_i, v_j), strictly
    (Hämmerl et al., 2024, section 2; "How Transliterations Improve Crosslingual Alignment", section 3).

    Args:
        source, target: `(N, D)` embeddings; row i of one translates row i of the other.
        k: the depths that the result reports: a hit is an answer among the first k.
        metric: "cosine"; "csls", 2 cos(x, y) - r(x) - r(y) (Conneau et al., 2018, section 2.3); or "margin",
            cos(x, y) / ((r(x) + r(y)) / 2), the ratio margin (Artetxe and Schwenk, 2019, section 3.1), where r is the
            mean cosine of a sentence to its nearest neighbours in the other language.
        neighbours: how many nearest neighbours make r; None: 10 for CSLS, 4 for the margin, as in the papers.
        chunk_size: queries scored at a time; None: as many as keep the scores within 16 MiB.
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
    chunk_size = chunk_size or max(1, _BLOCK // len(source))
    means = None
    if metric != "cosine":
        neighbours = min(neighbours or NEIGHBOURS[metric], len(source))
        means = (
            neighbour_means(source, target, neighbours, chunk_size),
            neighbour_means(target, source, neighbours, chunk_size),
        )
    others = group_members(groups, len(source))
    forward = rank_answers(source, target, metric, means, chunk_size, others)
    backward = rank_answers(target, source, metric, means and means[::-1], chunk_size, others)
    return RetrievalResult(forward, backward, tuple(k))


def unit_rows(vectors: np.ndarray, name: str = "embeddings") -> np.ndarray:
    """float32 rows of length 1, so that a dot product is a cosine; a zero row stays zero (cosine 0 with anything)."""
    vectors = np.asarray(vectors, dtype=np.float32)
    if vectors.ndim != 2:
        raise XAlignError(f"{name} needs shape (sentences, dimensions), got {vectors.shape}")
    if not np.isfinite(vectors).all():
        raise XAlignError(f"{name} holds values that are not finite: the model has diverged or its input is broken")
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return (vectors / np.where(norms == 0, 1, norms)).astype(np.float32)


def distinct_rows(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows, in order of appearance, and for each row the number of the one that it equals."""
    first: dict[bytes, int] = {}
    index = np.fromiter((first.setdefault(row.tobytes(), len(first)) for row in vectors), dtype=np.int64)
    if len(first) == len(vectors):
        return vectors, index
    return vectors[np.unique(index, return_index=True)[1]], index


def score_blocks(queries: np.ndarray, candidates: np.ndarray, chunk_size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Cosines `(B, N)` of consecutive queries with all candidates, and the number of the first query."""
    # Equal candidates must score exactly equal for a tie to be seen; matrix kernels round the columns at their edges
    # differently, so each different candidate is scored once.
    distinct, column = distinct_rows(candidates)
    for start in range(0, len(queries), chunk_size):
        scores = queries[start : start + chunk_size] @ distinct.T
        yield start, scores if len(distinct) == len(candidates) else scores[:, column]


def neighbour_means(queries: np.ndarray, candidates: np.ndarray, neighbours: int, chunk_size: int) -> np.ndarray:
    """`(N,)`: the mean cosine of each query to its nearest candidates (its own answer included, as in the papers)."""
    distinct, index = distinct_rows(queries)
    means = np.empty(len(distinct), dtype=np.float32)
    for start, scores in score_blocks(distinct, candidates, chunk_size):
        means[start : start + len(scores)] = largest_values(scores, neighbours).mean(axis=1)
    return means[index]


def rank_answers(
    queries: np.ndarray,
    candidates: np.ndarray,
    metric: str,
    means: tuple[np.ndarray, np.ndarray] | None,
    chunk_size: int,
    others: dict[int, np.ndarray],
) -> DirectionResult:
    """Rank candidate i for query i; `means` are the neighbour means of queries and of candidates."""
    n = len(queries)
    ranks, nearest = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    answer_scores, nearest_scores = np.empty(n, dtype=np.float32), np.empty(n, dtype=np.float32)
    for start, scores in score_blocks(queries, candidates, chunk_size):
        rows = np.arange(len(scores))
        block = slice(start, start + len(scores))
        if metric == "csls":
            scores *= 2
            scores -= means[0][block, None]
            scores -= means[1]
        elif metric == "margin":
            scores *= 2
            with np.errstate(divide="ignore", invalid="ignore"):
                scores /= means[0][block, None] + means[1]
        own = scores[rows, start + rows]
        scores[rows, start + rows] = -np.inf
        for row in rows:
            if start + row in others:
                scores[row, others[start + row]] = -np.inf
        # "Not below", so that an undefined margin (0/0) is a miss and never a hit.
        ranks[block] = 1 + np.count_nonzero(~(scores < own[:, None]), axis=1)
        nearest[block] = scores.argmax(axis=1)
        answer_scores[block] = own
        nearest_scores[block] = scores[rows, nearest[block]]
    return DirectionResult(ranks, nearest, answer_scores, nearest_scores)


def group_members(groups: np.ndarray | None, n: int) -> dict[int, np.ndarray]:
    """Row -> all rows of its group, for the rows that share theirs."""
    if groups is None:
        return {}
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise XAlignError(f"groups needs shape ({n},), one id per pair, got {groups.shape}")
    order = np.argsort(groups, kind="stable")
    bounds = np.flatnonzero(np.diff(groups[order])) + 1
    return {int(row): members for members in np.split(order, bounds) if len(members) > 1 for row in members}


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
