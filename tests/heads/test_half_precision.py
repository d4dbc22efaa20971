"""Under bf16 and fp16 autocast every objective compares and normalises in float32, and comes near float64."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hf_xalign import XAlignModel
from hf_xalign.gradient_cache import cached_step
from tests.aligned_rows import aligned_rows
from tests.heads.states import HEADS, make_head, make_inputs, with_states
from tests.test_gradient_cache import make_batch
from tests.tiny import tiny_config


NORMALISING = ("_log_softmax", "_softmax", "logsumexp")
COMPARING = ("mm", "bmm", "addmm")
# fp16 keeps no gradient below 6e-8: a scaler does this in training.
LOSS_SCALE = 2.0**12


class _Precisions(TorchDispatchMode):
    """The types of what softmaxes and matrix products read."""

    def __init__(self):
        super().__init__()
        self.seen: dict[str, set[torch.dtype]] = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.overloadpacket.__name__
        if name in NORMALISING + COMPARING:
            self.seen.setdefault(name, set()).add(args[0].dtype)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "fp16"])
@pytest.mark.parametrize("key", HEADS)
def test_scores_are_float32_and_the_loss_is_near_that_of_float64(key, dtype):
    head = make_head(key)
    inputs, leaves = make_inputs(head, aligned_rows(8, empty=(3,)), scale=0.5)
    states = [leaf.detach().to(dtype).requires_grad_() for leaf in leaves]
    precisions = _Precisions()
    with torch.autocast("cpu", dtype=dtype), precisions:
        loss = head(with_states(inputs, states))
    assert loss.dtype == torch.float32
    if head.uses_lm_head:  # the scores come from the encoder's own head; their softmax does not
        assert precisions.seen["_log_softmax"] == {torch.float32}
    else:
        products = {"mm", "bmm", "addmm"} - ({"bmm"} if key in ("so", "so-entmax") else set())  # words are counted
        for name in products | set(NORMALISING):
            assert precisions.seen.get(name, {torch.float32}) == {torch.float32}, name
        assert products & set(precisions.seen) or head.contrastive is False

    # float64 on the same rounded states (and, of predicted tokens, the same rounded scores).
    exact = [state.detach().double().requires_grad_() for state in states]

    def lm_head(rows):
        with torch.autocast("cpu", dtype=dtype):
            return inputs.lm_head(rows.to(dtype)).double()

    expected = head.double()(with_states(inputs, exact, lm_head=lm_head))
    torch.testing.assert_close(loss.double(), expected, rtol=2e-5, atol=1e-6)
    head.float()
    found = torch.autograd.grad(loss * LOSS_SCALE, states)
    for gradient, reference in zip(found, torch.autograd.grad(expected * LOSS_SCALE, exact), strict=True):
        assert (gradient.double() - reference).norm() <= 4 * torch.finfo(dtype).eps * reference.norm()


def _fp16():
    return torch.autocast("cpu", dtype=torch.float16)


def _scaled_backward(loss):
    (loss * 2.0**16).backward()  # where a scaler starts


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("projection", [None, "linear", "tanh"])
def test_a_gradient_cache_keeps_small_gradients_in_fp16(pooling, projection):
    """The gradients that it keeps have not been scaled; in fp16 they would be 0, or infinite once they are."""
    heads = {"tr": {"weight": 1e-5, "pooling": pooling, "projection": projection}}
    gradients = {}
    for name in ("float32", "whole", "cache"):
        torch.manual_seed(0)
        model = XAlignModel.from_encoder(tiny_config(layers=1), heads)
        batch = make_batch(model, aligned_rows(12))
        if name == "cache":
            cached_step(model, batch, chunk_size=4, backward=_scaled_backward, autocast=_fp16)
        else:
            with _fp16() if name == "whole" else nullcontext():
                loss = model(**batch).loss
            _scaled_backward(loss)
        gradients[name] = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])
    errors = {name: (gradients[name] - gradients["float32"]).norm() for name in ("whole", "cache")}
    # An encoder that has learnt nothing gives first tokens that are almost equal: half precision blurs them.
    assert errors["whole"] < 0.5 * gradients["float32"].norm()
    assert errors["cache"] < 2 * errors["whole"]
