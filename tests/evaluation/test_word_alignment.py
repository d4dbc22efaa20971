"""Alignment scores against fractions worked out by hand, and against the definition with sets."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hf_xalign.evaluation as evaluation
from hf_xalign.aligners.gold import GoldAlignment
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.word_alignment import alignment_scores, link_counts, resampled_sums


# |A| = 4 + 1 + 0, |S| = 2 + 2 + 1, in S 2 + 0 + 0, in P 3 + 1 + 0.
PREDICTED = [[(0, 0), (1, 1), (2, 1), (3, 3)], [(1, 0, 0.5)], []]
GOLD = [
    GoldAlignment([(0, 0), (1, 1)], [(2, 1), (2, 2)]),
    GoldAlignment([(0, 0), (1, 1)], [(1, 0)]),
    GoldAlignment([(0, 0)]),
]


def test_worked_example():
    assert link_counts(PREDICTED, GOLD).tolist() == [[4, 2, 2, 3], [1, 2, 0, 1], [0, 1, 0, 0]]
    scores = alignment_scores(PREDICTED, GOLD)
    precision, recall = Fraction(4, 5), Fraction(2, 5)
    assert scores["precision"].value == float(precision)
    assert scores["recall"].value == float(recall)
    assert scores["f1"].value == pytest.approx(float(2 * precision * recall / (precision + recall)), abs=1e-15)
    # 1 - (2 + 4) / (5 + 5)
    assert scores["aer"].value == pytest.approx(0.4, abs=1e-15)
    for estimate in scores.values():
        assert estimate.n == 3 and estimate.low <= estimate.value <= estimate.high


def test_each_score_on_its_own():
    scores = alignment_scores(PREDICTED, GOLD, seed=3)
    for name in ("precision", "recall", "f1"):
        assert getattr(evaluation, f"alignment_{name}")(PREDICTED, GOLD, seed=3) == scores[name]
    assert evaluation.alignment_error_rate(PREDICTED, GOLD, seed=3) == scores["aer"]


def test_a_perfect_aligner_of_few_sentences_is_not_certain():
    scores = alignment_scores([sorted(truth.sure) for truth in GOLD], GOLD)
    assert scores["aer"].value == 0 and scores["precision"].value == scores["recall"].value == 1
    # Clopper and Pearson for 3 of 3: 0.025 ** (1 / 3).
    assert scores["precision"].low == pytest.approx(0.2924, abs=1e-4)
    assert scores["aer"].high == pytest.approx(1 - 0.2924, abs=1e-4)


def test_no_links():
    scores = alignment_scores([[], [], []], GOLD)
    assert [scores[name].value for name in ("precision", "recall", "f1", "aer")] == [0, 0, 0, 1]
    # Some resamples of a corpus like this hold no sure link: they have no recall, and are left out.
    scores = alignment_scores([[(0, 0)], []], [GoldAlignment([(0, 0)]), GoldAlignment([])])
    assert scores["recall"].value == 1 and np.isfinite([scores["recall"].low, scores["aer"].high]).all()


def test_a_link_that_is_there_twice_counts_once():
    assert link_counts([[(0, 0, 0.5), (0, 0, 0.9)]], GOLD[:1]).tolist() == [[1, 2, 1, 1]]


links = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)))


@given(
    st.lists(st.tuples(links, links, links), min_size=1, max_size=6).filter(lambda rows: any(row[1] for row in rows))
)
def test_against_the_definition(rows):
    predicted, gold = [row[0] for row in rows], [GoldAlignment(row[1], row[2]) for row in rows]
    a, s = sum(len(row[0]) for row in rows), sum(len(row[1]) for row in rows)
    in_s = sum(len(row[0] & row[1]) for row in rows)
    in_p = sum(len(row[0] & (row[1] | row[2])) for row in rows)
    scores = {name: estimate.value for name, estimate in alignment_scores(predicted, gold, n_resamples=20).items()}
    assert scores["precision"] == pytest.approx(in_p / a if a else 0)
    assert scores["recall"] == pytest.approx(in_s / s)
    assert scores["aer"] == pytest.approx(1 - (in_s + in_p) / (a + s))


def test_intervals_are_a_bootstrap_over_sentences():
    generator = np.random.default_rng(0)
    values = generator.integers(0, 5, size=(50, 3))
    sums = resampled_sums(values, 200, seed=7)
    drawn = np.random.default_rng(7).integers(0, 50, size=(200, 50))
    assert np.array_equal(sums, values[drawn].sum(axis=1))


def test_refusals():
    with pytest.raises(XAlignError, match="2 predicted alignments, but 3 gold ones"):
        alignment_scores(PREDICTED[:2], GOLD)
    with pytest.raises(XAlignError, match="no sure link"):
        alignment_scores([[(0, 0)]], [GoldAlignment([], [(0, 0)])])
