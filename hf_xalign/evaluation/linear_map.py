"""A linear map from one language's vectors into another's: how far alignment gets without training the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.paired_rows import checked_pairs


KINDS = ("orthogonal", "least_squares")


@dataclass(frozen=True)
class LinearMap:
    """x ↦ (x − `source_mean`) `matrix` + `target_mean`, with means `(D1,)`, `(D2,)` and a matrix `(D1, D2)`."""

    matrix: np.ndarray
    source_mean: np.ndarray
    target_mean: np.ndarray

    def __call__(self, source: np.ndarray) -> np.ndarray:
        """Source vectors in the target's space.

        Args:
            source: `(N, D1)`.

        Returns:
            `(N, D2)` float64.

        Raises:
            XAlignError: vectors of another width.
        """
        source = np.asarray(source, dtype=np.float64)
        if source.ndim != 2 or source.shape[1] != len(self.source_mean):
            raise XAlignError(
                f"this map takes vectors of {len(self.source_mean)} dimensions, got shape {source.shape}"
            )
        return (source - self.source_mean) @ self.matrix + self.target_mean


def fit_linear_map(
    source: np.ndarray, target: np.ndarray, kind: str = "orthogonal", *, ridge: float = 0.0
) -> LinearMap:
    """Fit the map on pairs of translations, which must not be those that it is tested on.

    "orthogonal": the rotation W that minimises ‖X W − Y‖ (Procrustes; Schönemann, 1966; for embeddings Xing et al.,
    2015, Conneau et al., 2018). "least_squares": the matrix without that constraint (Mikolov et al.,
    2013). X and Y are centred (Artetxe et al., 2016; for sentences Libovický et al., 2020).

    Args:
        source, target: `(N, D1)` and `(N, D2)`; row i of one translates row i of the other. "orthogonal" needs
            D1 = D2. With fewer pairs than dimensions least squares fits them exactly and takes the smallest such
            matrix: it is at its worst where N is about D1, and wants a `ridge` there.
        kind: "orthogonal" or "least_squares".
        ridge: of least squares: adds this times the mean variance of a dimension, times N, to the diagonal of XᵀX.

    Raises:
        XAlignError: an unknown kind, widths that differ ("orthogonal"), a negative ridge or one for "orthogonal",
            numbers of rows that differ, fewer than two, or values that are not finite.
    """
    if kind not in KINDS:
        raise XAlignError(f"unknown linear map {kind!r}: use {' or '.join(KINDS)}")
    if not ridge >= 0 or (ridge and kind == "orthogonal"):
        raise XAlignError(f"ridge {ridge} does not go with {kind}: use 0, or more with least_squares")
    from scipy.linalg import lstsq, orthogonal_procrustes

    source, target = checked_pairs(source, target)
    means = source.mean(axis=0), target.mean(axis=0)
    first, second = source - means[0], target - means[1]
    if kind == "orthogonal":
        if first.shape != second.shape:
            raise XAlignError(f"a rotation cannot map {first.shape[1]} dimensions to {second.shape[1]}")
        return LinearMap(orthogonal_procrustes(first, second)[0], *means)
    penalty = ridge * np.square(first).sum() / first.shape[1]
    if not penalty:
        return LinearMap(lstsq(first, second)[0], *means)
    # Rows of √penalty I, with 0 as their answer, are what the penalty adds to the sum of squares.
    width = first.shape[1]
    first = np.concatenate([first, np.sqrt(penalty) * np.eye(width)])
    second = np.concatenate([second, np.zeros((width, second.shape[1]))])
    return LinearMap(lstsq(first, second)[0], *means)
