"""Bootstrap of means over several test sets at once: of a group of languages, and of the difference of two models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hf_xalign.evaluation.bootstrap import resample_indices


def resampled_means(
    values: Sequence[np.ndarray], rows: Sequence[Sequence[int]], *, n_resamples: int = 1000, seed: int = 0
) -> np.ndarray:
    """Resample the sentences of L test sets and take the mean of K figures in each.

    Rows that several test sets share (the same sentence in many languages, as in FLORES) are drawn together: what is
    hard in one language tends to be hard in the next, and intervals that forget it come out too narrow. Test sets
    without a row in common are drawn apart. All figures of a set are of the same draw: their differences are paired.

    Args:
        values: for each test set `(N_l, K)` figures, a row per sentence (0 or 1 for a miss or a hit, of K models).
        rows: for each test set the `N_l` row numbers of these sentences, each once.

    Returns:
        `(n_resamples, L, K)` means.
    """
    rng = np.random.default_rng(seed)
    means = np.empty((n_resamples, len(values), values[0].shape[1]))
    for members in _sharing_rows(rows):
        units, places = np.unique(np.concatenate([rows[set_] for set_ in members]), return_inverse=True)
        places = np.split(places, np.cumsum([len(rows[set_]) for set_ in members])[:-1])
        start = 0
        for indices in resample_indices(len(units), n_resamples, rng):
            offsets = len(units) * np.arange(len(indices))[:, None]
            weights = np.bincount((indices + offsets).ravel(), minlength=indices.size)
            weights = weights.reshape(indices.shape).astype(np.float64)
            for set_, place in zip(members, places, strict=True):
                drawn = weights[:, place]
                count = drawn.sum(axis=1, keepdims=True)
                # A small set among many rows may be missed by a draw altogether: its mean is then the observed one.
                drawn = np.where(count > 0, drawn, 1.0)
                count = np.where(count > 0, count, len(place))
                means[start : start + len(indices), set_] = drawn @ values[set_] / count
            start += len(indices)
    return means


def _sharing_rows(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Test sets, by number, that have rows in common, directly or through others."""
    blocks: list[tuple[set[int], list[int]]] = []
    for place, numbers in enumerate(rows):
        union, members = set(numbers), [place]
        apart = []
        for block in blocks:
            if block[0].isdisjoint(union):
                apart.append(block)
            else:
                union, members = union | block[0], block[1] + members
        blocks = [*apart, (union, sorted(members))]
    return [members for _, members in blocks]
