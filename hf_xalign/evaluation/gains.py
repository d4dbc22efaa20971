"""Does better alignment help? Rank correlations of alignment measures with downstream gains, over runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, percentile_estimate, resample_indices


# Fewer runs have so few orders that any of them comes up by chance.
LEAST_RUNS = 4
# All orders of more runs are too many.
MOST_ORDERED = 7


def gain_correlations(
    measures: Mapping[str, Sequence[float]],
    gains: Mapping[str, Sequence[float]],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, dict[str, Estimate | None]]:
    """Spearman's correlation (Spearman, 1904) of every alignment measure with every downstream gain.

    With 95 % percentile bootstrap intervals over runs (Efron, 1979); draws in which a side is constant have no
    correlation and are drawn again. Runs that are checkpoints or seeds of one model are not independent: the
    intervals are then too narrow. A table of many cells holds some intervals without 0 by chance.

    Args:
        measures: a value per run of each alignment measure; R runs, in one order throughout. NaN or None: not
            measured, and the run is left out of that measure's cells.
        gains: a value per run of each downstream gain, such as the accuracy less that of the model not aligned.
        n_resamples, seed: of the intervals.

    Returns:
        `table[measure][gain]`; its n is the number of runs that have both. None where fewer than 4 runs have both,
        or one of them is constant: there is no correlation to speak of.

    Raises:
        XAlignError: no measure or no gain, numbers of runs that differ, or values that are infinite.
    """
    if not measures or not gains:
        raise XAlignError("a correlation table needs at least one alignment measure and one downstream gain")
    columns = {}
    runs = len(next(iter(measures.values())))
    for kind, values in (("measure", measures), ("gain", gains)):
        for name, column in values.items():
            column = np.array([np.nan if value is None else value for value in column], dtype=np.float64)
            if len(column) != runs:
                raise XAlignError(f"{kind} {name} has {len(column)} runs, the first measure {runs}: one value per run")
            if np.isinf(column).any():
                raise XAlignError(f"{kind} {name} holds a value that is infinite")
            columns[kind, name] = column
    return {
        measure: {
            gain: _correlation(columns["measure", measure], columns["gain", gain], n_resamples, seed) for gain in gains
        }
        for measure in measures
    }


def _correlation(first: np.ndarray, second: np.ndarray, n_resamples: int, seed: int) -> Estimate | None:
    from scipy.stats import spearmanr

    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    if len(first) < LEAST_RUNS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    rng, draws, missing = np.random.default_rng(seed), [], n_resamples
    while missing:
        indices = np.concatenate(list(resample_indices(len(first), missing, rng)))
        usable = (np.ptp(first[indices], axis=1) > 0) & (np.ptp(second[indices], axis=1) > 0)
        draws.append(_rank_correlations(first[indices[usable]], second[indices[usable]]))
        missing -= int(usable.sum())
    return percentile_estimate(spearmanr(first, second).statistic, np.concatenate(draws), len(first))


def chance_of_order(first: Sequence[float | None], second: Sequence[float | None], *, seed: int = 0) -> float | None:
    """How often runs in a random order would be correlated as strongly, with either sign (Pitman, 1937).

    Of few runs the bootstrap tells too little: a perfect order has no width in any draw, though of 4 runs one order in
    12 is perfect. This is the two-sided permutation test of Spearman's correlation, over all orders of up to 7 runs
    and over 9 999 drawn ones of more.

    Args:
        first, second: a value per run; NaN or None: not measured.
        seed: of the orders that are drawn.

    Returns:
        The probability, None where `gain_correlations` gives none.
    """
    first, second = (
        np.array([np.nan if x is None else x for x in side], dtype=np.float64) for side in (first, second)
    )
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    if len(first) < LEAST_RUNS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    if len(first) <= MOST_ORDERED:
        orders = np.array(list(permutations(range(len(first)))))
    else:
        rng = np.random.default_rng(seed)
        # The order that was seen is one of the possible ones, so that no probability is 0.
        orders = np.vstack([np.arange(len(first)), *(rng.permutation(len(first)) for _ in range(9_999))])
    found = _rank_correlations(np.broadcast_to(first, orders.shape), second[orders])
    return float(np.mean(np.abs(found) >= np.abs(found[0]) - 1e-9))


def _rank_correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each row of `first` `(B, R)` with the same row of `second`; none is constant."""
    from scipy.stats import rankdata

    first, second = (rankdata(values, axis=1) for values in (first, second))
    first, second = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (first, second))
    norms = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
    return (first * second).sum(axis=1) / norms
