"""Isotropy: do sentence vectors use all directions, or do they lie in a narrow cone where all are alike?

Two figures that miss different things: the mean cosine sees one common direction, which mean-centring takes out; the
partition score sees any direction that carries more than its share.
"""

from __future__ import annotations

import numpy as np

from hf_xalign.evaluation.bootstrap import Estimate, percentile_estimate, resample_indices
from hf_xalign.evaluation.paired_rows import checked_rows


def mean_cosine(vectors: np.ndarray, *, n_resamples: int = 1000, seed: int = 0) -> Estimate:
    """The mean cosine of all pairs of different sentences (Ethayarajh, 2019), with its 95 % interval.

    0 where directions are used evenly, near 1 in a narrow cone. All pairs are counted, by their sum, so nothing is
    drawn at random but the resamples; pairs of a sentence with its own copy in a resample are left out.

    Args:
        vectors: `(N, D)`, one language's sentences; a zero row has cosine 0 with all others.
        n_resamples, seed: of the bootstrap over sentences.

    Raises:
        XAlignError: another number of axes, fewer than two rows, or values that are not finite.
    """
    unit = _unit(checked_rows(vectors, "vectors"))
    n, own = len(unit), np.square(unit).sum(axis=1)

    def mean(weights: np.ndarray) -> np.ndarray:
        same = np.square(weights)
        pairs = np.square(weights @ unit).sum(axis=1) - same @ own
        # A resample of one sentence alone has no pairs: it says nothing, and is given the cosine 0.
        count = weights.sum(axis=1) ** 2 - same.sum(axis=1)
        return np.where(count > 0, pairs / np.maximum(count, 1), 0.0)

    draws = []
    for indices in resample_indices(n, n_resamples, np.random.default_rng(seed)):
        offsets = n * np.arange(len(indices))[:, None]
        draws.append(
            mean(np.bincount((indices + offsets).ravel(), minlength=indices.size).reshape(indices.shape) * 1.0)
        )
    return percentile_estimate(mean(np.ones((1, n)))[0], np.concatenate(draws), n)


def partition_isotropy(vectors: np.ndarray) -> float:
    """The score of Mu and Viswanath (2018): min Z(c) / max Z(c), 0 to 1, 1 for isotropic vectors.

    Z(c) = Σᵢ exp(cᵀvᵢ), over the eigenvectors c of VᵀV, each in both of its directions (its sign is arbitrary).
    Vectors are scaled to length 1 first, which the paper does not do: hidden states differ in length by orders of
    magnitude between layers, and exp() would show nothing else.

    Args:
        vectors: `(N, D)`, one language's sentences. The eigenvectors take `(D, D)`.

    Raises:
        XAlignError: another number of axes, fewer than two rows, or values that are not finite.
    """
    unit = _unit(checked_rows(vectors, "vectors"))
    directions = np.linalg.eigh(unit.T @ unit)[1]
    projections = unit @ directions
    sums = np.concatenate([np.exp(projections).sum(axis=0), np.exp(-projections).sum(axis=0)])
    return float(sums.min() / sums.max())


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)
