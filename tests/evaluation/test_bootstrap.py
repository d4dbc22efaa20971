from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import bootstrap_interval
from hf_xalign.evaluation.bootstrap import resample_indices, share_interval


def test_the_interval_is_the_percentiles_of_resampled_means():
    values = np.random.default_rng(0).normal(size=80)
    estimate = bootstrap_interval(values, n_resamples=500, seed=3)
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 80, size=(500, 80))
    means = sorted(sum(values[i] for i in row) / 80 for row in rows)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(np.quantile(means, 0.025))
    assert estimate.high == pytest.approx(np.quantile(means, 0.975))
    assert estimate.n == 80
    assert estimate == bootstrap_interval(values, n_resamples=500, seed=3)
    assert estimate != bootstrap_interval(values, n_resamples=500, seed=4)


def test_coverage_of_a_known_share():
    # 95 % intervals of a share of 0.7 from 200 draws must hold 0.7 in about 95 of 100 experiments.
    rng = np.random.default_rng(0)
    held = 0
    for experiment in range(300):
        estimate = bootstrap_interval(rng.random(200) < 0.7, n_resamples=400, seed=experiment)
        held += estimate.low <= 0.7 <= estimate.high
    assert 0.90 <= held / 300 <= 0.985


def test_width_is_that_of_the_normal_theory():
    values = np.random.default_rng(0).normal(size=1000)
    estimate = bootstrap_interval(values, n_resamples=4000)
    assert estimate.high - estimate.low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(1000), rel=0.06)


def test_other_statistics():
    values = np.arange(101.0)
    estimate = bootstrap_interval(values, np.median, n_resamples=300)
    assert estimate.value == 50
    assert estimate.low < 50 < estimate.high


def test_constant_values_have_no_width():
    assert bootstrap_interval(np.ones(7, dtype=bool)).to_dict() == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 7}


@pytest.mark.parametrize("n", [10, 450])
def test_shares_of_none_and_of_all_have_the_exact_interval(n):
    none, every = share_interval(np.zeros(n)), share_interval(np.ones(n))
    assert (none.value, none.low, every.value, every.high) == (0, 0, 1, 1)
    # With a share of `high`, none of n is seen with a probability of 2.5 %.
    assert (1 - none.high) ** n == pytest.approx(0.025)
    assert every.low == pytest.approx(1 - none.high)
    some = np.arange(n) % 3 == 0
    assert share_interval(some, seed=4) == bootstrap_interval(some, seed=4)


def test_resamples_come_in_bounded_blocks():
    blocks = list(resample_indices(2**20, 10, np.random.default_rng(0)))
    assert [len(block) for block in blocks] == [4, 4, 2]


@pytest.mark.parametrize("values", [[], [[1.0]], [1.0, np.nan]])
def test_bad_values(values):
    with pytest.raises(XAlignError):
        bootstrap_interval(np.array(values))
