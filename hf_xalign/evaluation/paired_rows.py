"""Two arrays that say the same thing row by row, checked and centred: what CKA, ANC and the linear map start from."""

from __future__ import annotations

import numpy as np

from hf_xalign.errors import XAlignError


def checked_rows(vectors: np.ndarray, name: str, least: int = 2) -> np.ndarray:
    """`vectors` `(N, D)` as float64.

    Raises:
        XAlignError: another number of axes, fewer than `least` rows, no columns, or values that are not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float64)
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise XAlignError(f"{name} needs shape (sentences, dimensions), got {vectors.shape}")
    if len(vectors) < least:
        raise XAlignError(f"{name} has {len(vectors)} sentences: at least {least} are needed")
    if not np.isfinite(vectors).all():
        raise XAlignError(f"{name} holds values that are not finite: the model has diverged or its input is broken")
    return vectors


def checked_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays of as many rows, `(N, D1)` and `(N, D2)`, as float64.

    Raises:
        XAlignError: as `checked_rows`, or the numbers of rows differ.
    """
    first, second = checked_rows(first, "first"), checked_rows(second, "second")
    if len(first) != len(second):
        raise XAlignError(f"{len(first)} and {len(second)} sentences cannot be paired: row i must translate row i")
    return first, second
