from __future__ import annotations

import pytest
import torch

from hf_xalign.heads import pool


def _states(dtype=torch.float32):
    torch.manual_seed(0)
    special = torch.tensor([[1, 0, 0, 0, 1], [1, 0, 1, 1, 1], [1, 1, 1, 1, 1]])
    return torch.randn(3, 5, 16).to(dtype), special


def test_mean_of_the_tokens_that_are_text():
    states, special = _states()
    expected = torch.stack([states[0, 1:4].mean(0), states[1, 1], torch.zeros(16)])
    torch.testing.assert_close(pool(states, special, "mean"), expected)
    assert torch.equal(pool(states, special, "cls"), states[:, 0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_does_not_round_the_mean(dtype):
    states, special = _states(dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        pooled = pool(states, special, "mean")
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, pool(states.float(), special, "mean"))
