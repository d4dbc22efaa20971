"""`first_layers` against the hidden states of the whole encoder, bit for bit, for every backbone."""

from __future__ import annotations

import copy

import pytest
import torch
from transformers import AutoModel, GPT2Config

from hf_xalign.backbones import first_layers, keep_layers, normalizes_its_output
from hf_xalign.errors import XAlignError
from tests.tiny import BACKBONES, VOCABULARY, tiny_config


LAYERS = 3
# mDeBERTa and DeBERTa-v3 set these; a convolution stands in DeBERTa-v2 checkpoints.
DEBERTA = {
    "relative_attention": True,
    "position_buckets": 8,
    "pos_att_type": ["p2c", "c2p"],
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "position_biased_input": False,
}


def encoders() -> list:
    cases = [pytest.param((name, {}), id=name) for name in BACKBONES]
    cases.append(pytest.param(("deberta-v2", DEBERTA), id="deberta-v3"))
    convolution = {"conv_kernel_size": 3, "conv_act": "gelu"}
    cases.append(pytest.param(("deberta-v2", DEBERTA | convolution), id="deberta-conv"))
    return cases


@pytest.fixture(params=encoders())
def encoder(request):
    name, fields = request.param
    torch.manual_seed(0)
    encoder = AutoModel.from_config(tiny_config(name, layers=LAYERS, **fields)).eval()
    with torch.no_grad():
        for parameter in encoder.parameters():  # norms and biases of a fresh model would hide a norm left out
            parameter.add_(torch.randn(parameter.shape) * 0.1)
    return encoder


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(5, VOCABULARY, (3, 9), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def whole(encoder, batch):
    with torch.no_grad():
        return encoder(**batch, output_hidden_states=True).hidden_states


def calls_of_layers(encoder, batch) -> int:
    """How many layers run in a forward pass."""
    ran = []
    handles = [
        module.register_forward_hook(lambda *_, name=name: ran.append(name))
        for name, module in encoder.named_modules()
        if type(module).__name__.endswith(("Layer", "TransformerBlock", "EncoderLayer")) and "attention" not in name
    ]
    with torch.no_grad():
        encoder(**batch)
    for handle in handles:
        handle.remove()
    return len([name for name in ran if name.split(".")[-1].isdigit()])


@pytest.mark.parametrize("count", range(LAYERS + 1))
def test_the_last_state_is_that_of_the_layer(encoder, batch, count):
    expected = whole(encoder, batch)
    assert len(expected) == LAYERS + 1
    with first_layers(encoder, count) as cut, torch.no_grad():
        assert cut is encoder
        found = encoder(**batch).last_hidden_state
    assert torch.equal(found, expected[count])


def test_later_layers_do_not_run(encoder, batch):
    assert calls_of_layers(encoder, batch) == LAYERS
    with first_layers(encoder, 2):
        assert calls_of_layers(encoder, batch) == 2


def test_the_encoder_is_whole_again(encoder, batch):
    expected, keys = whole(encoder, batch), list(encoder.state_dict())
    with pytest.raises(RuntimeError, match="in between"), first_layers(encoder, 0):
        raise RuntimeError("in between")
    assert list(encoder.state_dict()) == keys
    for found, state in zip(whole(encoder, batch), expected, strict=True):
        assert torch.equal(found, state)


def test_the_pooler_does_not_run(batch):
    encoder = AutoModel.from_config(tiny_config("bert")).eval()
    assert encoder(**batch).pooler_output is not None
    with first_layers(encoder, 3):
        assert encoder(**batch).pooler_output is None


@pytest.mark.parametrize("count", [-1, LAYERS + 1])
def test_refuses_a_layer_that_is_not_there(count):
    encoder = AutoModel.from_config(tiny_config("bert", layers=LAYERS))
    expected = pytest.raises(XAlignError, match=rf"layer {count} is out of range.*0 \(embeddings\) to 3")
    with expected, first_layers(encoder, count):
        pass


def test_refuses_other_models():
    config = GPT2Config(vocab_size=10, n_positions=8, n_embd=4, n_layer=1, n_head=1)
    expected = pytest.raises(XAlignError, match="encoder 'gpt2' is not supported; supported model types: bert, ")
    with expected, first_layers(AutoModel.from_config(config), 1):
        pass


def test_hidden_states_asked_for_inside_first_are_whole_afterwards(encoder):
    ids = torch.arange(5, 13)[None]
    with first_layers(encoder, 1):
        inside = encoder(input_ids=ids, output_hidden_states=True).hidden_states
    afterwards = encoder(input_ids=ids, output_hidden_states=True).hidden_states
    assert len(afterwards) == LAYERS + 1
    assert torch.equal(inside[1], afterwards[1])


@pytest.mark.parametrize("count", range(1, LAYERS + 1))
def test_a_cut_encoder_ends_with_the_layer_after_a_round_trip(encoder, batch, count, tmp_path):
    expected = whole(encoder, batch)
    cut = copy.deepcopy(encoder)
    keep_layers(cut, count)
    assert len(whole(cut, batch)) == count + 1 and len(whole(encoder, batch)) == LAYERS + 1
    cut.save_pretrained(tmp_path)
    again, info = AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert not info["unexpected_keys"] and all("pooler" in key for key in info["missing_keys"])
    states = whole(again.eval(), batch)
    assert len(states) == count + 1
    for found, state in zip(states[:-1], expected, strict=False):
        assert torch.equal(found, state)
    # ModernBERT's norm comes after the last layer, whichever it is.
    assert torch.equal(states[-1], expected[count]) == (count == LAYERS or not normalizes_its_output(encoder.config))


def test_only_modernbert_ends_with_a_norm():
    found = {name: normalizes_its_output(tiny_config(name)) for name in BACKBONES}
    assert found == {name: name == "modernbert" for name in BACKBONES}


@pytest.mark.parametrize("count", [0, LAYERS + 1])
def test_refuses_to_cut_at_a_layer_that_is_not_there(count):
    encoder = AutoModel.from_config(tiny_config("bert", layers=LAYERS))
    with pytest.raises(XAlignError, match=rf"layer {count} is out of range: the encoder has layers 1 to 3"):
        keep_layers(encoder, count)
    assert encoder.config.num_hidden_layers == LAYERS
