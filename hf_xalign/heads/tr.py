"""TR: a sentence's translation is nearer than any other sentence of the batch."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import WACSE
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import HeadInputs
from hf_xalign.heads.contrastive import ContrastiveHead
from hf_xalign.heads.projection import make_projection, project
from hf_xalign.heads.temperature import Temperature
from hf_xalign.losses import translation_ranking_loss


class TRHead(ContrastiveHead):
    """Translation ranking on the sentence embeddings of the alignment layer (WACSE, Findings of NAACL 2024).

    Negatives are gathered from all processes; pairs that share a sentence are never each other's negatives.

    Args:
        temperature (`float`): divides the cosines; where it is learnable, its first value.
        learnable_temperature (`bool`): train it.
        margin (`float`): additive margin on the translation's cosine (Yang et al., IJCAI 2019); 0.3 in LaBSE.
        pooling (`str`, *optional*): `"mean"` or `"cls"`; by default the model's own.
        projection (`str`, *optional*): `"linear"` or `"tanh"`, a layer that only training has.
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: an unknown pooling or projection, or a temperature that is not above 0.
    """

    views = ("source", "target")
    citation = WACSE

    def __init__(
        self,
        *,
        temperature: float = 0.05,
        learnable_temperature: bool = False,
        margin: float = 0.0,
        pooling: str | None = None,
        projection: str | None = None,
        weight: float = 1.0,
        hidden_size: int,
    ):
        super().__init__(weight=weight)
        if pooling not in (None, "mean", "cls"):
            raise XAlignError(f"heads.tr.pooling is {pooling!r}; choose 'mean' or 'cls'")
        self.margin = float(margin)
        self.pooling = pooling
        self.temperature = Temperature(temperature, learnable_temperature, "heads.tr")
        self.projection = make_projection(projection, hidden_size, "heads.tr")

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (alignment_layer,)

    def rows(self, inputs: HeadInputs) -> tuple[torch.Tensor, torch.Tensor | None]:
        sides = [inputs.sentence_embeddings(view, self.pooling) for view in self.views]
        return project(self.projection, torch.stack(sides, dim=1)), inputs.row_groups

    def contrast(self, first: torch.Tensor, second: torch.Tensor, **batch) -> torch.Tensor:
        return translation_ranking_loss(first, second, temperature=self.temperature(), margin=self.margin, **batch)
