from __future__ import annotations

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import RetrievalEvaluator, derangement, retrieval_accuracy, sentence_embeddings


def test_figures_are_those_of_the_plain_functions(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    target = [" ".join(reversed(sentence.split())) for sentence in sentences]
    model.train()
    found = RetrievalEvaluator(tokenizer, sentences, target, layer=2, batch_tokens=64)(model)
    assert model.training
    model.eval()
    source_vectors = sentence_embeddings(model, tokenizer, sentences, layers=[2])[2]
    target_vectors = sentence_embeddings(model, tokenizer, target, layers=[2])[2]
    result = retrieval_accuracy(source_vectors, target_vectors)
    unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (source_vectors, target_vectors)]
    random = derangement(len(sentences))
    assert found == pytest.approx(
        {
            "retrieval_top1": (result.forward.accuracy(1) + result.backward.accuracy(1)) / 2,
            "retrieval_top1_forward": result.forward.accuracy(1),
            "retrieval_top1_backward": result.backward.accuracy(1),
            "retrieval_top5": result.mean_accuracy(5),
            "similarity_matched": (unit[0] * unit[1]).sum(axis=1).mean(),
            "similarity_random": (unit[0] * unit[1][random]).sum(axis=1).mean(),
            "similarity_gap": ((unit[0] * unit[1]) - (unit[0] * unit[1][random])).sum(axis=1).mean(),
        },
        abs=1e-5,
    )


def test_repeated_sentences_are_not_wrong_and_the_prefix_is_used(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    texts = ["w1 w2", "w3 w4 w5", "w1 w2", "w9"]
    found = RetrievalEvaluator(tokenizer, texts, texts, layer=1, prefix="verses")(model)
    assert found["verses_top1"] == 1
    assert found["similarity_matched"] == pytest.approx(1, abs=1e-5)


def test_a_second_call_sees_the_changed_weights(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    evaluator = RetrievalEvaluator(tokenizer, sentences, sentences[::-1], layer=3)
    before = evaluator(model)
    weight = model.get_input_embeddings().weight
    kept = weight.data.clone()
    weight.data = kept.flip(0)
    try:
        assert evaluator(model) != before
    finally:
        weight.data = kept
    assert evaluator(model) == before


def test_sides_of_different_length(encoder_and_tokenizer):
    with pytest.raises(XAlignError, match="2 source and 1 target"):
        RetrievalEvaluator(encoder_and_tokenizer[1], ["a", "b"], ["c"], layer=1)
