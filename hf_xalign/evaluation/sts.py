"""Semantic textual similarity: do cosines grade pairs of sentences as people do?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, percentile_estimate, resample_indices
from hf_xalign.evaluation.retrieval import unit_rows


@dataclass(frozen=True)
class StsResult:
    """Correlations of cosines with gold scores; `draws` `(B, 2)` are Spearman's and Pearson's of each resample.

    The same pairs and the same seed give the same resamples for another model, so that differences of the draws are
    paired.
    """

    spearman: Estimate
    pearson: Estimate
    draws: np.ndarray


def sts_correlation(
    first: np.ndarray, second: np.ndarray, scores: np.ndarray, *, n_resamples: int = 1000, seed: int = 0
) -> StsResult:
    """Spearman's and Pearson's correlation of the cosines of N pairs with their gold scores, with 95 % intervals.

    The task is that of STS 2022 (Chen et al., SemEval 2022), for pairs of two languages too.

    Args:
        first, second: `(N, D)` embeddings of the two sentences of each pair.
        scores: `(N,)` gold scores; only their order matters to Spearman's.
        n_resamples, seed: of the intervals, bootstraps over pairs.

    Raises:
        XAlignError: shapes that do not agree, fewer than 3 pairs, scores that are not finite or all the same, or
            cosines that are all the same.
    """
    from scipy import stats

    first, second = unit_rows(first, "first"), unit_rows(second, "second")
    scores = np.asarray(scores, dtype=np.float64)
    if first.shape != second.shape or scores.shape != (len(first),):
        raise XAlignError(f"pairs of shapes {first.shape} and {second.shape} and scores {scores.shape} do not agree")
    if len(scores) < 3:
        raise XAlignError(f"a correlation needs at least 3 pairs, got {len(scores)}")
    if not np.isfinite(scores).all():
        raise XAlignError("gold scores hold values that are not finite")
    cosines = np.einsum("nd,nd->n", first, second, dtype=np.float64)
    # Cosines of float32 vectors are not known better than that.
    for what, values, least in (("gold scores", scores, 0.0), ("cosines", cosines, 1e-6)):
        if np.ptp(values) <= least:
            raise XAlignError(f"all {what} are {values[0]:g}: nothing can correlate with them")
    draws = []
    for indices in resample_indices(len(scores), n_resamples, np.random.default_rng(seed)):
        x, y = cosines[indices], scores[indices]
        draws.append(
            np.stack([_correlations(stats.rankdata(x, axis=1), stats.rankdata(y, axis=1)), _correlations(x, y)], 1)
        )
    draws = np.concatenate(draws)
    observed = (stats.spearmanr(cosines, scores).statistic, stats.pearsonr(cosines, scores).statistic)
    estimates = [
        percentile_estimate(value, draws[:, place][np.isfinite(draws[:, place])], len(scores))
        for place, value in enumerate(observed)
    ]
    return StsResult(*estimates, draws)


def _correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson's correlation row by row: `(B, N)` twice to `(B,)`; undefined where a row holds one value only."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (x * y).sum(axis=1) / np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return np.where(np.isfinite(found), found, np.nan)
