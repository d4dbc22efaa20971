"""The largest scores of each row, exactly and without sorting the rows or holding all of them."""

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


class LargestSoFar:
    """The k largest scores of `(N,)` rows, of which a few columns are seen at a time; k is at most the columns in all.

    Attributes:
        values, columns: `(N, k)` scores, descending, and their columns; of equal scores, the lowest columns.
    """

    def __init__(self, rows: int, k: int) -> None:
        self.values = np.full((rows, k), -np.inf, dtype=np.float32)
        self.columns = np.full((rows, k), np.iinfo(np.int64).max)

    def add(self, rows: np.ndarray, columns: np.ndarray, scores: np.ndarray) -> None:
        """Note the `(R, C)` scores of `(R,)` rows with `(C,)` columns, which ascend and are new to these rows."""
        worst = self.values[rows, -1]
        # The longer the search, the fewer rows find anything better.
        better = np.flatnonzero(scores.max(axis=1) >= worst)
        if not len(better):
            return
        if 4 * len(better) < len(rows):
            rows, worst, scores = rows[better], worst[better], scores[better]
        k = self.values.shape[1]
        if worst.min() > -np.inf:
            at, column = _nonzero(scores >= worst[:, None])
            values = scores[at, column]
        else:
            values, column = largest(np.ascontiguousarray(scores), min(k, len(columns)))
            at = np.repeat(np.arange(len(rows)), values.shape[1])
            values, column = values.reshape(-1), column.reshape(-1)
        at = np.concatenate([np.repeat(np.arange(len(rows)), k), at])
        values = np.concatenate([self.values[rows].reshape(-1), values])
        found = np.concatenate([self.columns[rows].reshape(-1), columns[column]])
        order = np.lexsort((found, -values, at))
        chosen = order[np.searchsorted(at[order], np.arange(len(rows)))[:, None] + np.arange(k)]
        self.values[rows], self.columns[rows] = values[chosen], found[chosen]


def _nonzero(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`np.nonzero` of two dimensions in any order, several times faster."""
    if mask.flags.c_contiguous:
        return np.divmod(np.flatnonzero(mask), mask.shape[1])
    return np.divmod(np.flatnonzero(mask.T), mask.shape[0])[::-1]
