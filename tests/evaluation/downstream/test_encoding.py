"""Labels on first sub-words; words that no token stands for are errors, not gaps."""

from __future__ import annotations

import numpy as np

from hf_xalign.evaluation import entity_f1, task_settings
from hf_xalign.evaluation.downstream.encoding import IGNORED, encode_examples
from hf_xalign.evaluation.downstream.examples import Example
from tests.tiny import word_tokenizer


def classes_of(encoded) -> np.ndarray:
    """What a model without faults predicts for each token, padded as the Trainer pads."""
    width = max(len(feature["input_ids"]) for feature in encoded.features)
    rows = [feature["labels"] + [IGNORED] * (width - len(feature["labels"])) for feature in encoded.features]
    return np.array(rows)


def test_the_first_sub_word_is_labelled():
    settings = task_settings("pos")
    # The tokenizer of tests splits at spaces, within words too, and gives nothing for a word that is one.
    example = Example(0, ("w1 w2", "w3", " ", "w4"), ("NOUN", "VERB", "ADP", "X"))
    encoded = encode_examples([example], word_tokenizer(), settings, 20)
    classes = [settings.labels.index(tag) for tag in ("NOUN", "VERB", "X")]
    expected = [IGNORED, classes[0], IGNORED, classes[1], classes[2], IGNORED]
    assert encoded.features[0]["labels"] == expected
    assert (encoded.lost, encoded.cut) == (1, 0)
    assert encoded.labels_of(classes_of(encoded)) == [["NOUN", "VERB", "", "X"]]


def test_words_that_truncation_loses():
    settings = task_settings("ner")
    gold = ("B-PER", "I-PER", "O", "B-LOC", "I-LOC", "B-ORG")
    examples = [Example(0, tuple(f"w{n}" for n in range(6)), gold), Example(1, ("w1",), ("B-LOC",))]
    encoded = encode_examples(examples, word_tokenizer(), settings, 6)
    assert (encoded.lost, encoded.cut) == (2, 1)
    predicted = encoded.labels_of(classes_of(encoded))
    assert predicted == [["B-PER", "I-PER", "O", "B-LOC", "O", "O"], ["B-LOC"]]
    # Of four entities one is cut short and one is gone.
    assert entity_f1(encoded.gold, predicted) == 2 * 2 / (4 + 3)


def test_pairs_of_texts():
    settings = task_settings("nli")
    encoded = encode_examples([Example(0, ("w1 w2 w3", "w4"), ("neutral",))], word_tokenizer(), settings, 6)
    assert encoded.features[0]["labels"] == 1
    assert len(encoded.features[0]["input_ids"]) == 6
    assert (encoded.cut, encoded.lost) == (1, 0)
    assert encoded.labels_of(np.array([2])) == [["contradiction"]]
