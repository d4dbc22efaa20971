from __future__ import annotations

import copy
import logging

import numpy as np
import pytest
import torch
from transformers import AutoModel, GPT2Config

from hf_xalign.backbones import encoder_layers
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import sentence_embeddings
from hf_xalign.evaluation.embeddings import length_limit, length_sorted_batches, pool, tokenize_sentences
from tests.tiny import word_tokenizer


def one_at_a_time(model, tokenizer, sentence: str, layer: int, pooling: str) -> np.ndarray:
    """The definition: no batch, no padding, the first and the last token are the special ones."""
    encoder = model.base_model.eval()
    with torch.no_grad():
        output = encoder(**tokenizer(sentence, return_tensors="pt"), output_hidden_states=True)
    states = output.hidden_states[layer][0]
    return (states[1:-1].mean(dim=0) if pooling == "mean" else states[0]).numpy()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_batches_equal_one_sentence_at_a_time(encoder_and_tokenizer, sentences, pooling):
    model, tokenizer = encoder_and_tokenizer
    found = sentence_embeddings(model, tokenizer, sentences, pooling=pooling, batch_tokens=50)
    assert sorted(found) == [0, 1, 2, 3]
    for layer, vectors in found.items():
        assert vectors.shape == (len(sentences), 16)
        assert vectors.dtype == np.float32
        expected = [one_at_a_time(model, tokenizer, sentence, layer, pooling) for sentence in sentences]
        np.testing.assert_allclose(vectors, expected, atol=2e-6)


