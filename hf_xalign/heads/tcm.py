"""TCM: a sentence and its transliteration are each other's nearest in the batch."""

from __future__ import annotations

import torch

from hf_xalign.distributed import gather_rows, rank, row_counts, world_size
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import Head, HeadInputs
from hf_xalign.losses import transliteration_contrastive_loss


PRESETS = {
    "default": {"temperature": 0.05, "similarity": "cosine", "factor": 1.0},
    # What the released code of TransliCo and PPA runs: raw dot products, no temperature, half the NT-Xent loss.
    "paper": {"temperature": 1.0, "similarity": "dot", "factor": 0.5},
}


class TCMHead(Head):
    """Transliteration contrastive modelling on the sentence embeddings of the alignment layer.

    The embeddings come from the same (masked) pass as MLM. Negatives are gathered from all processes; equal sentences
    are never each other's negatives.

    Args:
        preset (`str`): `"default"` (cosine, τ 0.05) or `"paper"` (dot product, τ 1.0, factor ½).
        temperature, similarity, factor: override the preset; see
            [`~hf_xalign.losses.transliteration_contrastive_loss`].
        weight (`float`): of this objective in the total.
    """

    views = ("source", "target")
    contrastive = True

    def __init__(
        self,
        *,
        preset: str = "default",
        temperature: float | None = None,
        similarity: str | None = None,
        factor: float | None = None,
        weight: float = 1.0,
    ):
        super().__init__(weight=weight)
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

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        first, second = inputs.sentence_embeddings("source"), inputs.sentence_embeddings("target")
        counts = row_counts(first)
        rows, total = len(first), sum(counts)
        if total < 2 and not self.training:
            # The odd row at the end of a validation set has nothing to be told apart from.
            return first.sum() * 0
        # One exchange for both sides: (N, 2, D).
        both = gather_rows(torch.stack([first, second], dim=1), counts)
        groups = inputs.row_groups
        loss = transliteration_contrastive_loss(
            first,
            second,
            **self.settings,
            groups=groups,
            candidates=(both[:, 0], both[:, 1]),
            candidate_groups=None if groups is None else gather_rows(groups, counts),
            offset=sum(counts[: rank()]),
        )
        # DDP averages over processes, not over rows: a process with fewer rows must count for less.
        return loss * (rows * world_size() / total)
