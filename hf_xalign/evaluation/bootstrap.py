"""Intervals for figures that are means (or other statistics) over sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from hf_xalign.errors import XAlignError


# Resampled values held at a time: 2**22 float64 are 32 MiB.
_BLOCK = 2**22


@dataclass(frozen=True)
class Estimate:
    """A figure (`value`), the ends of its interval (`low`, `high`), and the number `n` of sentences behind it."""

    value: float
    low: float
    high: float
    n: int

    def to_dict(self) -> dict[str, float | int]:
        """The fields by name, as they stand in result files."""
        return asdict(self)


def bootstrap_interval(
    values: np.ndarray,
    statistic: Callable[..., np.ndarray] = np.mean,
    n_resamples: int = 1000,
    seed: int = 0,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """The percentile bootstrap interval (Efron, 1979) of a statistic of independent values.

    Args:
        values: `(N,)` numbers, one per sentence.
        statistic: a numpy-style reduction, called as `statistic(array, axis=...)`.
        n_resamples: how often N values are drawn with replacement.
        seed: of the draws.
        confidence: the share of the draws that lie in the interval.

    Raises:
        XAlignError: no values, or values that are not finite.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or not len(values):
        raise XAlignError(f"bootstrap_interval needs a non-empty 1-D array, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise XAlignError("bootstrap_interval got values that are not finite")
    draws = [
        statistic(values[indices], axis=1)
        for indices in resample_indices(len(values), n_resamples, np.random.default_rng(seed))
    ]
    return percentile_estimate(float(statistic(values, axis=0)), np.concatenate(draws), len(values), confidence)


def share_interval(hits: np.ndarray, *, n_resamples: int = 1000, seed: int = 0, confidence: float = 0.95) -> Estimate:
    """The interval of a share, from 0s and 1s (or values between) of N sentences.

    The bootstrap where it can tell anything. Where all sentences missed, or all hit, every resample is the same: the
    exact binomial interval (Clopper and Pearson, 1934) then says what N sentences can say.

    Args:
        hits: `(N,)`.
        n_resamples, seed, confidence: as in [`bootstrap_interval`].

    Raises:
        XAlignError: no values, or values that are not finite.
    """
    return exact_at_the_edge(
        bootstrap_interval(hits, n_resamples=n_resamples, seed=seed, confidence=confidence), confidence
    )


def exact_at_the_edge(estimate: Estimate, confidence: float = 0.95) -> Estimate:
    """A share of 0 or 1 with the exact binomial interval of its n sentences in place of one without width."""
    # The largest share that leaves n sentences without a hit with a probability of (1 - confidence) / 2.
    edge = 1 - ((1 - confidence) / 2) ** (1 / estimate.n)
    if estimate.value == 0:
        return replace(estimate, high=edge)
    if estimate.value == 1:
        return replace(estimate, low=1 - edge)
    return estimate


def resample_indices(n: int, n_resamples: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """`(B, n)` indices drawn with replacement, in blocks of bounded size that add up to `n_resamples` rows."""
    rows = max(1, _BLOCK // n)
    for start in range(0, n_resamples, rows):
        yield rng.integers(0, n, size=(min(rows, n_resamples - start), n))


def percentile_estimate(value: float, draws: np.ndarray, n: int, confidence: float = 0.95) -> Estimate:
    """`value` with the central `confidence` share of the resampled statistics `draws`."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Estimate(float(value), float(low), float(high), int(n))
