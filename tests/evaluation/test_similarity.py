from __future__ import annotations

import itertools

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import auroc, auroc_interval, derangement, matched_and_random, sentence_similarities
from hf_xalign.evaluation.bootstrap import resample_indices
from hf_xalign.evaluation.similarity import Similarity


def cosines(a: np.ndarray, b: np.ndarray) -> list[float]:
    return [float(x @ y / np.sqrt((x @ x) * (y @ y))) for x, y in zip(a.astype(float), b.astype(float), strict=True)]


@pytest.mark.parametrize("n", [2, 3, 4, 50, 1001])
def test_a_derangement_moves_every_row(n):
    for seed in range(20):
        permutation = derangement(n, seed)
        assert sorted(permutation.tolist()) == list(range(n))
        assert (permutation != np.arange(n)).all()
        np.testing.assert_array_equal(permutation, derangement(n, seed))


def test_seeds_differ_and_every_derangement_occurs():
    found = {tuple(derangement(4, seed).tolist()) for seed in range(300)}
    expected = {p for p in itertools.permutations(range(4)) if all(p[i] != i for i in range(4))}
    assert found == expected


def test_a_derangement_keeps_out_of_the_group():
    for seed in range(20):
        groups = np.array([0, 0, 0, 1, 1, 2, 3, 3])
        permutation = derangement(8, seed, groups)
        assert sorted(permutation.tolist()) == list(range(8))
        assert (groups[permutation] != groups).all()
    # The hardest case there is: half of the rows are one group.
    permutation = derangement(6, 0, np.array([0, 0, 0, 1, 2, 3]))
    assert set(permutation[:3]) == {3, 4, 5}


@pytest.mark.parametrize(("n", "groups"), [(1, None), (0, None), (3, [0, 0, 1])])
def test_impossible_derangements(n, groups):
    with pytest.raises(XAlignError, match="random pairs need"):
        derangement(n, 0, groups and np.array(groups))


def test_auroc_counts_pairs_with_ties_half():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 9, size=40) / 3, rng.integers(0, 9, size=31) / 3 - 0.5
    for low in (negative, negative + 0.5):
        pairs = [(p > q) + (p == q) / 2 for p in positive for q in low]
        assert auroc(positive, low) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auroc(np.array([1.0]), np.array([1.0])) == 0.5


def test_auroc_interval_resamples_rows_jointly():
    rng = np.random.default_rng(1)
    matched = rng.integers(0, 12, size=60) / 4
    similarity = Similarity(matched, matched - rng.integers(-1, 3, size=60) / 4)
    estimate = auroc_interval(similarity, n_resamples=200, seed=5)
    draws = [
        auroc(similarity.matched[rows], similarity.random[rows])
        for block in resample_indices(60, 200, np.random.default_rng(5))
        for rows in block
    ]
    assert estimate.value == auroc(similarity.matched, similarity.random)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=1e-12)
    assert estimate.n == 60


def test_the_four_similarities_pair_what_their_names_say():
    rng = np.random.default_rng(2)
    s, rs, t, rt = (rng.normal(size=(30, 5)).astype(np.float32) for _ in range(4))
    found = sentence_similarities(s, rs, t, rt, seed=4)
    random = derangement(30, 4)
    expected = {
        "transliteration": (s, rs),
        "translation": (s, t),
        "transliteration_translation": (rs, t),
        "transliteration_transliteration": (rs, rt),
        "transliteration_reversed": (t, rt),
        "transliteration_translation_reversed": (rt, s),
    }
    assert set(found) == set(expected)
    for name, (first, second) in expected.items():
        np.testing.assert_allclose(found[name].matched, cosines(first, second), atol=1e-6)
        np.testing.assert_allclose(found[name].random, cosines(first, second[random]), atol=1e-6)
        assert found[name].gap == pytest.approx(
            np.mean(cosines(first, second)) - np.mean(cosines(first, second[random])), abs=1e-6
        )


def test_histogram_holds_every_pair_once():
    similarity = Similarity(np.linspace(-0.2, 0.9, 77), np.linspace(-0.5, 0.4, 77))
    histogram = similarity.histogram()
    assert len(histogram["edges"]) == 41
    assert histogram["edges"][0] == -0.5
    assert histogram["edges"][-1] == 0.9
    assert sum(histogram["matched"]) == sum(histogram["random"]) == 77
    edges = histogram["edges"]
    assert histogram["random"][3] == sum(edges[3] <= value < edges[4] for value in similarity.random)


def test_histogram_of_a_collapsed_model():
    values = np.full(9, 0.9999999, dtype=np.float32)
    histogram = Similarity(values, np.nextafter(values, np.float32(0))).histogram()
    assert sum(histogram["matched"]) == sum(histogram["random"]) == 9
    assert (np.diff(histogram["edges"]) > 0).all()


def test_shapes_must_agree():
    with pytest.raises(XAlignError, match="cannot be paired"):
        matched_and_random(np.ones((3, 2)), np.ones((3, 4)), np.array([1, 2, 0]))
