"""TLM: masked language modelling on a sentence and its transliteration (or translation), concatenated."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import TRANSLITERATIONS
from hf_xalign.heads.base import Head, HeadInputs
from hf_xalign.heads.masked_lm import masked_lm_loss


class TLMHead(Head):
    """Transliteration language modelling (Liu et al., COLING 2025, section 3; after XLM's translation LM, 2019).

    Reads the `pair` view, which the collator masks on its own.
    """

    views = masked_views = ("pair",)
    uses_lm_head = True
    citation = TRANSLITERATIONS

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (num_layers,)

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        return masked_lm_loss(inputs, "pair")
