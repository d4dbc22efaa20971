"""CKA, ANC, centring, linear maps, language similarity and isotropy against their formulas written out in loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import (
    average_neuron_correlation,
    fit_linear_map,
    language_similarity,
    linear_cka,
    mean_centred,
    mean_cosine,
    neuron_correlations,
    partition_isotropy,
)


CLOSE = {"rel": 1e-6, "abs": 1e-6}


def pairs(n, d1, d2=None, seed=0, noise=0.7):
    """Vectors that share a part, with a mean of their own."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(n, d1)) + rng.normal(size=d1)
    second = first @ rng.normal(size=(d1, d2 or d1)) / math.sqrt(d1) + noise * rng.normal(size=(n, d2 or d1)) + 2
    return first, second


def rotation(width, seed=5):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(width, width)))[0]


def slow_cka(first, second):
    """HSIC(K, L) / √(HSIC(K, K) HSIC(L, L)) with the centring matrix H, entry by entry (Kornblith, equations 3, 4)."""
    n = len(first)
    centring = [[(i == j) - 1 / n for j in range(n)] for i in range(n)]
    kernels = [[[float(np.dot(a, b)) for b in rows] for a in rows] for rows in (first, second)]
    centred = [np.matmul(np.matmul(centring, kernel), centring) for kernel in kernels]

    def hsic(left, right):
        return sum(left[i][j] * right[j][i] for i in range(n) for j in range(n)) / (n - 1) ** 2

    return hsic(*centred) / math.sqrt(hsic(centred[0], centred[0]) * hsic(centred[1], centred[1]))


def slow_correlation(xs, ys):
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True))
    return covariance / math.sqrt(sum((x - mean_x) ** 2 for x in xs) * sum((y - mean_y) ** 2 for y in ys))


def slow_cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


@pytest.mark.parametrize("shape", [(40, 5, 5), (12, 30, 30), (10, 4, 60), (10, 60, 4), (2, 3, 3)])
def test_cka_is_the_formula_with_kernels(shape):
    first, second = pairs(*shape)
    assert linear_cka(first, second) == pytest.approx(slow_cka(first, second), **CLOSE)
    assert linear_cka(second, first) == pytest.approx(slow_cka(first, second), **CLOSE)


def test_cka_does_not_see_rotation_scale_and_shift():
    first, _ = pairs(30, 6)
    assert linear_cka(first, 1e60 * (first @ rotation(6)) + 3) == pytest.approx(1)
    assert linear_cka(first, 1e-60 * first) == pytest.approx(1)
    assert linear_cka(first, np.ones((30, 4))) == 0


@pytest.mark.parametrize(("n", "widths"), [(3000, (8, 4)), (8, (3000, 5000)), (300, (2, 20000))])
def test_cka_takes_no_more_memory_than_the_smaller_product(n, widths):
    import tracemalloc

    rng = np.random.default_rng(0)
    first, second = (rng.normal(size=(n, width)) for width in widths)
    tracemalloc.start()
    linear_cka(first, second)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    data = first.nbytes + second.nbytes
    assert peak < 6 * data + 8 * sum(min(a * b, n * n) for a, b in ((w, v) for w in widths for v in widths))
    assert peak < 8 * max(n, *widths) ** 2 / 4


def test_anc_is_the_mean_correlation_of_dimensions():
    first, second = pairs(25, 7)
    second[:, 2] *= -1
    expected = [slow_correlation(first[:, d].tolist(), second[:, d].tolist()) for d in range(7)]
    assert neuron_correlations(first, second) == pytest.approx(expected, **CLOSE)
    assert average_neuron_correlation(first, second) == pytest.approx(sum(expected) / 7, **CLOSE)
    absolute = average_neuron_correlation(first, second, absolute=True)
    assert absolute == pytest.approx(sum(map(abs, expected)) / 7, **CLOSE)


