"""The cosines of all sentences of two sides, a tile at a time, each computed once for both directions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np


# Sentences of each side in a tile: 2048 x 2048 float32 are 16 MiB, which the processor's cache half holds, and a
# product of that shape runs at full speed; one of a few queries with all candidates reads all candidates for little.
_SIZE = 2048


def distinct_rows(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different rows, in order of appearance, and for each row the number of the one that it equals."""
    # Digests, not the rows: these would double the memory.
    first: dict[bytes, int] = {}
    digests = (hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in vectors)
    index = np.fromiter((first.setdefault(digest, len(first)) for digest in digests), np.int64, len(vectors))
    if len(first) == len(vectors):
        return vectors, index
    return vectors[np.unique(index, return_index=True)[1]], index


class ScoreTiles:
    """The cosines of `(N, D)` and `(M, D)` rows of length 1, in tiles: iterating gives `rows, columns, scores`.

    `scores` `(R, C)` are the cosines of `source[rows]` with `target[columns]`, an array that the caller may overwrite.
    Every pair of a row and a column is in one tile; `rows` and `columns` ascend within each. Memory is that of two
    tiles (16 MiB each), and of a side's different rows where some are equal.

    Equal rows score exactly equal, so that a tie is seen: matrix kernels round the last rows and columns of a product
    in their own way, so only different rows are multiplied, and the products copied for those that equal them.

    Args:
        size: sentences of each side in a tile, at most; None: 2048.
        paired: row i of both sides is a pair, whose cosine is `diagonal[i]` `(N,)` to the bit in the tile, too.
    """

    def __init__(self, source: np.ndarray, target: np.ndarray, size: int | None = None, paired: bool = False) -> None:
        self._source, self._target = _Side(source, size or _SIZE), _Side(target, size or _SIZE)
        self.diagonal: np.ndarray | None = None
        if paired:
            self._know_pairs()

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for i, (begin, end, row_sets) in enumerate(self._source.parts):
            for j, (first, last, column_sets) in enumerate(self._target.parts):
                scores = self._source.distinct[begin:end] @ self._target.distinct[first:last].T
                if self.diagonal is not None:
                    self._set_pairs(i, j, scores)
                whole = len(row_sets[0]) == end - begin and len(column_sets[0]) == last - first
                for rows in row_sets:
                    for columns in column_sets:
                        if whole:
                            yield rows, columns, scores
                            continue
                        copies = np.ix_(self._source.index[rows] - begin, self._target.index[columns] - first)
                        yield rows, columns, scores[copies]

    def _know_pairs(self) -> None:
        ours, theirs = self._source, self._target
        cells, inverse = np.unique(ours.index * len(theirs.distinct) + theirs.index, return_inverse=True)
        rows, columns = np.divmod(cells, len(theirs.distinct))
        values = np.empty(len(cells), dtype=np.float32)
        for start in range(0, len(cells), _SIZE):
            block = slice(start, start + _SIZE)
            values[block] = np.einsum("nd,nd->n", ours.distinct[rows[block]], theirs.distinct[columns[block]])
        self.diagonal = values[inverse.reshape(-1)]
        parts = [np.searchsorted(side.starts, at, "right") - 1 for side, at in ((ours, rows), (theirs, columns))]
        tile = parts[0] * len(theirs.parts) + parts[1]
        order = np.argsort(tile, kind="stable")
        places = (rows - ours.starts[parts[0]], columns - theirs.starts[parts[1]])
        self._pairs = (tile[order], places[0][order], places[1][order], values[order])

    def _set_pairs(self, i: int, j: int, scores: np.ndarray) -> None:
        tile, rows, columns, values = self._pairs
        number = i * len(self._target.parts) + j
        here = slice(*np.searchsorted(tile, (number, number + 1)))
        scores[rows[here], columns[here]] = values[here]


class _Side:
    """The different rows of a side in parts: the first and the last of each, and which sentences they are."""

    def __init__(self, vectors: np.ndarray, size: int) -> None:
        self.distinct, self.index = distinct_rows(vectors)
        order = np.argsort(self.index, kind="stable")
        ends = np.bincount(self.index).cumsum()
        self.parts: list[tuple[int, int, list[np.ndarray]]] = []
        first = done = 0
        while first < len(self.distinct):
            # As many as have `size` sentences between them; one that has more is a part alone, with several sets.
            last = max(first + 1, int(np.searchsorted(ends, done + size, "right")))
            members = np.sort(order[done : ends[last - 1]])
            sets = [members[start : start + size] for start in range(0, len(members), size)]
            self.parts.append((first, last, sets))
            first, done = last, int(ends[last - 1])
        self.starts = np.array([part[0] for part in self.parts], dtype=np.int64)
