from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.evaluation.bootstrap import resample_indices
from hf_xalign.evaluation.resampled_means import resampled_means


def slow_means(values, rows, n_resamples, seed):
    """One draw at a time, of all rows that any set has: for sets that all share rows."""
    rng = np.random.default_rng(seed)
    units = sorted({row for numbers in rows for row in numbers})
    (draws,) = resample_indices(len(units), n_resamples, rng)
    means = []
    for draw in draws:
        drawn = [units[index] for index in draw]
        by_set = []
        for figures, numbers in zip(values, rows, strict=True):
            place = {row: index for index, row in enumerate(numbers)}
            kept = [figures[place[row]] for row in drawn if row in place]
            by_set.append(np.mean(kept, axis=0))
        means.append(by_set)
    return np.array(means)


def test_shared_rows_are_drawn_together():
    rng = np.random.default_rng(0)
    rows = [list(range(30)), list(range(5, 40)), list(range(0, 40, 2))]
    values = [rng.random((len(numbers), 4)) for numbers in rows]
    np.testing.assert_allclose(
        resampled_means(values, rows, n_resamples=50, seed=3), slow_means(values, rows, 50, 3), atol=1e-12
    )


def test_the_interval_of_sets_with_common_rows_is_wider():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2, size=(200, 1)).astype(float)
    shared = resampled_means([values] * 8, [list(range(200))] * 8).mean(axis=1).std()
    apart = resampled_means([values] * 8, [list(range(200 * k, 200 * k + 200)) for k in range(8)]).mean(axis=1).std()
    expected = values.std() / np.sqrt(200)
    assert shared == pytest.approx(expected, rel=0.15)
    assert apart == pytest.approx(expected / np.sqrt(8), rel=0.15)


def test_a_chain_of_shared_rows_is_one_block_and_order_is_kept():
    rows = [[0, 1], [10, 11, 12], [1, 2], [2, 3]]
    values = [np.full((len(numbers), 1), float(place)) for place, numbers in enumerate(rows)]
    means = resampled_means(values, rows, n_resamples=20)
    # Some draws of the chain hold no row of a set: its observed mean stands in, and nothing is undefined.
    np.testing.assert_array_equal(means, np.broadcast_to(np.arange(4.0)[:, None], (20, 4, 1)))


def test_a_long_set_is_drawn_in_blocks():
    values = [np.random.default_rng(2).random((9000, 2))]
    means = resampled_means(values, [list(range(9000))], n_resamples=600)
    assert means.shape == (600, 1, 2)
    assert np.isfinite(means).all()
    assert len(np.unique(means)) == 1200
