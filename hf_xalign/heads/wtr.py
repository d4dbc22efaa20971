"""WTR: a word's counterpart in the translation is nearer than any other aligned word of the batch."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import WACSE
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import HeadInputs
from hf_xalign.heads.contrastive import ContrastiveHead
from hf_xalign.heads.projection import make_projection, project
from hf_xalign.heads.temperature import Temperature
from hf_xalign.losses import word_translation_ranking_loss


class WTRHead(ContrastiveHead):
    """Word translation ranking on words in their sentences (WACSE, Findings of NAACL 2024).

    A word is the mean of its sub-words' states. Each link above the recipe's `alignment_threshold` whose words are
    both whole is a positive. The words of all other links of the (global) batch are negatives, but for links that
    share a word type on either side, and so for words aligned to the same word.

    Args:
        layer (`int`): of the word states; -1 is the last one.
        temperature, learnable_temperature, projection: as in [`TRHead`].
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: a layer out of range, an unknown projection, or a temperature that is not above 0.
    """

    views = ("source", "target")
    needs_alignments = True
    citation = WACSE

    def __init__(
        self,
        *,
        layer: int = -1,
        temperature: float = 0.05,
        learnable_temperature: bool = False,
        projection: str | None = None,
        weight: float = 1.0,
        hidden_size: int,
        num_layers: int | None = None,
    ):
        super().__init__(weight=weight)
        if num_layers is not None and not -num_layers - 1 <= layer <= num_layers:
            raise XAlignError(f"heads.wtr.layer is {layer}, but the encoder has layers 0 (embeddings) to {num_layers}")
        self.layer = int(layer)
        self.temperature = Temperature(temperature, learnable_temperature, "heads.wtr")
        self.projection = make_projection(projection, hidden_size, "heads.wtr")

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (self.layer % (num_layers + 1),)

    def rows(self, inputs: HeadInputs) -> tuple[torch.Tensor, torch.Tensor | None]:
        row, *words = inputs.links.unbind(1)
        sides = [
            inputs.word_embeddings(view, row, word, self.layer) for view, word in zip(self.views, words, strict=True)
        ]
        return project(self.projection, torch.stack(sides, dim=1)), inputs.link_groups

    def contrast(self, first: torch.Tensor, second: torch.Tensor, **batch) -> torch.Tensor:
        return word_translation_ranking_loss(first, second, temperature=self.temperature(), **batch)
