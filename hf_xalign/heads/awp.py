"""AWP: a masked word is predicted with the help of the word that it is aligned to."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import WACSE
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import Head, HeadInputs
from hf_xalign.heads.masked_lm import masked_lm_loss


VARIANTS = {"pair": ("aligned_pair",), "cross": ("crossed_source", "crossed_target")}


class AWPHead(Head):
    """Aligned word prediction (WACSE, Findings of NAACL 2024).

    The paper does not settle what the encoder reads, so there are two variants:

    - `"pair"`: both sentences, concatenated; some aligned words of one side, the sides in turn, are masked whole, and
      their counterparts stay visible.
    - `"cross"`: each sentence alone; the positions of a masked word, as many as its counterpart has sub-words, predict
      that counterpart, in both directions.

    The share of words masked is the recipe's `awp_probability`.

    Args:
        variant (`str`): `"pair"` or `"cross"`.
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: an unknown variant.
    """

    needs_alignments = True
    uses_lm_head = True
    citation = WACSE

    def __init__(self, *, variant: str = "pair", weight: float = 1.0):
        super().__init__(weight=weight)
        if variant not in VARIANTS:
            raise XAlignError(f"heads.awp.variant is {variant!r}; choose one of {', '.join(VARIANTS)}")
        self.views = VARIANTS[variant]

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (num_layers,)

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        return sum(masked_lm_loss(inputs, view) for view in self.views)
