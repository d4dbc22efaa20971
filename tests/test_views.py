"""Views go through the encoder as far as they are read, and no further."""

from __future__ import annotations

import pytest
import torch

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.gradient_cache import cached_step
from hf_xalign.views import encode_views
from tests.aligned_rows import aligned_rows
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


def make_model(heads, backbone="xlm-roberta", **settings):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(backbone, layers=4), heads, **settings)


def make_batch(model):
    heads = model.xalign_heads.values()
    views = {view for head in heads for view in head.views}
    masked = {view for head in heads for view in head.masked_views}
    return XAlignDataCollator(word_tokenizer(), views=views, masked_views=masked)(aligned_rows(6))


def layers_run(model, batch, **step):
    """How often each layer ran."""
    runs = dict.fromkeys(range(1, 5), 0)
    hooks = []
    for name, module in model.base_model.named_modules():
        head, _, number = name.rpartition(".")
        if head.rpartition(".")[2] in ("layer", "layers") and number.isdigit():
            number = int(number) + 1
            hooks.append(
                module.register_forward_hook(lambda *_, number=number: runs.update({number: runs[number] + 1}))
            )
    cached_step(model, batch, **step) if step else model(**batch)
    for hook in hooks:
        hook.remove()
    return list(runs.values())


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("last", range(5))
def test_states_are_those_of_the_whole_encoder(backbone, last):
    model = make_model({"tr": {}}, backbone).eval()
    batch = make_batch(model)
    views = {name: batch[name] for name in ("source", "target")}
    whole = encode_views(model.base_model, views, 1)
    # One view further than the other.
    cut = encode_views(model.base_model, views, 1, last_layers={"source": last, "target": 4})
    for layer in range(last + 1):
        torch.testing.assert_close(cut["source"].hidden_states[layer], whole["source"].hidden_states[layer])
    assert [len(view.hidden_states) for view in cut.values()] == [5, 5]
    assert all(states is None for states in cut["source"].hidden_states[max(last, 1) + 1 :])
    torch.testing.assert_close(cut["target"].hidden_states[-1], whole["target"].hidden_states[-1])


@pytest.mark.parametrize("backbone", BACKBONES)
def test_layers_that_no_head_reads_do_not_run(backbone):
    model = make_model({"tr": {}, "awp": {}}, backbone, alignment_layer=2)
    runs = layers_run(model, make_batch(model))
    assert runs[0] == runs[1] > runs[2] == runs[3] == 1  # the pair alone goes on


@pytest.mark.parametrize(
    ("heads", "last"),
    [
        ({"tr": {}}, 3),
        ({"tcm": {}, "wtr": {"layer": -4}}, 3),
        ({"wtr": {"layer": 2}}, 2),
        ({"wtr": {}}, 4),
        ({"so": {"layer": 1}, "co": {}}, 3),
        ({"tr": {}, "mlm": {}}, 4),
    ],
)
def test_the_deepest_head_says_how_far(heads, last):
    model = make_model(heads)
    batch = make_batch(model)
    for step in ({}, {"chunk_size": 2}):
        runs = layers_run(model, batch, **step)
        assert [bool(count) for count in runs] == [layer < last for layer in range(4)]
