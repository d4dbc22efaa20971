"""AWESOME: links where both directions' probabilities agree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import torch

from hf_xalign.aligners import matching
from hf_xalign.aligners.embedding import EmbeddingAligner
from hf_xalign.aligners.settings import check_between, check_choice
from hf_xalign.aligners.units import PairBatch
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class AwesomeAlign(EmbeddingAligner):
    """AWESOME (Dou and Neubig, EACL 2021): the same links as awesome-align 0.1.7 gives with the same encoder.

    Sub-words are compared by the dot product of their states, as it is. Both directions are turned into probabilities,
    and a cell is a link where both are above the threshold. A link's score is the probability that awesome-align
    writes (`--output_prob_file`): the harmonic mean of the softmaxes of both directions, taken over dot products
    divided by the root of the length of the other side; the largest one of the words' linked sub-words.

    Args:
        model, tokenizer, layer, batch_tokens, device, threshold: see [`EmbeddingAligner`].
        extraction: `"softmax"`, or `"entmax15"` (needs the package entmax), whose probabilities are 0 for most cells.
        softmax_threshold: what a probability must exceed in both directions; for entmax15 that is always 0.
    """

    name = "awesome"

    def __init__(
        self,
        model: str | os.PathLike | PreTrainedModel,
        *,
        extraction: str = "softmax",
        softmax_threshold: float = 0.001,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        layer: int | None = None,
        batch_tokens: int | None = None,
        device: str | torch.device | None = None,
        threshold: float = 0.0,
    ) -> None:
        check_choice("extraction", extraction, ("softmax", "entmax15"))
        check_between("softmax_threshold", softmax_threshold, 0, 1)
        if extraction == "entmax15":
            _require_entmax()
        super().__init__(
            model, tokenizer=tokenizer, layer=layer, batch_tokens=batch_tokens, device=device, threshold=threshold
        )
        self.extraction = extraction
        self.softmax_threshold = float(softmax_threshold)

    def _settings(self) -> dict[str, Any]:
        if self.extraction == "entmax15":
            return {"extraction": self.extraction}
        return {"extraction": self.extraction, "softmax_threshold": self.softmax_threshold}

    def _match(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        products = torch.bmm(batch.source, batch.target.transpose(1, 2))
        if self.extraction == "softmax":
            forward, reverse = matching.softmax_both_ways(products, batch.mask)
            links = (forward > self.softmax_threshold) & (reverse > self.softmax_threshold)
        else:
            forward, reverse = matching.entmax15_both_ways(products, batch.mask)
            links = (forward > 0) & (reverse > 0)
        return links, matching.tempered_agreement(products, batch.mask)


def _require_entmax() -> None:
    try:
        import entmax  # noqa: F401
    except ImportError as error:
        raise XAlignError(
            "extraction 'entmax15' needs the package entmax: pip install 'hf_xalign[awesome]'"
        ) from error
