"""Accuracy, macro-F1 and entity F1 equal those of scikit-learn and seqeval on recorded predictions."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import accuracy, entity_f1, macro_f1
from hf_xalign.evaluation.downstream.measures import LOST, counts, entities, value


# What seqeval 1.2.2 says: f1_score(gold, predicted, mode="strict", scheme=IOB2).
SEQEVAL = {
    "inside without begin": ([["B-PER", "I-PER", "O", "B-LOC"]], [["I-PER", "I-PER", "O", "B-LOC"]], 2 / 3),
    "so in the gold tags": ([["I-PER", "I-PER", "O", "B-LOC"]], [["I-PER", "I-PER", "O", "B-LOC"]], 1.0),
    "inside of another type": ([["B-PER", "I-PER", "I-PER"]], [["B-PER", "I-ORG", "I-PER"]], 0.0),
    "the type changes": ([["B-PER", "I-ORG", "B-LOC", "I-LOC"]], [["B-PER", "O", "B-LOC", "I-LOC"]], 1.0),
    "two in a row": ([["B-PER", "B-PER", "I-PER"]], [["B-PER", "I-PER", "I-PER"]], 0.0),
    "wrong type": ([["B-PER", "I-PER", "O"]], [["B-ORG", "I-ORG", "O"]], 0.0),
    "all outside": ([["O", "O"], ["O"]], [["O", "O"], ["O"]], 0.0),
    "nothing found": ([["B-PER", "O"]], [["O", "O"]], 0.0),
    "nothing there": ([["O", "O"]], [["B-PER", "O"]], 0.0),
    "empty sentences": ([[], ["B-PER", "I-PER"], []], [[], ["B-PER", "I-PER"], []], 1.0),
    "at the ends of sentences": ([["O", "B-LOC"], ["I-LOC", "O"]], [["O", "B-LOC"], ["I-LOC", "O"]], 1.0),
    "begin within a run": (
        [["B-LOC", "I-LOC", "I-LOC", "O", "B-ORG"]],
        [["B-LOC", "I-LOC", "B-LOC", "O", "B-ORG"]],
        0.4,
    ),
}
# Of `random_tags(seed)`: seqeval 1.2.2 as above; scikit-learn 1.9.1's accuracy_score and f1_score(average="macro") of
# all tags in one list.
RANDOM = [
    (0, 0.8095238095238095, 0.8590163934426229, 0.8479812026604588),
    (1, 0.7789473684210526, 0.8416149068322981, 0.8379769113722751),
    (2, 0.7692307692307693, 0.8118081180811808, 0.8041124325364044),
    (3, 0.8252427184466018, 0.8424242424242424, 0.8400835818933349),
]
# scikit-learn 1.9.1 as above, of the labels drawn below.
LABELS = [
    ("a", 0.425, 0.2982456140350877),
    ("ab", 0.325, 0.24952224952224955),
    ("abcdefg", 0.175, 0.15705266955266955),
]


def random_tags(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """80 sentences of 0 to 8 tags, many of them no proper IOB2, and predictions with an error in five."""
    tags = ["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-ORG"]
    draw = random.Random(seed)
    gold = [[draw.choice(tags) for _ in range(draw.randrange(9))] for _ in range(80)]
    return gold, [[tag if draw.random() < 0.8 else draw.choice(tags) for tag in sentence] for sentence in gold]


@pytest.mark.parametrize("case", SEQEVAL)
def test_entities_as_seqeval_scores_them(case):
    gold, predicted, expected = SEQEVAL[case]
    assert entity_f1(gold, predicted) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("seed", "of_entities", "right", "macro"), RANDOM)
def test_recorded_predictions(seed, of_entities, right, macro):
    gold, predicted = random_tags(seed)
    assert entity_f1(gold, predicted) == pytest.approx(of_entities, abs=1e-12)
    assert accuracy(gold, predicted) == pytest.approx(right, abs=1e-12)
    assert macro_f1(gold, predicted) == pytest.approx(macro, abs=1e-12)


@pytest.mark.parametrize(("labels", "right", "macro"), LABELS)
def test_labels_that_only_one_side_has(labels, right, macro):
    draw = random.Random(5)
    gold = [[draw.choice(labels)] for _ in range(40)]
    predicted = [[draw.choice(labels + "z")] for _ in range(40)]
    assert accuracy(gold, predicted) == pytest.approx(right, abs=1e-12)
    assert macro_f1(gold, predicted) == pytest.approx(macro, abs=1e-12)


def test_spans():
    tags = ["I-PER", "B-PER", "I-PER", "I-LOC", "B-LOC", "B-LOC", "I-LOC"]
    assert entities(tags) == {("PER", 1, 3), ("LOC", 4, 5), ("LOC", 5, 7)}


def test_a_lost_word_is_an_error():
    assert accuracy([["NOUN", "VERB"]], [["NOUN", LOST]]) == 0.5


def test_of_nothing():
    assert accuracy([[]], [[]]) == macro_f1([], []) == entity_f1([[]], [[]]) == 0.0


def test_sums_of_counts_are_counts_of_all():
    gold, predicted = random_tags(1)
    labels = sorted({tag for sentence in gold for tag in sentence})
    for measure, function in (("accuracy", accuracy), ("macro_f1", macro_f1), ("entity_f1", entity_f1)):
        rows = counts(measure, gold, predicted, labels)
        chosen = [3, 3, 7, 50]
        expected = function([gold[i] for i in chosen], [predicted[i] for i in chosen])
        assert value(measure, rows[chosen].sum(axis=0)) == pytest.approx(expected, abs=1e-12)
        stacked = np.stack([rows[:20].sum(axis=0), rows[20:].sum(axis=0)])
        assert value(measure, stacked).shape == (2,)


def test_lengths_that_differ():
    with pytest.raises(XAlignError, match="1 sentences have gold labels and 2 predicted"):
        accuracy([["a"]], [["a"], ["b"]])
    with pytest.raises(XAlignError, match="sentence 2 has 2 gold labels and 1 predicted"):
        entity_f1([["O"], ["O", "O"]], [["O"], ["O"]])
