"""Intervals of a figure over test examples and seeds, and of its difference between two models, paired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hf_xalign.evaluation.bootstrap import Estimate, exact_at_the_edge, percentile_estimate, resample_indices
from hf_xalign.evaluation.downstream.measures import value


def resampled_figures(
    measure: str, counted: Sequence[Sequence[np.ndarray]], *, n_resamples: int = 1000, seed: int = 0
) -> np.ndarray:
    """Draw test examples, and seeds, with replacement; the mean over the seeds drawn, of each model.

    All models see the same examples and seeds in a draw, so that their differences are paired (Efron and Tibshirani,
    1993, chapter 16).

    Args:
        measure: of `measures.value`.
        counted: for M models, for S seeds, the `(N, K)` counts of the test examples.

    Returns:
        `(n_resamples, M)`.
    """
    rng = np.random.default_rng(seed)
    stacked = np.stack([np.stack(list(model)) for model in counted])
    models, seeds, n, width = stacked.shape
    figures = []
    for indices in resample_indices(n, n_resamples, rng):
        offsets = n * np.arange(len(indices))[:, None]
        weights = np.bincount((indices + offsets).ravel(), minlength=indices.size).reshape(indices.shape)
        summed = weights.astype(np.float64) @ stacked.transpose(2, 0, 1, 3).reshape(n, -1)
        by_seed = value(measure, summed.reshape(len(indices), models, seeds, width))
        drawn = rng.integers(0, seeds, size=(len(indices), 1, seeds))
        figures.append(np.take_along_axis(by_seed, drawn, axis=2).mean(axis=2))
    return np.concatenate(figures)


def figure_estimate(measure: str, figure: float, draws: np.ndarray, n: int) -> Estimate:
    """A figure with the central 95 % of its draws; n is that of the test examples.

    Where all labels are right, or none is, all draws are the same: the exact interval of n examples then stands.
    """
    found = percentile_estimate(figure, draws, n)
    return exact_at_the_edge(found) if measure == "accuracy" else found
