"""What must not be computed in half precision."""

from __future__ import annotations

import torch


def at_least_float32(values: torch.Tensor) -> torch.Tensor:
    """`values` in float32 where they are in half precision, as they are otherwise."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


# Shorter vectors count as 0.
SHORTEST = 1e-12


def unit_vectors(vectors: torch.Tensor) -> torch.Tensor:
    """`vectors`, shape `(..., D)`, at length 1; a zero vector, which has no direction, becomes 0 and gets gradient 0.

    (Divided by a small number instead, it would get a gradient of 1e12: that of a bias alone can undo a training run.)
    """
    lengths = vectors.norm(dim=-1, keepdim=True)
    return vectors / lengths.masked_fill(lengths < SHORTEST, torch.inf)
