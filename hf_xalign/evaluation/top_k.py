"""The largest scores of each row, exactly and without sorting the rows."""

from __future__ import annotations

import numpy as np


# Columns whose maximum is taken first. A row of N scores is then N comparisons, and a partition of N / 64 maxima.
_WIDTH = 64


def largest_values(scores: np.ndarray, k: int) -> np.ndarray:
    """The k largest values of each row, ascending: `(B, N)` to `(B, k)`, for 1 <= k <= N."""
    rows, n = scores.shape
    parts = n // _WIDTH
    if parts > 4 * k:
        # The k largest scores lie in the k parts with the largest maxima, or in what is left after the last part.
        body = scores[:, : parts * _WIDTH].reshape(rows, parts, _WIDTH)
        best = np.argpartition(body.max(axis=2), parts - k, axis=1)[:, parts - k :]
        found = np.take_along_axis(body, best[:, :, None], axis=1).reshape(rows, -1)
        scores = np.concatenate([found, scores[:, parts * _WIDTH :]], axis=1)
        n = scores.shape[1]
    return np.sort(np.partition(scores, n - k, axis=1)[:, n - k :], axis=1)


def largest(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest values of each row and their columns, `(B, k)` each, descending; of equals, the first columns."""
    threshold = largest_values(scores, k)[:, :1]
    rows, columns = np.nonzero(scores >= threshold)
    values = scores[rows, columns]
    order = np.lexsort((columns, -values, rows))
    # At least k a row, more where others equal the k-th.
    starts = np.searchsorted(rows, np.arange(len(scores)))
    chosen = order[starts[:, None] + np.arange(k)]
    return values[chosen], columns[chosen]
