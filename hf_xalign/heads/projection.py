"""A layer between the encoder and a contrastive loss, which only training has."""

from __future__ import annotations

from torch import nn

from hf_xalign.errors import XAlignError


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