def test_anc_is_that_of_the_authors_code():
    """The mean over dimensions of the cosine of centred columns."""
    first, second = (torch.tensor(side) for side in pairs(40, 9))
    centred = [side - side.mean(dim=0, keepdim=True) for side in (first, second)]
    expected = torch.nn.functional.cosine_similarity(*centred, dim=0).mean().item()
    assert average_neuron_correlation(first.numpy(), second.numpy()) == pytest.approx(expected, abs=1e-6)


def test_anc_sees_rotation_and_not_scale():
    first, _ = pairs(500, 30)
    assert average_neuron_correlation(first, 3 * first + 1) == pytest.approx(1)
    assert average_neuron_correlation(first, first @ rotation(30)) < 0.4
    assert average_neuron_correlation(first, -first) == pytest.approx(-1)


def test_a_constant_dimension_counts_as_nothing():
    first, second = pairs(25, 4)
    first[:, 1] = 0.1
    assert neuron_correlations(first, second)[1] == 0
    assert average_neuron_correlation(first, first) == pytest.approx(3 / 4)


def test_centring_takes_out_the_mean():
    vectors, other = pairs(9, 4)
    means = [sum(vectors[n][d] for n in range(9)) / 9 for d in range(4)]
    assert mean_centred(vectors) == pytest.approx(np.array([[v[d] - means[d] for d in range(4)] for v in vectors]))
    assert mean_centred(other, vectors) == pytest.approx(
        np.array([[v[d] - means[d] for d in range(4)] for v in other])
    )


def test_the_rotation_is_found_again():
    source, _ = pairs(40, 6)
    fitted = fit_linear_map(source, source @ rotation(6) + 7)
    assert fitted.matrix == pytest.approx(rotation(6), **CLOSE)
    assert fitted(source[:3]) == pytest.approx(source[:3] @ rotation(6) + 7, **CLOSE)


def test_the_rotation_is_that_of_the_singular_vectors_and_no_other_is_nearer():
    source, target = pairs(40, 6)
    first, second = source - source.mean(0), target - target.mean(0)
    left, _, right = np.linalg.svd(first.T @ second)
    fitted = fit_linear_map(source, target).matrix
    assert fitted == pytest.approx(left @ right, **CLOSE)
    best = np.linalg.norm(first @ fitted - second)
    assert all(best <= np.linalg.norm(first @ rotation(6, seed) - second) for seed in range(50))


@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_least_squares_solves_the_normal_equations(ridge):
    source, target = pairs(40, 6, 4)
    first, second = source - source.mean(0), target - target.mean(0)
    penalty = ridge * sum(float(x) ** 2 for x in first.ravel()) / 6
    expected = np.linalg.inv(first.T @ first + penalty * np.eye(6)) @ first.T @ second
    fitted = fit_linear_map(source, target, "least_squares", ridge=ridge)
    assert fitted.matrix == pytest.approx(expected, **CLOSE)
    assert fitted(source) == pytest.approx((source - source.mean(0)) @ expected + target.mean(0), **CLOSE)


def test_with_few_pairs_least_squares_takes_the_smallest_matrix():
    source, target = pairs(5, 20)
    first, second = source - source.mean(0), target - target.mean(0)
    fitted = fit_linear_map(source, target, "least_squares").matrix
    assert first @ fitted == pytest.approx(second, **CLOSE)
    assert fitted == pytest.approx(np.linalg.pinv(first, rcond=1e-10) @ second, **CLOSE)


def test_language_similarity_is_the_mean_cosine():
    rng = np.random.default_rng(0)
    vectors = {name: rng.normal(size=(11, 5)) + 1 for name in ("aaa", "bbb", "ccc")}
    found = language_similarity(vectors, n_resamples=200)
    assert found.languages == ("aaa", "bbb", "ccc") and found.n == 11
    for a, first in vectors.items():
        for b, second in vectors.items():
            expected = sum(slow_cosine(first[n].tolist(), second[n].tolist()) for n in range(11)) / 11
            assert found[a, b] == pytest.approx(expected, **CLOSE)
    inside = ~np.eye(3, dtype=bool)
    assert (found.low < found.value)[inside].all() and (found.value < found.high)[inside].all()
    assert np.array_equal(found.value, found.value.T) and np.array_equal(found.low, found.low.T)


