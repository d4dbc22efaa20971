"""The figures themselves: every script, every kind of word, and a machine that lacks the fonts."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from datasets import Dataset

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.word_similarities import word_similarities
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import Similarity
from hf_xalign.tracking import alignment_figure, choose_pairs, fonts, similarity_figure, words_font
from hf_xalign.tracking.figures import word_labels


@pytest.fixture(autouse=True)
def no_warnings():
    """matplotlib warns its caller of letters that a font lacks, and draws boxes."""
    with warnings.catch_warnings():
        # Not of what tests before left open, which is found whenever memory is cleared.
        warnings.filterwarnings("error", module="hf_xalign")
        yield


def _draw(source, target, **kwargs):
    image = alignment_figure(source, target, np.random.default_rng(0).random((len(source), len(target))), **kwargs)
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    return image


@pytest.mark.parametrize("shift", [0.0, 0.4], ids=["collapsed", "apart"])
def test_histograms(shift):
    rng = np.random.default_rng(0)
    matched = rng.normal(0.5 + shift, 0.01 if shift else 0, 50)
    image = similarity_figure(Similarity(matched, np.full(50, 0.5)), title="Step 1")
    assert image.shape == (360, 640, 3) and image.min() < 100


def test_words_of_any_kind_are_drawn():
    odd = ["$x^2$", "$", "a_b", "\\frac{", "</text>", "x\u200cy", "\ufeff", "W" * 300, "e\u0301", "😀", "\U0010fffd"]
    scripts = ["दुनिया", "دنیا", "世界", "мир", "word"]
    _draw(odd, scripts, links=[(0, 0, 0.5), (10, 4)], gold=[(2, 2)], title="$5 & more")
    _draw(["a"], ["b"])
    with pytest.raises(XAlignError, match=r"shape \(1, 2\) do not go with 1 and 1 words"):
        alignment_figure(["a"], ["b"], np.zeros((1, 2)))


def test_a_figure_has_room_for_its_words():
    small, wide = _draw(["a"] * 3, ["b"] * 3), _draw(["a"] * 30, ["b"] * 40)
    assert wide.shape[0] > 2 * small.shape[0] and wide.shape[1] > 2 * small.shape[1]


def test_words_without_a_font_are_numbered(monkeypatch):
    """A fresh machine has DejaVu Sans, which comes with matplotlib, and no Devanagari."""
    monkeypatch.setattr(fonts, "families", lambda: (fonts.DEFAULT,))
    numbered = [(text, fonts.DEFAULT) for text in ("0", "1", "HF")]
    assert word_labels(["यह", "घर", "HF"]) == (numbered, True)
    # DejaVu Sans has gaf and do-chashmi he, but no he goal.
    assert word_labels(["یہ", "گھر"]) == ([("0", fonts.DEFAULT), ("گھر", fonts.DEFAULT)], True)
    assert word_labels(["дім", "W" * 19]) == ([("дім", fonts.DEFAULT), ("W" * 17 + "…", fonts.DEFAULT)], False)
    _draw(["यह", "घर", "HF"], ["یہ", "گھر"])


def test_each_word_is_drawn_by_one_font_that_has_it_all(monkeypatch):
    letters = {fonts.DEFAULT: "abcنی", "Most": "نیہت", "Serif": "نیہت", "Sans": "नa"}
    monkeypatch.setattr(fonts, "families", lambda: tuple(letters))
    monkeypatch.setattr(fonts, "_covered", lambda name, wanted: wanted & frozenset(letters[name]))
    fonts._words_font.cache_clear()
    assert words_font(["abc", "cab"]) == [fonts.DEFAULT] * 2
    # The font that has most of the words has them all where it can, so that a sentence looks like one.
    assert words_font(["نی", "یہ", "ت", "a", "न", "aت"]) == ["Most", "Most", "Most", fonts.DEFAULT, "Sans", None]
    fonts._words_font.cache_clear()


def test_word_similarities_are_what_simalign_links(tokenizer):
    from hf_xalign import XAlignModel
    from tests.tiny import tiny_config

    model = XAlignModel.from_encoder(tiny_config(), {"mlm": {}})
    pairs = [(["w1", "w2", "w3"], ["w4", "w2"]), (["w7"], ["w8", "w9", "w7", "w1"])]
    found = word_similarities(model, tokenizer, pairs, layer=1)
    assert [cosines.shape for cosines in found] == [(3, 2), (1, 4)]
    aligner = load_aligner("simalign", model=model, tokenizer=tokenizer, layer=1, method="fwd")
    for cosines, links in zip(found, aligner.align(pairs), strict=True):
        # One token a word: the nearest target word is the greatest cosine of the row.
        assert [(i, j) for i, j, _ in links] == list(enumerate(cosines.argmax(axis=1).tolist()))
    assert word_similarities(model, tokenizer, [], layer=1) == []


def _selection(sizes):
    return Dataset.from_list(
        [
            {"source": " ".join("a" * m), "target": " ".join("b" * n), "source_lang": "eng_Latn", "target_lang": "deu"}
            for m, n in sizes
        ]
    )


def test_pairs_are_spread_over_the_selection_data():
    data = _selection([(5, 5), (2, 9), (6, 7), (30, 4), (8, 8), (3, 24)])
    assert [pair.row for pair in choose_pairs(data, 2)] == [0, 4]
    assert [pair.row for pair in choose_pairs(data, 9)] == [0, 2, 4, 5]
    assert choose_pairs(data, 0) == []
    assert choose_pairs(data, 1)[0].source == ["a"] * 5
    # Only where nothing is readable, the shortest are taken.
    assert [pair.row for pair in choose_pairs(_selection([(40, 41), (26, 9), (30, 30)]), 2)] == [1, 2]


def test_words_and_links_of_the_data_are_kept():
    row = {"source": "a  b", "target": "c d", "source_lang": "eng_Latn", "target_lang": "deu_Latn"}
    words = {"source_words": ["a", "b", "x"], "target_words": ["c", "d", "e"], "alignment": [[0, 0], [2, 1]]}
    blank = {"source_words": ["a", "\u3000", "x"], "target_words": ["c", "d", "e"], "alignment": []}
    (pair,) = choose_pairs(Dataset.from_list([row | words, row | blank]), 3)
    assert (pair.row, pair.languages) == (0, "eng_Latn-deu_Latn")
    assert (pair.source, pair.target, pair.links) == (["a", "b", "x"], ["c", "d", "e"], [(0, 0), (2, 1)])
