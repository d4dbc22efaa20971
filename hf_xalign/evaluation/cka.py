"""Linear centred kernel alignment: do two languages lay out the same sentences in the same shape?"""

from __future__ import annotations

import numpy as np

from hf_xalign.evaluation.paired_rows import checked_pairs


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear CKA (Kornblith et al., 2019) of the same N sentences in two languages, 0 to 1.

    ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) with Frobenius norms and centred columns. It does not change when one side is rotated,
    shifted or scaled, so a high value says that a good linear map exists, not that translations lie together.

    It is biased upwards where N is not much larger than D: 100 sentences in 768 dimensions look alike whatever they
    say. Read it beside the same figure of sentences paired at random.

    Args:
        first, second: `(N, D1)` and `(N, D2)`; row i of one translates row i of the other. Each of the three products
            takes `(D1, D2)` or `(N, N)` float64 numbers, whichever is less.

    Raises:
        XAlignError: numbers of rows that differ, fewer than two, or values that are not finite.

    Returns:
        0 where a side has no variance at all.
    """
    first, second = checked_pairs(first, second)
    first, second = _unit_scale(first - first.mean(axis=0)), _unit_scale(second - second.mean(axis=0))
    norm = np.sqrt(_squared_product(first, first)) * np.sqrt(_squared_product(second, second))
    return float(_squared_product(first, second) / norm) if norm > 0 else 0.0


def _unit_scale(centred: np.ndarray) -> np.ndarray:
    """The same up to a factor, which CKA does not see: fourth powers of large or tiny states would not be finite."""
    largest = np.abs(centred).max()
    return centred / largest if largest > 0 else centred


def _squared_product(first: np.ndarray, second: np.ndarray) -> float:
    """‖YᵀX‖², by features or by sentences: the two are equal."""
    n = len(first)
    if first.shape[1] * second.shape[1] <= n * n:
        return float(np.square(first.T @ second).sum())
    grams = first @ first.T
    grams *= grams if second is first else second @ second.T
    return float(grams.sum())
