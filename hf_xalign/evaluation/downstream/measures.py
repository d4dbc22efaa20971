"""Accuracy, macro-F1 and strict entity F1, each from counts that add up over sentences: resampling only adds anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hf_xalign.errors import XAlignError


# What is predicted for a word that no token stands for. It is no label, so it is never right.
LOST = ""
Labels = Sequence[Sequence[str]]


def accuracy(gold: Labels, predicted: Labels) -> float:
    """The share of right labels, over all words (or sentences, with one label each) of a test set.

    The measure of parts of speech in Universal Dependencies (Nivre et al., 2020): on bare tags an F1 of entities,
    which cuts off their first letter and joins equal neighbours, is another figure.

    Args:
        gold, predicted: a list of labels per sentence, of equal lengths; a sentence may be empty.

    Returns:
        0 to 1; 0 where there are no labels at all.

    Raises:
        XAlignError: different numbers of sentences, or of labels in one of them.
    """
    return _figure("accuracy", gold, predicted)


def macro_f1(gold: Labels, predicted: Labels) -> float:
    """The mean over labels of their F1 (van Rijsbergen, 1979), as scikit-learn's `f1_score(average="macro")`.

    Args:
        gold, predicted: a list of labels per sentence, of equal lengths. The mean is over the labels that occur in
            either.

    Returns:
        0 to 1; 0 where there are no labels at all.

    Raises:
        XAlignError: different numbers of sentences, or of labels in one of them.
    """
    return _figure("macro_f1", gold, predicted)


def entity_f1(gold: Labels, predicted: Labels) -> float:
    """F1 of entities, strictly IOB2, as the CoNLL-2003 task scores them (Tjong Kim Sang and De Meulder, 2003).

    An entity is a `B-TYPE` and the `I-TYPE` that follow it; it is right if its type and both ends are. An `I-TYPE`
    with nothing of its type before it is no entity: seqeval's `mode="strict", scheme=IOB2`.

    Args:
        gold, predicted: a list of tags per sentence, of equal lengths; a sentence may be empty.

    Returns:
        0 to 1; 0 where there are no entities in either.

    Raises:
        XAlignError: different numbers of sentences, or of tags in one of them.
    """
    return _figure("entity_f1", gold, predicted)


def counts(measure: str, gold: Labels, predicted: Labels, labels: Sequence[str]) -> np.ndarray:
    """What `measure` counts in each of N sentences, `(N, K)`, for `value`; `labels` are all that may occur.

    Raises:
        XAlignError: different numbers of sentences, or of labels in one of them.
    """
    _check_lengths(gold, predicted)
    count = {"accuracy": _count_right, "macro_f1": _count_classes, "entity_f1": _count_entities}[measure]
    width = {"accuracy": 2, "macro_f1": 3 * len(labels), "entity_f1": 3}[measure]
    rows = [count(*pair, labels) for pair in zip(gold, predicted, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def value(measure: str, summed: np.ndarray) -> np.ndarray:
    """The measure, `(...)`, of counts that were summed over sentences, `(..., K)`."""
    if measure == "accuracy":
        return _ratio(summed[..., 0], summed[..., 1])
    right, marked, true = np.split(summed, 3, axis=-1)
    f1 = _ratio(2 * right, marked + true)
    # A label that occurs nowhere has no F1; entities have the one.
    return _ratio(f1.sum(axis=-1), (marked + true > 0).sum(axis=-1))


def entities(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """`(type, start, end)` of the entities of strict IOB2 tags; the end is that of a slice."""
    found = set()
    place = 0
    while place < len(tags):
        if not tags[place].startswith("B-"):
            place += 1
            continue
        kind, start = tags[place][2:], place
        place += 1
        while place < len(tags) and tags[place] == f"I-{kind}":
            place += 1
        found.add((kind, start, place))
    return found


def _figure(measure: str, gold: Labels, predicted: Labels) -> float:
    labels = sorted({label for sentences in (gold, predicted) for sentence in sentences for label in sentence})
    return float(value(measure, counts(measure, gold, predicted, labels).sum(axis=0)))


def _check_lengths(gold: Labels, predicted: Labels) -> None:
    if len(gold) != len(predicted):
        raise XAlignError(f"{len(gold)} sentences have gold labels and {len(predicted)} predicted ones")
    for number, (true, guess) in enumerate(zip(gold, predicted, strict=True), start=1):
        if len(true) != len(guess):
            raise XAlignError(f"sentence {number} has {len(true)} gold labels and {len(guess)} predicted ones")


def _count_right(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> list[int]:
    return [sum(true == guess for true, guess in zip(gold, predicted, strict=True)), len(gold)]


def _count_classes(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> list[int]:
    right = [true for true, guess in zip(gold, predicted, strict=True) if true == guess]
    return [list(found).count(label) for found in (right, predicted, gold) for label in labels]


def _count_entities(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> list[int]:
    true, guess = entities(gold), entities(predicted)
    return [len(true & guess), len(guess), len(true)]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=np.asarray(below) > 0)
