"""CO: AWESOME-align's consistency; both directions of attention agree."""

from __future__ import annotations

import torch

from hf_xalign.citations import AWESOME
from hf_xalign.heads.base import HeadInputs
from hf_xalign.heads.soft_alignment import SoftAlignment, SoftAlignmentHead


class COHead(SoftAlignmentHead):
    """The consistency objective (Dou and Neubig, EACL 2021, section 2.2; agreement after Cohn et al., NAACL 2016).

    A row's loss is −Σ p(j | i)·p(i | j) / min(n, m), the trace of the product of the two directions of attention over
    the tokens of the shorter side: 0 at most, −1 at least. It links more tokens and may cost precision.

    Args:
        layer (`int`, *optional*), extraction (`str`): as in [`SOHead`].
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: an unknown extraction, a layer out of range, or entmax is not installed.
    """

    name = "co"
    citation = AWESOME

    def __init__(
        self,
        *,
        layer: int | None = None,
        extraction: str = "softmax",
        weight: float = 1.0,
        num_layers: int | None = None,
    ):
        super().__init__(layer=layer, extraction=extraction, weight=weight, num_layers=num_layers)

    def row_losses(self, inputs: HeadInputs, soft: SoftAlignment) -> torch.Tensor:
        agreement = (soft.forward * soft.reverse).sum((1, 2))
        return -agreement / torch.minimum(soft.source_sizes, soft.target_sizes)