def test_batch_size_and_padding_side_do_not_matter(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    whole = sentence_embeddings(model, tokenizer, sentences, layers=[2], batch_tokens=10_000)[2]
    np.testing.assert_allclose(
        sentence_embeddings(model, tokenizer, sentences, layers=[2], batch_tokens=1)[2], whole, atol=2e-6
    )
    tokenizer.padding_side = "left"
    try:
        left = sentence_embeddings(model, tokenizer, sentences, layers=[2], pooling="cls")[2]
    finally:
        tokenizer.padding_side = "right"
    np.testing.assert_allclose(
        left, sentence_embeddings(model, tokenizer, sentences, layers=[2], pooling="cls")[2], atol=2e-6
    )


def test_modes_are_restored_module_by_module(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    expected = sentence_embeddings(model, tokenizer, sentences, layers=[3])[3]
    model.train()
    model.base_model.embeddings.eval()
    before = [module.training for module in model.modules()]
    try:
        # Dropout is off although the model is in training.
        np.testing.assert_array_equal(sentence_embeddings(model, tokenizer, sentences, layers=[3])[3], expected)
        assert [module.training for module in model.modules()] == before
    finally:
        model.eval()


def test_no_gradient_is_left(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    sentence_embeddings(model, tokenizer, sentences)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_length_limit_is_what_the_encoder_can_take(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    # XLM-R has 28 rows, of which the first padding_idx + 1 are never positions.
    expected = 26 if model.config.model_type == "xlm-roberta" else 28
    assert length_limit(model, tokenizer) == expected
    long = " ".join(["w1"] * 100)
    assert np.isfinite(sentence_embeddings(model, tokenizer, [long, "w1"], layers=[3])[3]).all()


def test_the_tokenizer_may_be_the_shorter(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    kept, tokenizer.model_max_length = tokenizer.model_max_length, 11
    try:
        assert length_limit(model, tokenizer) == 11
    finally:
        tokenizer.model_max_length = kept


def test_truncation_is_counted_and_said(encoder_and_tokenizer, caplog):
    model, tokenizer = encoder_and_tokenizer
    exact, longer = "w1 w2 w3", "w1 w2 w3 w4"
    texts = [longer, exact, longer, "w5"]
    tokenized = tokenize_sentences(tokenizer, texts, max_length=5)
    assert tokenized.truncated == 2
    assert len(tokenized.rows) == 3
    with caplog.at_level(logging.WARNING):
        vectors = sentence_embeddings(model, tokenizer, texts, layers=[3], max_length=5)[3]
    assert "2 of 4" in caplog.text
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_equal_sentences_get_bit_equal_vectors(encoder_and_tokenizer, sentences):
    model, tokenizer = encoder_and_tokenizer
    twice = [*sentences, "w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11 w12", *sentences]
    vectors = sentence_embeddings(model, tokenizer, twice, layers=[3], batch_tokens=30)[3]
    np.testing.assert_array_equal(vectors[: len(sentences)], vectors[-len(sentences) :])


def test_a_sentence_without_tokens_is_the_zero_vector(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    vectors = sentence_embeddings(model, tokenizer, ["w1", "  "], layers=[3])[3]
    assert not vectors[1].any()
    assert vectors[0].any()


def test_padding_states_may_be_anything():
    states = torch.tensor([[[1.0], [3.0], [float("nan")]]])
    kept = torch.tensor([[True, True, False]])
    assert pool(states, kept, "mean").item() == 2.0


def test_batches_hold_the_budget_and_every_row_once():
    lengths = [3, 9, 1, 7, 7, 2, 30, 5]
    batches = list(length_sorted_batches(lengths, 14))
    assert sorted(np.concatenate(batches).tolist()) == list(range(8))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[row] for row in batch) * len(batch) <= 14
    assert batches[0].tolist() == [6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": [4]}, "layer 4 is out of range"),
        ({"layers": [-5]}, "layer -5 is out of range"),
        ({"pooling": "max"}, "unknown pooling 'max'"),
        ({"max_length": 29}, "max_length 29 is more than the 2[68] tokens"),
    ],
)
def test_bad_arguments(encoder_and_tokenizer, arguments, message):
    with pytest.raises(XAlignError, match=message):
        sentence_embeddings(*encoder_and_tokenizer, ["w1", "w2"], **arguments)


def test_token_ids_that_the_encoder_does_not_have(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    larger = copy.deepcopy(tokenizer)
    larger.add_tokens(["नमस्ते"])
    sentence_embeddings(model, larger, ["w1"])
    with pytest.raises(XAlignError, match="token id 60, the encoder has 60 embeddings"):
        sentence_embeddings(model, larger, ["w1", "w2 नमस्ते"])
    # A padding token that is none of the tokenizer's own: only batches of unequal rows would meet it.
    padded = copy.deepcopy(tokenizer)
    padded.add_special_tokens({"pad_token": "<none>"})
    with pytest.raises(XAlignError, match="token id 60, the encoder has 60 embeddings"):
        sentence_embeddings(model, padded, ["w1", "w2 w3"])


def test_max_length_may_pass_the_tokenizers_own_limit(encoder_and_tokenizer):
    model, tokenizer = encoder_and_tokenizer
    shorter = copy.deepcopy(tokenizer)
    shorter.model_max_length = 5
    assert tokenize_sentences(shorter, ["w1 w2 w3 w4 w5"], max_length=length_limit(model, shorter)).truncated == 1
    assert tokenize_sentences(shorter, ["w1 w2 w3 w4 w5"], max_length=length_limit(model, shorter, 20)).truncated == 0


def test_no_sentences(encoder_and_tokenizer):
    with pytest.raises(XAlignError, match="no sentences"):
        sentence_embeddings(*encoder_and_tokenizer, [])


def test_negative_layers_count_from_the_end(encoder_and_tokenizer):
    assert list(sentence_embeddings(*encoder_and_tokenizer, ["w1"], layers=[-1, 3])) == [3]


@pytest.mark.parametrize("layer", [0, 2])
def test_layers_after_the_last_one_asked_for_are_not_run(encoder_and_tokenizer, sentences, layer):
    model, tokenizer = encoder_and_tokenizer
    whole = sentence_embeddings(model, tokenizer, sentences)[layer]
    ran = []
    layers = encoder_layers(model.base_model)
    hooks = [
        part.register_forward_hook(lambda *_, number=number: ran.append(number)) for number, part in enumerate(layers)
    ]
    found = sentence_embeddings(model, tokenizer, sentences, layers=[0, layer])
    for hook in hooks:
        hook.remove()
    assert set(ran) <= set(range(max(layer, 1)))
    np.testing.assert_array_equal(found[layer], whole)
    assert len(encoder_layers(model.base_model)) == 3


def test_an_encoder_whose_layers_are_not_known_runs_whole(sentences):
    torch.manual_seed(0)
    model = AutoModel.from_config(GPT2Config(vocab_size=60, n_embd=16, n_layer=2, n_head=2, n_positions=30)).eval()
    found = sentence_embeddings(model, word_tokenizer(), sentences[:4], layers=[1])
    np.testing.assert_array_equal(found[1], sentence_embeddings(model, word_tokenizer(), sentences[:4])[1])
