"""SO: AWESOME-align's self-training; what the model links already, or is told to link, is linked more surely."""

from __future__ import annotations

import torch

from hf_xalign.citations import AWESOME
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import EncodedView, HeadInputs
from hf_xalign.heads.soft_alignment import SoftAlignment, SoftAlignmentHead


GUIDES = ("self", "links")


class SOHead(SoftAlignmentHead):
    """The self-training objective (Dou and Neubig, EACL 2021, section 2.2), and its supervised form.

    With p(j | i) and p(i | j) the two directions of attention between the n source and m target tokens of a row, and A
    the guide, its loss is −(Σ A·p(j | i) / n + Σ A·p(i | j) / m): 0 at most, −2 at least. A row without links has loss
    0, and counts in the mean.

    The guide is made of words: all tokens of two linked words are linked. Tokens without a word, and all tokens of
    rows without words, count as words of their own. It is never differentiated.

    - `"self"`: words of which two tokens exceed the threshold in both directions, in this very pass (awesome-align
      encodes once more without dropout).
    - `"links"`: the rows' own alignment, gold or another aligner's; links that truncation took are left out.

    Where another head of the run masks the sentences (`mlm`), this one reads them masked. awesome-align does not;
    `tlm`, which masks a view of its own, leaves them whole.

    Args:
        guide (`str`): `"self"` or `"links"`.
        layer (`int`, *optional*): of the token states; by default the model's alignment layer, 8 of 12.
        extraction (`str`): `"softmax"` of raw dot products, or `"entmax15"` (needs the package entmax), which gives no
            gradient to tokens whose probability is exactly 0: with `guide="links"` take the softmax.
        softmax_threshold (`float`): what a probability must exceed in the guide; for entmax15 that is always 0.
        weight (`float`): of this objective in the total.

    Raises:
        XAlignError: an unknown guide or extraction, a layer or a threshold out of range, or entmax is not installed.
    """

    name = "so"
    needs_words = True
    citation = AWESOME

    def __init__(
        self,
        *,
        guide: str = "self",
        layer: int | None = None,
        extraction: str = "softmax",
        softmax_threshold: float = 0.001,
        weight: float = 1.0,
        num_layers: int | None = None,
    ):
        super().__init__(layer=layer, extraction=extraction, weight=weight, num_layers=num_layers)
        if guide not in GUIDES:
            raise XAlignError(f"heads.so.guide is {guide!r}; choose one of {', '.join(GUIDES)}")
        if not 0 <= softmax_threshold < 1:
            raise XAlignError(f"heads.so.softmax_threshold is {softmax_threshold!r}; it must be 0 to 1")
        self.guide = guide
        self.threshold = float(softmax_threshold) if extraction == "softmax" else 0.0
        self.needs_alignments = guide == "links"

    def row_losses(self, inputs: HeadInputs, soft: SoftAlignment) -> torch.Tensor:
        source, target = (inputs.views[view] for view in self.views)
        if self.guide == "links":
            guide = guide_of_links(inputs.links, source.word_ids, target.word_ids) & soft.cells
        else:
            links = (soft.forward > self.threshold) & (soft.reverse > self.threshold)
            guide = whole_words(links, source, target) & soft.cells
        forward, reverse = ((side * guide).sum((1, 2)) for side in (soft.forward, soft.reverse))
        return -(forward / soft.source_sizes + reverse / soft.target_sizes)


def whole_words(links: torch.Tensor, source: EncodedView, target: EncodedView) -> torch.Tensor:
    """Links of tokens, `(B, L, K)` bool, made links of all tokens of their words."""
    first, second = (_same_word(view).float() for view in (source, target))
    return first @ links.float() @ second > 0


def guide_of_links(links: torch.Tensor, source_words: torch.Tensor, target_words: torch.Tensor) -> torch.Tensor:
    """Links of words as links of all their tokens, `(B, L, K)` bool.

    Args:
        links: `(P, 3)`: row, source word, target word; a word that no token belongs to has no effect.
        source_words, target_words: `(B, L)` and `(B, K)`, the word that a token belongs to, -1 for none.
    """
    row, first, second = links.unbind(1)
    widths = (_width(source_words, first), _width(target_words, second))
    # The last column of each side belongs to no word: -1 points to it.
    linked = torch.zeros(len(source_words), *(width + 1 for width in widths), dtype=torch.bool, device=links.device)
    linked[row, first, second] = True
    rows = torch.arange(len(source_words), device=links.device)
    return linked[rows[:, None, None], source_words[:, :, None], target_words[:, None, :]]


def _width(words: torch.Tensor, linked: torch.Tensor) -> int:
    return 1 + max(int(part.max()) if part.numel() else -1 for part in (words, linked))


def _same_word(view: EncodedView) -> torch.Tensor:
    """Which tokens are of one word, `(B, L, L)`; a token without a word is one of its own."""
    mask = view.attention_mask
    alone = torch.eye(mask.shape[1], dtype=torch.bool, device=mask.device).expand(len(mask), -1, -1)
    if view.word_ids is None:
        return alone
    words = view.word_ids
    return alone | (words[:, :, None] == words[:, None, :]) & (words >= 0)[:, :, None]
