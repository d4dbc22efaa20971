from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import lexical_overlap
from hf_xalign.evaluation.overlap import token_ids


def test_types_by_hand():
    first = [["a", "b", "a"], ["c"], ["a", "d"]]
    second = [["b", "e"], ["c", "c", "f"]]
    overlap = lexical_overlap(first, second)
    assert (overlap.shared, overlap.total) == (2, 6)  # b, c of a, b, c, d, e, f
    assert overlap.ratio.value == pytest.approx(1 / 3)
    assert overlap.ratio.n == 2
    assert 0 <= overlap.ratio.low <= overlap.ratio.value <= overlap.ratio.high <= 1


def test_all_and_nothing_shared():
    sentences = [["a"], ["b"]]
    assert lexical_overlap(sentences, sentences[::-1]).ratio.value == 1
    nothing = lexical_overlap(sentences, [["x"], ["y"]])
    assert nothing.ratio.to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0, "n": 2}


def test_the_interval_is_around_the_ratio_and_covers_fresh_samples():
    # Zipf-like types: resamples lose rare types, which pulls the raw percentiles away from the ratio.
    def corpus(rng, first_type):
        return [(first_type + rng.zipf(1.3, size=12) % 400).tolist() for _ in range(300)]

    rng = np.random.default_rng(0)
    overlap = lexical_overlap(corpus(rng, 0), corpus(rng, 100), n_resamples=300)
    assert overlap.ratio.low < overlap.ratio.value < overlap.ratio.high
    fresh = [lexical_overlap(corpus(rng, 0), corpus(rng, 100), n_resamples=1).ratio.value for _ in range(60)]
    assert np.mean([overlap.ratio.low <= value <= overlap.ratio.high for value in fresh]) > 0.6
    assert overlap.ratio.high - overlap.ratio.low < 8 * np.std(fresh)


def test_no_types_at_all():
    assert lexical_overlap([[], []], [[], []]).ratio.value == 0


def test_no_sentences():
    with pytest.raises(XAlignError, match="both sides"):
        lexical_overlap([], [["a"]])


def test_special_and_unknown_tokens_are_no_types(encoder_and_tokenizer):
    _, tokenizer = encoder_and_tokenizer
    ids = token_ids(tokenizer, ["w0 नमस्ते w1", "سلام"])
    assert [tokenizer.convert_ids_to_tokens(row) for row in ids] == [["w0", "w1"], []]
