"""The temperature of a contrastive objective, fixed or learnt."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import initialization as init

from hf_xalign.errors import XAlignError
from hf_xalign.own_parameters import OwnParameters


# Colder than this, a softmax is all but an argmax and its gradient explodes (CLIP clips at the same value).
COLDEST = 0.01
# A little above, so that rounding does not take it below.
_LOWEST = math.log(COLDEST) + 1e-6


class Temperature(OwnParameters):
    """τ, as a number or as the exponential of a parameter (CLIP; Radford et al., 2021, section 2.5).

    A module of its own, so that PEFT can name it in `modules_to_save`.
    """

    def __init__(self, start: float, learnable: bool, where: str):
        super().__init__()
        if not start > 0:
            raise XAlignError(f"{where}.temperature is {start!r}; it must be above 0")
        if learnable and start < COLDEST:
            raise XAlignError(f"{where}.temperature is {start!r}; a learnable one is {COLDEST} or more")
        self.start = float(start)
        self.logarithm = nn.Parameter(torch.empty(())) if learnable else None

    def reset_parameters(self) -> None:
        if self.logarithm is not None:
            init.constant_(self.logarithm, math.log(self.start))

    def forward(self) -> float | torch.Tensor:
        if self.logarithm is None:
            return self.start
        # The parameter itself, as CLIP does: the gradient of a value that is clipped is 0, and it would never warm.
        self.logarithm.data.clamp_(min=_LOWEST)
        return self.logarithm.exp()
