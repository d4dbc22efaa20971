"""Average neuron-wise correlation: does each dimension say the same thing of a sentence and of its translation?"""

from __future__ import annotations

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.paired_rows import checked_pairs


def neuron_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each dimension with itself over N pairs of translations (Del and Fishel, 2022).

    Args:
        first, second: `(N, D)`; row i of one translates row i of the other.

    Returns:
        `(D,)`, -1 to 1; 0 for a dimension that is constant in a language, since it tells no sentences apart.

    Raises:
        XAlignError: shapes that differ, fewer than two rows, or values that are not finite.
    """
    first, second = checked_pairs(first, second)
    if first.shape != second.shape:
        raise XAlignError(f"dimensions of shapes {first.shape} and {second.shape} cannot be compared one by one")
    first, second = _unit_columns(first), _unit_columns(second)
    return np.clip(np.einsum("nd,nd->d", first, second), -1.0, 1.0)


def average_neuron_correlation(first: np.ndarray, second: np.ndarray, *, absolute: bool = False) -> float:
    """ANC (Del and Fishel, 2022): the mean correlation of corresponding dimensions, 1 where all agree.

    Correlations are taken with their signs, as in the authors' released code (`run_analysis_torch_corr.py` of
    MaksymDel/xsim: the mean cosine of centred columns). Unlike CKA it falls when one language is rotated against the
    other: a classifier trained on one would then not work on the other. Signed correlations of unrelated pairs have a
    mean of 0, absolute ones of N pairs of about 0.8 / √N: read these beside pairs at random.

    Args:
        first, second: `(N, D)`; row i of one translates row i of the other.
        absolute: whether a dimension that is turned round counts as one that agrees (0 to 1), not against (-1 to 1).

    Raises:
        XAlignError: as [`neuron_correlations`].
    """
    correlations = neuron_correlations(first, second)
    return float((np.abs(correlations) if absolute else correlations).mean())


def _unit_columns(vectors: np.ndarray) -> np.ndarray:
    """Centred columns of length 1; zero where the column is constant up to rounding."""
    centred = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    # The mean of equal numbers is that number only up to rounding.
    constant = lengths <= 1e-12 * np.linalg.norm(vectors, axis=0)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, lengths))
