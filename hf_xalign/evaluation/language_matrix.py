"""How similar a model takes languages to be: the mean cosine of the same sentences in every two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import resample_indices
from hf_xalign.evaluation.retrieval import unit_rows


@dataclass(frozen=True)
class LanguageSimilarity:
    """A matrix `(L, L)` of mean cosines (`value`), with the ends of their intervals (`low`, `high`).

    `languages` names rows and columns; `n` is the number of sentences that all of them have. All three are symmetric,
    and 1 on the diagonal.
    """

    languages: tuple[str, ...]
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int

    def __getitem__(self, pair: tuple[str, str]) -> float:
        """The similarity of two languages, by name."""
        first, second = (self.languages.index(name) for name in pair)
        return float(self.value[first, second])


def language_similarity(
    vectors: Mapping[str, np.ndarray], *, n_resamples: int = 1000, seed: int = 0, confidence: float = 0.95
) -> LanguageSimilarity:
    """mPLM-Sim (Lin et al., 2024): the mean cosine of the same N sentences in every two languages.

    Intervals are percentile bootstraps over sentences; all pairs of languages share the draws, so what is close in
    one draw is close in all. Cosines of one model compare its languages; levels do not compare models.

    Args:
        vectors: `(N, D)` for each of L languages, row i of one meaning in all (a multi-parallel file).
        n_resamples, seed, confidence: of the intervals.

    Raises:
        XAlignError: fewer than two languages, shapes that differ, no rows, or values that are not finite.
    """
    names = tuple(vectors)
    if len(names) < 2:
        raise XAlignError(f"a similarity of languages needs at least 2 of them, got {len(names)}")
    unit = [unit_rows(vectors[name], name) for name in names]
    for name, rows in zip(names, unit, strict=True):
        if rows.shape != unit[0].shape or not len(rows):
            raise XAlignError(
                f"{names[0]} has shape {unit[0].shape}, {name} {rows.shape}: row i must mean the same in all languages"
            )
    first, second = np.triu_indices(len(names), 1)
    cosines = np.stack(
        [np.einsum("nd,nd->n", unit[i], unit[j], dtype=np.float64) for i, j in zip(first, second, strict=True)], axis=1
    )
    n, tail = len(cosines), (1 - confidence) / 2
    draws = []
    for indices in resample_indices(n, n_resamples, np.random.default_rng(seed)):
        offsets = n * np.arange(len(indices))[:, None]
        weights = np.bincount((indices + offsets).ravel(), minlength=indices.size).reshape(indices.shape)
        draws.append(weights.astype(np.float64) @ cosines / n)
    low, high = np.quantile(np.concatenate(draws), [tail, 1 - tail], axis=0)

    def matrix(values: np.ndarray) -> np.ndarray:
        full = np.eye(len(names))
        full[first, second] = full[second, first] = values
        return full

    return LanguageSimilarity(names, matrix(cosines.mean(axis=0)), matrix(low), matrix(high), n)
