"""How similar sentences that belong together are, against pairs put together at random.

The four similarities of "How Transliterations Improve Crosslingual Alignment" (section 3), with the random pairs
made explicit: a seeded derangement of the same sentences, as many as there are matched pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, bootstrap_interval, percentile_estimate, resample_indices
from hf_xalign.evaluation.retrieval import unit_rows


@dataclass(frozen=True)
class Similarity:
    """Cosines `(N,)` of row i with its own partner (`matched`) and with another row's (`random`)."""

    matched: np.ndarray
    random: np.ndarray

    @property
    def gap(self) -> float:
        """Mean matched minus mean random cosine."""
        return float(self.matched.mean() - self.random.mean())

    @property
    def auroc(self) -> float:
        """How well the cosine tells matched from random pairs, 0 to 1; 0.5 is chance."""
        return auroc(self.matched, self.random)

    def histogram(self, bins: int = 40) -> dict[str, list]:
        """Counts of both kinds on common edges, `{"edges": bins + 1, "matched": bins, "random": bins}`."""
        both = np.concatenate([self.matched, self.random]).astype(np.float64)
        low, high = both.min(), both.max()
        if high - low < 1e-6:
            # Cosines that are all but equal (a collapsed model) still need bins of some width.
            low, high = low - 1e-6, high + 1e-6
        edges = np.linspace(low, high, bins + 1)
        return {
            "edges": edges.tolist(),
            "matched": np.histogram(self.matched, edges)[0].tolist(),
            "random": np.histogram(self.random, edges)[0].tolist(),
        }


def sentence_similarities(
    source: np.ndarray,
    source_latn: np.ndarray,
    target: np.ndarray,
    target_latn: np.ndarray,
    *,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> dict[str, Similarity]:
    """The four similarities of sentences s, translations t and their transliterations r_s and r_t.

    Liu et al. (COLING 2025), section 3; the random pairs are ours.

    "transliteration" is s with r_s, "translation" s with t, "transliteration_translation" r_s with t, and
    "transliteration_transliteration" r_s with r_t; the two that are not symmetric have a "..._reversed" (t with r_t,
    r_t with s). The random partner of row i is the same row in all of them.

    Args:
        source, source_latn, target, target_latn: `(N, D)` embeddings, row by row of one meaning.
        seed: of the random pairs.
        groups: `(N,)` ids; rows of one group are never each other's random partner.

    Raises:
        XAlignError: shapes that do not agree, or no random pairs (see [`derangement`]).
    """
    random = derangement(len(source), seed, groups)
    pairs = {
        "transliteration": (source, source_latn),
        "translation": (source, target),
        "transliteration_translation": (source_latn, target),
        "transliteration_transliteration": (source_latn, target_latn),
        "transliteration_reversed": (target, target_latn),
        "transliteration_translation_reversed": (target_latn, source),
    }
    return {name: matched_and_random(first, second, random) for name, (first, second) in pairs.items()}


def matched_and_random(first: np.ndarray, second: np.ndarray, random: np.ndarray) -> Similarity:
    """Cosines of rows i and i, and of rows i and `random[i]`, of two arrays.

    Args:
        first, second: `(N, D)`, one meaning a row.
        random: `(N,)` row numbers, from [`derangement`].

    Raises:
        XAlignError: shapes that do not agree, or values that are not finite.
    """
    first, second = unit_rows(first), unit_rows(second)
    if first.shape != second.shape:
        raise XAlignError(f"embeddings of shapes {first.shape} and {second.shape} cannot be paired row by row")
    return Similarity(np.einsum("nd,nd->n", first, second), np.einsum("nd,nd->n", first, second[random]))


def derangement(n: int, seed: int = 0, groups: np.ndarray | None = None) -> np.ndarray:
    """A seeded permutation of 0..n-1 that maps no row to itself, nor to a row of its group.

    Args:
        n: rows.
        seed: of the permutation.
        groups: `(n,)` ids; None: every row is a group of its own.

    Raises:
        XAlignError: there is none (fewer than two rows, or one group with more than half of them).
    """
    groups = np.arange(n) if groups is None else np.asarray(groups)
    if n < 2 or 2 * np.unique(groups, return_counts=True)[1].max() > n:
        raise XAlignError(
            f"random pairs need at least 2 sentences, no more than half of them the same: got {n} sentences"
        )
    rng = np.random.default_rng(seed)
    permutation = rng.permutation(n)
    # Swapping two images repairs a row; a swap is made only where it breaks nothing, so the number of bad rows falls.
    while len(bad := np.flatnonzero(groups[permutation] == groups)):
        for row in bad:
            allowed = (groups[permutation] != groups[row]) & (groups != groups[permutation[row]])
            other = rng.choice(np.flatnonzero(allowed))
            permutation[[row, other]] = permutation[[other, row]]
    return permutation


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """P(a positive scores above a negative) + P(tie) / 2, 0 to 1: the statistic of Mann and Whitney (1947), by ranks.

    Args:
        positive, negative: scores, `(N,)` and `(M,)`.
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / (2 * len(ordered)))


def auroc_interval(similarity: Similarity, n_resamples: int = 1000, seed: int = 0) -> Estimate:
    """The AUROC (Mann and Whitney, 1947) with its 95 % percentile bootstrap interval.

    Args:
        similarity: N rows; a resampled one brings its matched and its random cosine.
        n_resamples, seed: of the interval.
    """
    n = len(similarity.matched)
    order = np.argsort(similarity.random, kind="stable")
    below = np.searchsorted(similarity.random[order], similarity.matched, side="left")
    not_above = np.searchsorted(similarity.random[order], similarity.matched, side="right")
    draws = []
    for indices in resample_indices(n, n_resamples, np.random.default_rng(seed)):
        # How often each row was drawn: sums of these weights stand for counts, so nothing is sorted again.
        offsets = n * np.arange(len(indices))[:, None]
        weights = np.bincount((indices + offsets).ravel(), minlength=indices.size).reshape(indices.shape)
        drawn = np.zeros((len(weights), n + 1), dtype=np.int64)
        np.cumsum(weights[:, order], axis=1, out=drawn[:, 1:])
        draws.append((weights * (drawn[:, below] + drawn[:, not_above])).sum(axis=1) / (2 * n * n))
    return percentile_estimate(similarity.auroc, np.concatenate(draws), n)


def similarity_estimates(similarity: Similarity, *, seed: int = 0) -> dict[str, Estimate]:
    """The means of both kinds of cosines (`matched`, `random`), their `gap` and the `auroc`, with 95 % intervals.

    Args:
        similarity: cosines of N matched and N random pairs.
        seed: of the resamples.
    """
    return {
        "matched": bootstrap_interval(similarity.matched, seed=seed),
        "random": bootstrap_interval(similarity.random, seed=seed),
        "gap": bootstrap_interval(similarity.matched.astype(np.float64) - similarity.random, seed=seed),
        "auroc": auroc_interval(similarity, seed=seed),
    }
