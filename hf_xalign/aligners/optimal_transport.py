"""Word alignment as optimal transport."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn.functional import normalize

from hf_xalign.aligners import matching
from hf_xalign.aligners.embedding import EmbeddingAligner
from hf_xalign.aligners.settings import check_above, check_between, check_choice
from hf_xalign.aligners.transport import KINDS, MASSES, require_pot, transport_plan
from hf_xalign.aligners.units import PairBatch


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class OptimalTransport(EmbeddingAligner):
    """Optimal transport (Arase et al., ACL 2023): words are masses, and links are where much mass is moved.

    Words are the means of their sub-words. Costs are cosine distances. A link's score is the mass that is moved from
    one word to the other, between the least (0) and the most (1) of the pair's cells, so it compares the links of one
    pair: the best one has 1 in every pair. Links are the cells scored `threshold` or more, and above 0.

    The defaults did well on 200 development pairs of XL-WA with a small encoder; they depend on the encoder, so try
    others (`xalign align --audit` tells precision and recall).

    Args:
        model, tokenizer, layer, batch_tokens, device, threshold: see [`EmbeddingAligner`].
        kind: `"balanced"`, all mass is moved; `"partial"`, the share `share`; `"unbalanced"`, mass is left where
            moving it costs more than `relaxation` allows. The last two leave words unaligned.
        masses: `"uniform"`, each word weighs the same, or `"norm"`, the length of its vector.
        reg: weight of the entropy that smooths the plan; 0 for the exact plan (balanced and partial).
        share: of the smaller side's mass that is moved, for partial transport.
        relaxation: price of mass that appears or vanishes, for unbalanced transport.
    """

    name = "ot"
    token_type = "word"

    def __init__(
        self,
        model: str | os.PathLike | PreTrainedModel,
        *,
        kind: str = "unbalanced",
        masses: str = "uniform",
        reg: float = 0.05,
        share: float = 0.9,
        relaxation: float = 0.5,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        layer: int | None = None,
        batch_tokens: int | None = None,
        device: str | torch.device | None = None,
        threshold: float = 0.2,
    ) -> None:
        check_choice("kind", kind, KINDS)
        check_choice("masses", masses, MASSES)
        check_between("reg", reg, 0, np.inf)
        check_between("share", share, 0, 1)
        check_above("share", share)
        check_above("relaxation", relaxation)
        if kind == "unbalanced":
            check_above("reg", reg)
        require_pot()
        super().__init__(
            model, tokenizer=tokenizer, layer=layer, batch_tokens=batch_tokens, device=device, threshold=threshold
        )
        self.kind = kind
        self.masses = masses
        self.reg = float(reg)
        self.share = float(share)
        self.relaxation = float(relaxation)

    def _settings(self) -> dict[str, Any]:
        extra = {"balanced": (), "partial": ("share",), "unbalanced": ("relaxation",)}[self.kind]
        return {name: getattr(self, name) for name in ("kind", "masses", "reg", *extra)}

    def _match(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        similarities = matching.cosine_similarities(normalize(batch.source, dim=2), normalize(batch.target, dim=2))
        similarities = similarities.double().cpu().numpy()
        masses = [self._masses(side).cpu().numpy() for side in (batch.source, batch.target)]
        sizes = zip(batch.mask.any(2).sum(1).tolist(), batch.mask.any(1).sum(1).tolist(), strict=True)
        scores = np.zeros(similarities.shape)
        for pair, (rows, columns) in enumerate(sizes):
            scores[pair, :rows, :columns] = transport_plan(
                similarities[pair, :rows, :columns],
                masses[0][pair, :rows],
                masses[1][pair, :columns],
                kind=self.kind,
                reg=self.reg,
                share=self.share,
                relaxation=self.relaxation,
            )
        scores = torch.from_numpy(scores).to(batch.mask.device)
        return (scores > 0) & (scores >= self.threshold), scores

    def _masses(self, vectors: torch.Tensor) -> torch.Tensor:
        return vectors.norm(dim=2) if self.masses == "norm" else torch.ones(vectors.shape[:2])
