"""Views go through the encoder as far as they are read, and no further."""

from __future__ import annotations

import pytest
import torch

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.gradient_cache import cached_step
from hf_xalign.views import encode_views, passes
from tests.aligned_rows import aligned_rows
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


def make_model(heads, backbone="xlm-roberta", **settings):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(backbone, layers=4), heads, **settings)


def make_batch(model):
    heads = model.xalign_heads.values()
    views = {view for head in heads for view in head.views}
    masked = {view for head in heads for view in head.masked_views}
    collator = XAlignDataCollator(
        word_tokenizer(), views=views, masked_views=masked, languages=model.xalign_config.languages
    )
    return collator(aligned_rows(6))


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
    # One view further than the other.
    cut = encode_views(model.base_model, views, 1, layers={"source": (0, last), "target": (4,)})
    for name, read in (("source", {0, last}), ("target", {4})):
        inputs = {key: batch[name][key] for key in ("input_ids", "attention_mask")}
        whole = model.base_model(**inputs, output_hidden_states=True).hidden_states
        states = cut[name].hidden_states
        assert [layer for layer in range(5) if states[layer] is not None] == sorted(read)
        for layer in read:
            text = inputs["attention_mask"].bool()
            torch.testing.assert_close(states[layer][text], whole[layer][text])


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("languages", [None, ["eng_Latn", "hin_Deva", "urd_Arab"]])
def test_rows_of_like_length_share_a_pass(backbone, languages):
    model = make_model({"tr": {}, "tlm": {}}, backbone, languages=languages).eval()
    if languages:
        torch.nn.init.normal_(model.xalign_languages.weight)
    batch = make_batch(model)
    views = {name: batch[name] for name in ("source", "target", "pair")}
    widths, looked_up = [], []
    model.base_model.register_forward_hook(lambda *hook: widths.append(hook[-1].last_hidden_state.shape[:2]))
    model.get_input_embeddings().register_forward_hook(lambda *hook: looked_up.append(len(hook[-1])))
    settings = {"languages": model.xalign_languages, "layers": dict.fromkeys(views, (2, 4))}
    together = encode_views(model.base_model, views, 1, pass_tokens=1000, **settings)
    assert widths == [(18, views["pair"]["input_ids"].shape[1])]
    del widths[:], looked_up[:]
    split = encode_views(model.base_model, views, 1, pass_tokens=30, **settings)
    assert len(widths) > 2 and sum(rows for rows, _ in widths) == 18
    assert looked_up == [sum(rows * width for rows, width in widths)], "words are looked up once for all passes"
    real = sum(int(view["attention_mask"].sum()) for view in views.values())
    assert real > 0.8 * sum(rows * width for rows, width in widths)
    parameters = [parameter for name, parameter in model.base_model.named_parameters() if "pooler" not in name]
    gradients = []
    for encoded in (together, split):
        states = [encoded[name].hidden_states[layer] for name in views for layer in (2, 4)]
        masks = [views[name]["attention_mask"].bool() for name in views for _ in (2, 4)]
        rows = torch.cat([state[mask] for state, mask in zip(states, masks, strict=True)])
        gradients.append((rows.detach(), torch.autograd.grad(rows.sin().sum(), parameters, allow_unused=True)))
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_passes_hold_every_row_once_and_enough_tokens():
    generator = torch.Generator().manual_seed(0)
    lengths = sorted(torch.randint(2, 65, (500,), generator=generator).tolist(), reverse=True)
    sizes = passes(lengths, 1024)
    assert sum(rows for rows, _ in sizes) == 500
    start = 0
    for rows, width in sizes:
        part = lengths[start : start + rows]
        assert width == part[0] and sum(part) >= 1024
        start += rows
    assert sum(lengths) > 0.9 * sum(rows * width for rows, width in sizes)
    assert passes([7], 1024) == [(1, 7)]
    assert passes([64] * 1000, 1024) == [(1000, 64)]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_layers_that_no_head_reads_do_not_run(backbone):
    model = make_model({"tr": {}, "awp": {}}, backbone, alignment_layer=2)
    runs = layers_run(model, make_batch(model))
    assert runs == [2, 2, 1, 1]  # the pair alone goes on


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
