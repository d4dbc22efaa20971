from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.evaluation.top_k import LargestSoFar, largest, largest_values


@pytest.mark.parametrize("n", [1, 5, 63, 64, 65, 640, 1500, 2049])
@pytest.mark.parametrize("k", [1, 4, 10])
@pytest.mark.parametrize("kinds", [3, 10**6])
def test_against_a_stable_sort(n, k, kinds):
    k = min(k, n)
    scores = (np.random.default_rng(n).integers(0, kinds, size=(7, n)) / 7).astype(np.float32)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    expected = np.take_along_axis(scores, order, axis=1)
    values, columns = largest(scores, k)
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(columns, order)
    np.testing.assert_array_equal(largest_values(scores, k), expected[:, ::-1])


def test_rows_of_equal_scores():
    values, columns = largest(np.zeros((3, 700), dtype=np.float32), 4)
    np.testing.assert_array_equal(values, np.zeros((3, 4)))
    np.testing.assert_array_equal(columns, [[0, 1, 2, 3]] * 3)


@pytest.mark.parametrize("kinds", [3, 10**6])
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_few_columns_at_a_time(kinds, k, transposed):
    scores = (np.random.default_rng(k).integers(0, kinds, size=(40, 500)) / 7).astype(np.float32)
    so_far = LargestSoFar(40, k)
    # Out of order, a part of the rows at a time, and the first parts narrower than k.
    for part in np.array_split(np.random.default_rng(0).permutation(500), [2, 5, 60, 200]):
        columns = np.sort(part)
        for rows in (np.arange(25), np.arange(25, 40)):
            block = scores[np.ix_(rows, columns)]
            so_far.add(rows, columns, np.asfortranarray(block) if transposed else block)
    values, columns = largest(scores, k)
    np.testing.assert_array_equal(so_far.values, values)
    np.testing.assert_array_equal(so_far.columns, columns)
