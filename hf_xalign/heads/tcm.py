"""TCM: a sentence and its transliteration are each other's nearest in the batch."""

from __future__ import annotations

from collections.abc import Collection

import torch

from hf_xalign.citations import TRANSLITERATIONS
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import HeadInputs
from hf_xalign.heads.contrastive import ContrastiveHead
from hf_xalign.losses import transliteration_contrastive_loss


PRESETS = {
    "default": {"temperature": 0.05, "similarity": "cosine", "factor": 1.0},
    # What the released code of TransliCo and PPA runs: raw dot products, no temperature, half the NT-Xent loss.
    "paper": {"temperature": 1.0, "similarity": "dot", "factor": 0.5},
}


# The sentence and its transliteration, by the side that is transliterated (None: the rows are one sentence each).
VIEWS = {None: ("source", "target"), "target": ("target", "target_latn")}


class TCMHead(ContrastiveHead):
    """Transliteration contrastive modelling on the sentence embeddings of the alignment layer (Liu et al., ACL 2024).

    The embeddings come from the same (masked) pass as MLM. Negatives are gathered from all processes; equal sentences
    are never each other's negatives.

    Args:
        preset (`str`): `"default"` (cosine, τ 0.05) or `"paper"` (dot product, τ 1.0, factor ½).
        temperature, similarity, factor: override the preset; see
            [`~hf_xalign.losses.transliteration_contrastive_loss`].
        of (`str`, *optional*): for rows of translations, the side whose romanised copy is contrasted (`"target"`);
            by default the two views are a sentence and its transliteration.
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: an unknown preset, similarity or side, or a temperature that is not above 0.
    """

    citation = TRANSLITERATIONS

    def __init__(
        self,
        *,
        preset: str = "default",
        temperature: float | None = None,
        similarity: str | None = None,
        factor: float | None = None,
        of: str | None = None,
        weight: float = 1.0,
    ):
        super().__init__(weight=weight)
        if of not in VIEWS:
            raise XAlignError(f"heads.tcm.of is {of!r}; choose 'target', or leave it out")
        self.views = VIEWS[of]
        # Beside MLM the sentences are masked anyway; beside TR they are better compared whole.
        self.masked_views = self.views if of is None else ()
        if preset not in PRESETS:
            raise XAlignError(f"heads.tcm.preset is {preset!r}; choose one of {', '.join(PRESETS)}")
        given = {"temperature": temperature, "similarity": similarity, "factor": factor}
        settings = PRESETS[preset] | {name: value for name, value in given.items() if value is not None}
        if settings["similarity"] not in ("cosine", "dot"):
            raise XAlignError(f"heads.tcm.similarity is {similarity!r}; choose 'cosine' or 'dot'")
        settings |= {name: float(settings[name]) for name in ("temperature", "factor")}
        if not settings["temperature"] > 0:
            raise XAlignError(f"heads.tcm.temperature is {temperature!r}; it must be above 0")
        self.settings = settings

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (alignment_layer,)

    def rows(self, inputs: HeadInputs) -> tuple[torch.Tensor, torch.Tensor | None]:
        first, second = (inputs.sentence_embeddings(view) for view in self.views)
        return torch.stack([first, second], dim=1), inputs.row_groups

    def contrast(self, first: torch.Tensor, second: torch.Tensor, **batch) -> torch.Tensor:
        return transliteration_contrastive_loss(first, second, **self.settings, **batch)
