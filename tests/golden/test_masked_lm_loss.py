"""MLM and TLM against transformers' own loss on the same labels, on every backbone."""

from __future__ import annotations

import pytest
import torch

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.heads import HeadInputs
from hf_xalign.heads.base import EncodedView
from hf_xalign.heads.masked_lm import masked_lm_loss
from tests.tiny import BACKBONES, random_rows, tiny_config


@pytest.mark.parametrize("backbone", BACKBONES)
def test_equals_the_backbones_own_loss(backbone, tokenizer):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(backbone), {"mlm": {}, "tlm": {}}).double()
    batch = XAlignDataCollator(tokenizer, views=("source", "target", "pair"))(random_rows(6))
    out = model(**batch)
    own = {
        view: model(
            input_ids=batch[view]["input_ids"],
            attention_mask=batch[view]["attention_mask"],
            labels=batch[view]["labels"],
        )
        for view in ("source", "target", "pair")
    }
    expected = {"mlm": own["source"].loss + own["target"].loss, "tlm": own["pair"].loss}
    # ModernBERT computes its loss in float32 whatever its weights are.
    tolerance = {"check_dtype": False} | (
        {"rtol": 1e-5, "atol": 1e-6} if backbone == "modernbert" else {"rtol": 1e-10, "atol": 1e-12}
    )
    torch.testing.assert_close(out.losses, {name: loss.detach() for name, loss in expected.items()}, **tolerance)
    gradients = torch.autograd.grad(out.loss, list(model.parameters()))
    expected_gradients = torch.autograd.grad(sum(expected.values()), list(model.parameters()))
    torch.testing.assert_close(gradients, expected_gradients, **tolerance)


def _inputs(states, labels):
    torch.manual_seed(0)
    decoder = torch.nn.Linear(states.shape[-1], 11).double()
    ones = torch.ones_like(labels)
    return HeadInputs({"pair": EncodedView((states,), ones, 0 * ones, labels)}, decoder, alignment_layer=0), decoder


def test_chunks_change_nothing():
    states = torch.randn(4, 9, 6, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(-1, 11, (4, 9))
    labels[labels == -1] = -100
    inputs, decoder = _inputs(states, labels)
    whole, chunked = (masked_lm_loss(inputs, "pair", max_rows=rows) for rows in (1000, 5))
    torch.testing.assert_close(chunked, whole)
    parameters = [states, *decoder.parameters()]
    torch.testing.assert_close(torch.autograd.grad(chunked, parameters), torch.autograd.grad(whole, parameters))


def test_a_view_without_labels_gives_zero_and_zero_gradients():
    states = torch.randn(2, 3, 6, dtype=torch.float64, requires_grad=True)
    inputs, decoder = _inputs(states, torch.full((2, 3), -100))
    loss = masked_lm_loss(inputs, "pair")
    loss.backward()
    assert loss.item() == 0
    assert not states.grad.any() and not decoder.weight.grad.any()


def test_given_counts_replace_the_batchs_own():
    states = torch.randn(2, 3, 6, dtype=torch.float64)
    labels = torch.tensor([[1, 2, -100], [3, 4, 5]])
    inputs, _ = _inputs(states, labels)
    own = masked_lm_loss(inputs, "pair")
    inputs.label_counts = {"pair": torch.tensor(2.5)}
    torch.testing.assert_close(masked_lm_loss(inputs, "pair"), own * 2)
