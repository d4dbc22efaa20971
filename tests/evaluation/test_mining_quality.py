from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.mining import MinedPairs
from hf_xalign.evaluation.mining_quality import mining_scores, tune_threshold


def slow_threshold(scores, is_gold, n_gold):
    """Every score as a threshold, counted anew."""
    best = (-1.0, 0.0)
    for value in sorted(set(scores), reverse=True):
        taken = [gold for score, gold in zip(scores, is_gold, strict=True) if score >= value]
        f1 = 2 * sum(taken) / (len(taken) + n_gold)
        if f1 > best[0]:
            best = (f1, value)
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_threshold_is_the_best_there_is(seed):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 25, size=60) / 5 if seed % 2 else rng.random(60)
    is_gold = rng.random(60) < scores / scores.max()
    n_gold = int(is_gold.sum()) + seed
    found = tune_threshold(scores, is_gold, n_gold)
    f1, value = slow_threshold(scores.tolist(), is_gold.tolist(), n_gold)
    assert found.f1 == pytest.approx(f1)
    np.testing.assert_array_equal(scores >= found.value, scores >= value)
    taken = scores >= found.value
    assert found.precision == pytest.approx((taken & is_gold).sum() / taken.sum())
    assert found.recall == pytest.approx((taken & is_gold).sum() / n_gold)


def test_a_threshold_after_the_last_pair():
    found = tune_threshold(np.array([0.9, 0.7, 0.5]), np.array([True, False, True]), 2)
    assert (found.value, found.recall, found.f1) == (0.5, 1.0, pytest.approx(0.8))
    assert tune_threshold(np.array([0.5]), np.array([True]), 1).value == 0.5


def test_a_threshold_lies_between_two_scores():
    assert tune_threshold(np.array([0.9, 0.5]), np.array([True, False]), 1).value == pytest.approx(0.7)
    close = np.array([0.5, np.nextafter(0.5, 0)])
    assert tune_threshold(close, np.array([True, False]), 1).value == 0.5
    # Pairs that tie are taken together or not at all.
    tied = tune_threshold(np.array([0.9, 0.9, 0.3]), np.array([True, False, False]), 1)
    assert (tied.value, tied.precision) == (pytest.approx(0.6), 0.5)


def test_no_gold_pair_mined():
    found = tune_threshold(np.array([0.9, 0.5]), np.array([False, False]), 3)
    assert (found.f1, found.value) == (0.0, pytest.approx(0.7))


@pytest.mark.parametrize(
    ("scores", "is_gold", "n_gold", "message"),
    [
        ([], [], 1, "scores and gold marks of one shape"),
        ([0.5], [True, False], 1, "of one shape"),
        ([0.5], [True], 0, "0 gold pairs are too few"),
        ([0.5, 0.4], [True, True], 1, "1 gold pairs are too few: 2 were mined"),
    ],
)
def test_thresholds_of_nothing(scores, is_gold, n_gold, message):
    with pytest.raises(XAlignError, match=message):
        tune_threshold(np.array(scores), np.array(is_gold, dtype=bool), n_gold)


def test_scores_of_mined_pairs():
    pairs = MinedPairs(np.array([3, 1, 2, 0]), np.array([3, 1, 0, 2]), np.array([0.9, 0.8, 0.8, 0.1]))
    gold = {(3, 3), (1, 1), (0, 2), (5, 5)}
    assert pairs.is_gold(gold).tolist() == [True, True, False, True]
    found = mining_scores(pairs, gold, 0.8)
    assert (found.taken, found.right, found.gold) == (3, 2, 4)
    assert found.precision.value == pytest.approx(2 / 3)
    assert found.recall.value == 0.5
    assert found.f1.value == pytest.approx(4 / 7)
    assert (found.precision.n, found.recall.n, found.f1.n) == (3, 4, 5)
    for estimate in (found.precision, found.recall, found.f1):
        assert 0 <= estimate.low < estimate.value < estimate.high <= 1


def test_the_interval_of_f1_is_that_of_a_bootstrap_over_pairs():
    rng = np.random.default_rng(5)
    n = 400
    pairs = MinedPairs(np.arange(n), np.where(rng.random(n) < 0.7, np.arange(n), n + np.arange(n)), np.ones(n))
    gold = {(i, i) for i in range(n)}
    found = mining_scores(pairs, gold, 0.5)
    right = pairs.is_gold(gold)
    items = [(1, 1, 1)] * right.sum() + [(0, 1, 0)] * (~right).sum() + [(0, 0, 1)] * (n - right.sum())
    draws = np.array(items)[rng.integers(0, len(items), size=(4000, len(items)))].sum(axis=1)
    f1 = 2 * draws[:, 0] / (draws[:, 1] + draws[:, 2])
    assert [found.f1.low, found.f1.high] == pytest.approx(np.quantile(f1, [0.025, 0.975]).tolist(), abs=0.006)


def test_nothing_taken_and_everything_right():
    pairs = MinedPairs(np.array([0, 1]), np.array([0, 1]), np.array([0.9, 0.8]))
    nothing = mining_scores(pairs, {(0, 0)}, 2.0)
    assert nothing.precision.to_dict() == {"value": 0, "low": 0, "high": 1, "n": 0}
    assert (nothing.f1.value, nothing.f1.low) == (0, 0)
    assert nothing.f1.high > 0.9
    everything = mining_scores(pairs, {(0, 0), (1, 1)}, 0.5)
    assert (everything.f1.value, everything.f1.high) == (1, 1)
    assert everything.f1.low < 0.5
    with pytest.raises(XAlignError, match="there are none"):
        mining_scores(pairs, set(), 0.5)
