"""Batches and settings at the ends of what there may be: every loss and every gradient stays finite."""

from __future__ import annotations

import pytest
import torch

from hf_xalign.heads import build_head
from tests.aligned_rows import aligned_rows
from tests.heads.states import HEADS, make_head, make_inputs, with_states


def _texts(length: int, *, links: bool = True) -> list[dict]:
    """Five pairs of sentences of so many tokens, each a word."""
    words = {f"{side}_word_ids": [-1, *range(length), -1] for side in ("source", "target")}
    rows = aligned_rows(5)
    for number, row in enumerate(rows):
        ids = {f"{side}_input_ids": [0, *([5 + number] * length), 2] for side in ("source", "target")}
        row |= ids | words | {"alignment": [[0, 0]] if links and length else []}
    return rows


def _duplicates() -> list[dict]:
    first, *rest = aligned_rows(5)
    return [first, *({**first, "draw": row["draw"], "row_id": row["row_id"]} for row in rest)]


BATCHES = {
    "duplicates": _duplicates,
    "one token": lambda: _texts(1),
    "one token, no link": lambda: _texts(1, links=False),
    "no text": lambda: _texts(0),
    "one row without text": lambda: [_texts(0)[0], *aligned_rows(5)[1:]],
    "no link": lambda: aligned_rows(5, empty=range(5)),
    "one link": lambda: [*aligned_rows(4, empty=range(4)), {**_texts(1)[4]}],
    "one row": lambda: aligned_rows(1),
    "ordinary": lambda: aligned_rows(5),
}
# Of the states: all zero, as they are, and as large as those of large encoders at their worst.
SCALES = (0.0, 1.0, 100.0)
# A gradient is never larger than this, here: of a zero vector in float32 it was 1e12 once.
LARGEST = 1e6


def _parameters(head):
    return [parameter for parameter in head.parameters() if parameter.requires_grad]


def _check(head, inputs, leaves):
    loss = head(inputs)
    found = torch.autograd.grad(loss, [*leaves, *_parameters(head)], allow_unused=True)
    assert torch.isfinite(loss)
    for gradient in found:
        assert gradient is None or gradient.abs().max() < LARGEST
    exact = head.double()(with_states(inputs, [leaf.double() for leaf in leaves], lm_head=inputs.lm_head.double()))
    torch.testing.assert_close(loss.double(), exact.detach(), rtol=1e-3, atol=1e-4)
    return loss


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("key", HEADS)
def test_every_loss_of_every_batch_is_finite_and_near_float64(key, batch):
    for scale in SCALES:
        head = make_head(key)
        _check(head, *make_inputs(head, BATCHES[batch](), scale=scale))


CONTRASTIVE = [key for key in HEADS if build_head(*HEADS[key]).contrastive]


@pytest.mark.parametrize("temperature", [1e-4, 1e4])
@pytest.mark.parametrize("batch", ["duplicates", "one token", "one row without text", "ordinary"])
@pytest.mark.parametrize("key", CONTRASTIVE)
def test_temperatures_at_both_ends(key, batch, temperature):
    # A learnt one is refused at its start where it is so cold: `test_options_that_cannot_be_are_named`.
    learnt = {"learnable_temperature": temperature > 1} if not key.startswith("tcm") else {}
    for scale in SCALES[:2]:
        head = make_head(key, temperature=temperature, **learnt)
        _check(head, *make_inputs(head, BATCHES[batch](), scale=scale))


@pytest.mark.parametrize("key", ["tr", "tcm", "tr-cls", "tr-projection", "wtr"])
def test_equal_rows_have_nothing_to_be_told_from(key):
    head = make_head(key)
    inputs, leaves = make_inputs(head, _duplicates())
    if key == "wtr":  # a link of each row, of one word type
        inputs.links, inputs.link_groups = inputs.links[:1].repeat(5, 1), inputs.link_groups[:1].repeat(5, 1)
    loss = head(inputs)
    assert loss == 0
    assert not any(gradient.any() for gradient in torch.autograd.grad(loss, leaves))


@pytest.mark.parametrize("key", ["tr-projection", "wtr-projection"])
def test_a_sentence_without_text_does_not_swamp_the_bias_of_a_projection(key):
    head = make_head(key)
    torch.nn.init.zeros_(next(p for name, p in head.named_parameters() if name.endswith("bias")))
    rows = BATCHES["one row without text"]()
    inputs, leaves = make_inputs(head, rows)
    if key == "wtr-projection":
        with torch.no_grad():
            leaves[0][inputs.links[0, 0]] = 0  # a word all of whose states are 0
    for gradient in torch.autograd.grad(head(inputs), [*leaves, *_parameters(head)]):
        assert gradient.abs().max() < 1000
