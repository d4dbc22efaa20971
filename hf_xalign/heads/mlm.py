"""MLM: masked language modelling on the sentence and on its transliteration."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import TRANSLITERATIONS
from hf_xalign.heads.base import Head, HeadInputs
from hf_xalign.heads.masked_lm import masked_lm_loss


class MLMHead(Head):
    """Masked language modelling (Devlin et al., NAACL 2019) on the `source` and the `target` view.

    The loss is the sum of the two views' token means, as in TransliCo and PPA (`CE_source + CE_target`).
    """

    views = masked_views = ("source", "target")
    uses_lm_head = True
    citation = TRANSLITERATIONS

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (num_layers,)

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        return masked_lm_loss(inputs, "source") + masked_lm_loss(inputs, "target")
