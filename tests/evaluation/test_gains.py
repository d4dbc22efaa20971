"""The correlation table: what was planted is found, with its interval and n."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.gains import chance_of_order, gain_correlations


def ranks(values):
    """1 + how many are less, ties sharing the mean of their places."""
    return [sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values]


def slow_spearman(xs, ys):
    return float(np.corrcoef(ranks(xs), ranks(ys))[0, 1])


@pytest.fixture
def planted():
    rng = np.random.default_rng(0)
    quality = rng.normal(size=30)
    measures = {"retrieval": np.exp(quality), "noise": rng.normal(size=30), "isotropy": -quality}
    gains = {"ner": quality + 0.3 * rng.normal(size=30), "pos": np.round(rng.normal(size=30))}
    return measures, gains


def test_what_was_planted_is_found(planted):
    table = gain_correlations(*planted)
    assert list(table) == ["retrieval", "noise", "isotropy"] and list(table["noise"]) == ["ner", "pos"]
    for measure, row in table.items():
        for gain, cell in row.items():
            expected = slow_spearman(list(planted[0][measure]), list(planted[1][gain]))
            assert cell.value == pytest.approx(expected, abs=1e-6) and cell.n == 30
            assert -1 <= cell.low <= cell.value <= cell.high <= 1
    assert table["retrieval"]["ner"].low > 0.7 and table["isotropy"]["ner"].high < -0.7
    assert table["noise"]["pos"].low < 0 < table["noise"]["pos"].high
    assert gain_correlations(*planted) == table


def test_runs_without_a_figure_are_left_out(planted):
    measures, gains = planted
    gains = {"ner": [None, math.nan, *gains["ner"][2:]]}
    cell = gain_correlations(measures, gains)["retrieval"]["ner"]
    assert cell.n == 28
    assert cell.value == pytest.approx(slow_spearman(list(measures["retrieval"][2:]), gains["ner"][2:]), abs=1e-6)


def test_no_correlation_where_there_is_nothing_to_correlate():
    table = gain_correlations({"a": [1, 2, 3, 4], "same": [1, 1, 1, 1]}, {"x": [1, 2, 3, None], "y": [4, 3, 2, 1]})
    assert table["a"]["x"] is None and table["same"]["y"] is None
    assert table["a"]["y"].value == pytest.approx(-1) and table["a"]["y"].n == 4


@pytest.mark.parametrize(
    ("measures", "gains", "words"),
    [
        ({}, {"x": [1.0]}, "at least one"),
        ({"a": [1.0, 2.0]}, {"x": [1.0]}, "gain x has 1 runs"),
        ({"a": [1.0, math.inf]}, {"x": [1.0, 2.0]}, "infinite"),
    ],
)
def test_wrong_input_is_one_line(measures, gains, words):
    with pytest.raises(XAlignError, match=words):
        gain_correlations(measures, gains)


def test_the_chance_of_an_order_is_that_of_all_orders():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=5), np.round(rng.normal(size=5), 0)
    seen = abs(slow_spearman(list(first), list(second)))
    others = [abs(slow_spearman(list(first), list(order))) for order in permutations(second)]
    assert chance_of_order(first, second) == pytest.approx(np.mean([other >= seen - 1e-9 for other in others]))
    # Of four runs one order in twelve is perfect, up or down: no clear sign of anything.
    assert chance_of_order([1, 2, 3, 4], [5, 6, 7, 9]) == pytest.approx(2 / 24)


def test_the_chance_of_many_runs_is_drawn():
    rng = np.random.default_rng(0)
    values = rng.normal(size=30)
    assert chance_of_order(values, values + 0.1 * rng.normal(size=30)) == pytest.approx(1e-4)
    assert chance_of_order(values, rng.normal(size=30)) > 0.05


def test_there_is_no_chance_where_there_is_no_correlation():
    assert chance_of_order([1, 2, 3], [1, 2, 3]) is None
    assert chance_of_order([1, 2, 3, None, math.nan], [1, 2, 3, 4, 5]) is None
    assert chance_of_order([1, 1, 1, 1], [1, 2, 3, 4]) is None