def test_mean_cosine_is_that_of_all_pairs():
    vectors, _ = pairs(13, 4)
    every = [slow_cosine(vectors[i].tolist(), vectors[j].tolist()) for i in range(13) for j in range(13) if i != j]
    found = mean_cosine(vectors)
    assert found.value == pytest.approx(sum(every) / len(every), **CLOSE)
    assert found.low < found.value < found.high and found.n == 13


def test_the_interval_of_the_mean_cosine_covers_the_truth():
    """Directions about an axis: the mean cosine of all is the squared length of their mean."""
    rng = np.random.default_rng(0)
    axis = np.array([0.5, 0.0, 0.0])
    everything = rng.normal(size=(200_000, 3)) + axis
    everything /= np.linalg.norm(everything, axis=1, keepdims=True)
    truth = float(np.square(everything.mean(0)).sum())
    found = [mean_cosine(rng.choice(everything, 60), n_resamples=300, seed=seed) for seed in range(100)]
    covered = sum(estimate.low <= truth <= estimate.high for estimate in found)
    assert covered >= 85


def test_partition_isotropy_is_the_formula():
    vectors, _ = pairs(15, 4)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    _, _, directions = np.linalg.svd(unit)
    sums = [
        sum(math.exp(sign * sum(c * x for c, x in zip(direction, row, strict=True))) for row in unit)
        for direction in directions
        for sign in (1, -1)
    ]
    assert partition_isotropy(vectors) == pytest.approx(min(sums) / max(sums), **CLOSE)


def test_isotropy_tells_a_cone_from_a_ball():
    ball = np.random.default_rng(0).normal(size=(4000, 5))
    cone = ball + np.array([8, 0, 0, 0, 0])
    assert abs(mean_cosine(ball).value) < 0.01 and mean_cosine(cone).value > 0.9
    assert partition_isotropy(ball) > 0.9 > 0.3 > partition_isotropy(cone)
    assert partition_isotropy(1e100 * ball) == pytest.approx(partition_isotropy(ball))


NAN = np.full((4, 3), np.nan)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear_cka(np.ones((3, 2)), np.ones((4, 2))), "3 and 4 sentences"),
        (lambda: linear_cka(np.ones(3), np.ones(3)), "needs shape"),
        (lambda: linear_cka(NAN, NAN), "not finite"),
        (lambda: average_neuron_correlation(np.ones((3, 2)), np.ones((3, 4))), "one by one"),
        (lambda: average_neuron_correlation(np.ones((1, 2)), np.ones((1, 2))), "at least 2"),
        (lambda: mean_centred(np.ones((3, 2)), np.ones((3, 4))), "2 dimensions, the reference 4"),
        (lambda: fit_linear_map(np.ones((3, 2)), np.ones((3, 2)), "affine"), "unknown linear map"),
        (lambda: fit_linear_map(np.ones((3, 2)), np.ones((3, 4))), "rotation cannot map"),
        (lambda: fit_linear_map(np.ones((3, 2)), np.ones((3, 2)), ridge=1), "does not go with orthogonal"),
        (lambda: fit_linear_map(np.eye(3), np.eye(3), "least_squares", ridge=math.nan), "ridge nan"),
        (lambda: fit_linear_map(np.eye(3), np.eye(3))(np.ones((2, 4))), "takes vectors of 3"),
        (lambda: language_similarity({"aaa": np.ones((3, 2))}), "at least 2"),
        (lambda: language_similarity({"aaa": np.ones((3, 2)), "bbb": np.ones((4, 2))}), "aaa has shape"),
        (lambda: mean_cosine(np.ones((1, 2))), "at least 2"),
        (lambda: partition_isotropy(NAN), "not finite"),
    ],
)
def test_wrong_input_is_one_line(call, words):
    with pytest.raises(XAlignError, match=words) as error:
        call()
    assert "\n" not in str(error.value)
