"""A layer between the encoder and a contrastive loss, which only training has."""

from __future__ import annotations

import torch
from torch import nn

from hf_xalign.errors import XAlignError
from hf_xalign.precision import at_least_float32


def make_projection(kind: str | None, hidden_size: int, where: str) -> nn.Module:
    """The projection of a recipe: None, `"linear"`, or `"tanh"` (SimCSE's MLP; Gao et al., EMNLP 2021, section 6.3).

    The loss reads the projected vectors, evaluation the encoder's own.
    """
    if kind is None:
        return nn.Identity()
    if kind == "linear":
        return nn.Linear(hidden_size, hidden_size)
    if kind == "tanh":
        return nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.Tanh())
    raise XAlignError(f"{where}.projection is {kind!r}; choose 'linear', 'tanh' or none")


def project(projection: nn.Module, vectors: torch.Tensor) -> torch.Tensor:
    """`vectors` through a projection, in float32 at least whatever the autocast state: a contrastive loss reads the
    differences of vectors that are much alike."""
    with torch.autocast(vectors.device.type, enabled=False):
        return projection(at_least_float32(vectors))
