"""SimAlign: links by the similarity of hidden states."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch.nn.functional import normalize

from hf_xalign.aligners import matching
from hf_xalign.aligners.embedding import EmbeddingAligner
from hf_xalign.aligners.linked_cells import LinkedCells
from hf_xalign.aligners.settings import check_above, check_between, check_choice
from hf_xalign.aligners.units import PairBatch


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class SimAlign(EmbeddingAligner):
    """SimAlign (Jalili Sabet et al., Findings of EMNLP 2020): the links that its package gives with the same encoder.

    The package is that of release 0.4. Units are compared by cosine. A link's score tells how far two words prefer
    each other to all others: with p the softmax of the cosines over `temperature`, summed over a word's sub-words, it
    is the geometric mean of p(target word | source word) and p(source word | target word). It is near 1 for a word
    with one clear partner, and low where several compete; links are chosen by the method alone, unless a `threshold`
    is set.

    Args:
        model, tokenizer, layer, batch_tokens, device, threshold: see [`EmbeddingAligner`].
        method: `"inter"`, units that are each other's nearest (precise); `"itermax"`, the same once more among those
            left (recall); `"match"`, the best one-to-one assignment (the package calls it mwmf); `"fwd"` or `"rev"`,
            the nearest target unit of each source unit, or the other way round.
        token_type: `"bpe"` links sub-words, and words whose sub-words are linked; `"word"` links means of sub-words.
        distortion: 0 to 1, how strongly units at other relative positions are held for unlike.
        null_align: the share of the linked cells that are kept, those with the most decided similarities first; the
            rest is held for unaligned (the paper's null extension). Below 1 the links of a pair depend on the others
            of the call, and `needs_corpus` is True.
        temperature: of the score.
    """

    name = "simalign"
    _METHODS: ClassVar = {
        "inter": matching.mutual_argmax,
        "itermax": matching.itermax,
        "match": matching.best_assignment,
        "fwd": matching.forward_argmax,
        "rev": matching.reverse_argmax,
    }

    def __init__(
        self,
        model: str | os.PathLike | PreTrainedModel,
        *,
        method: str = "itermax",
        token_type: str = "bpe",
        distortion: float = 0.0,
        null_align: float = 1.0,
        temperature: float = 0.05,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        layer: int | None = None,
        batch_tokens: int | None = None,
        device: str | torch.device | None = None,
        threshold: float = 0.0,
    ) -> None:
        check_choice("method", method, self._METHODS)
        check_choice("token_type", token_type, ("bpe", "word"))
        check_between("distortion", distortion, 0, 1)
        check_between("null_align", null_align, 0, 1)
        check_above("temperature", temperature)
        super().__init__(
            model, tokenizer=tokenizer, layer=layer, batch_tokens=batch_tokens, device=device, threshold=threshold
        )
        self.method = method
        self.token_type = token_type
        self.distortion = float(distortion)
        self.null_align = float(null_align)
        self.temperature = float(temperature)
        self.needs_corpus = self.null_align < 1

    def _settings(self) -> dict[str, Any]:
        names = ("method", "token_type", "distortion", "null_align", "temperature")
        return {name: getattr(self, name) for name in names}

    def _similarities(self, batch: PairBatch) -> torch.Tensor:
        similarities = matching.cosine_similarities(normalize(batch.source, dim=2), normalize(batch.target, dim=2))
        return matching.distort(similarities, batch.mask, self.distortion) if self.distortion else similarities

    def _match(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        similarities = self._similarities(batch)
        links = self._METHODS[self.method](similarities, batch.mask)
        # (cos + 1) / 2 differs by half of what the cosines do.
        scores = matching.word_probabilities(
            similarities * (2 / self.temperature), batch.mask, batch.source_words, batch.target_words
        )
        rows = torch.arange(len(scores), device=scores.device)[:, None, None]
        return links, scores[rows, batch.source_words[:, :, None], batch.target_words[:, None, :]]

    def _doubts(self, batch: PairBatch) -> torch.Tensor | None:
        return matching.link_entropies(self._similarities(batch), batch.mask) if self.needs_corpus else None

    def _kept(self, found: LinkedCells, repeats: np.ndarray) -> np.ndarray | None:
        if not self.needs_corpus:
            return None
        doubts, pairs = found.doubts, found.pairs
        # Pairs too small to be doubted have none, and do not count.
        counted = np.sort(np.repeat(doubts, repeats[pairs])[np.repeat(doubts > 0, repeats[pairs])])
        if not len(counted):
            return None
        return doubts <= counted[int(self.null_align * len(counted))]
