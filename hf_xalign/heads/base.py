"""What a head is: views in, one loss out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from hf_xalign.own_parameters import OwnParameters
from hf_xalign.precision import at_least_float32


@dataclass
class EncodedView:
    """One tokenised batch after its pass through the encoder; B rows of width L, hidden size D.

    Attributes:
        hidden_states: states by layer, each `(B, L, D)`; 0 is the embedding layer, the last one the encoder's output;
            None for the layers that no head of the model reads in this view.
        attention_mask: `(B, L)`, 1 where a token stands.
        special_tokens_mask: `(B, L)`, 1 on the tokens that the tokenizer put around the text, and on padding; a
            `<mask>` is text.
        labels: `(B, L)`, the token to predict, -100 elsewhere; None for an unmasked view.
        word_ids: `(B, L)`, the word that a token belongs to, -1 for none; None where the words are not known.
    """

    hidden_states: tuple[torch.Tensor | None, ...]
    attention_mask: torch.Tensor
    special_tokens_mask: torch.Tensor
    labels: torch.Tensor | None = None
    word_ids: torch.Tensor | None = None


@dataclass
class HeadInputs:
    """All that a head may read. It is made once per step and shared by the heads.

    Attributes:
        views: the encoded views of the step by name.
        lm_head: hidden states `(M, D)` → vocabulary scores `(M, V)`.
        alignment_layer: the layer of the sentence embeddings.
        pooling: `"mean"` over non-special tokens, or `"cls"`.
        row_groups: integers `(B, K)`; rows that share one are never each other's negatives.
        links: `(P, 3)`, a row for each word link of the batch: its row in the batch, its source and its target word. P
            may be 0; None where the rows hold no alignments.
        link_groups: integers `(P, 2)`, the word types of both sides; links that share one are no negatives.
        label_counts: labels per view, and rows as `"rows"`, of a micro-batch, as a mean over the accumulation window
            and all processes; None outside training (a batch's own counts are used).
    """

    views: dict[str, EncodedView]
    lm_head: Callable[[torch.Tensor], torch.Tensor]
    alignment_layer: int
    pooling: str = "mean"
    row_groups: torch.Tensor | None = None
    links: torch.Tensor | None = None
    link_groups: torch.Tensor | None = None
    label_counts: dict[str, torch.Tensor] | None = None
    _sentences: dict[tuple[str, str], torch.Tensor] = field(default_factory=dict)

    def sentence_embeddings(self, view: str, pooling: str | None = None) -> torch.Tensor:
        """Sentence embeddings `(B, D)` of a view at the alignment layer, pooled once however many heads ask.

        `pooling` is `"mean"` or `"cls"`; None: the model's own.
        """
        key = view, pooling or self.pooling
        if key not in self._sentences:
            encoded = self.views[view]
            states = encoded.hidden_states[self.alignment_layer]
            self._sentences[key] = pool(states, encoded.special_tokens_mask, key[1])
        return self._sentences[key]

    def word_embeddings(self, view: str, rows: torch.Tensor, words: torch.Tensor, layer: int = -1) -> torch.Tensor:
        """Words `(P, D)`, each the mean of its sub-words' states: word `words[p]` of row `rows[p]` of a view.

        Args:
            view: by name; its words must be known (`needs_words` or `needs_alignments`).
            rows, words: integers `(P,)`.
            layer: whose states; -1 is the last one.
        """
        encoded = self.views[view]
        return pool_words(encoded.hidden_states[layer], encoded.word_ids)[rows, words]

    def mean_over_rows(self, values: torch.Tensor) -> torch.Tensor:
        """The mean of `values`, a loss per row `(B,)`, over the rows of the step; a scalar.

        In training that is the sum over this micro-batch (or chunk of it) divided by `label_counts["rows"]`, so that
        the mean over micro-batches and processes is the mean over all their rows.
        """
        return values.sum() / (len(values) if self.label_counts is None else self.label_counts["rows"])


def pool(states: torch.Tensor, special_tokens_mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """Sentence embeddings from token states.

    Args:
        states (`torch.Tensor`): shape `(B, L, D)`.
        special_tokens_mask (`torch.Tensor`): shape `(B, L)`, 1 on tokens that are no text.
        pooling (`str`): `"mean"` over the text tokens (0 for a row without any), or `"cls"`, the first token.

    Returns:
        `torch.Tensor`: shape `(B, D)`; float32 at least, whatever the states and the autocast state.
    """
    if pooling == "cls":
        return at_least_float32(states[:, 0])
    # Autocast would take the sum in half precision, and a contrastive loss reads differences of such means.
    with torch.autocast(states.device.type, enabled=False):
        states = at_least_float32(states)
        text = (1 - special_tokens_mask).to(states.dtype)
        return torch.einsum("bld,bl->bd", states, text) / text.sum(1, keepdim=True).clamp(min=1)


def pool_words(states: torch.Tensor, word_ids: torch.Tensor) -> torch.Tensor:
    """Word embeddings: the mean of each word's sub-words.

    Args:
        states (`torch.Tensor`): shape `(B, L, D)`.
        word_ids (`torch.Tensor`): shape `(B, L)`, the word that a token belongs to, -1 for none.

    Returns:
        `torch.Tensor`: shape `(B, W, D)`, W the words of the longest row; 0 for a word without tokens. float32 at
        least, whatever the states and the autocast state.
    """
    rows, _, size = states.shape
    width = int(word_ids.max()) + 1 if word_ids.numel() else 0
    with torch.autocast(states.device.type, enabled=False):
        states = at_least_float32(states)
        # Tokens without a word are summed too, in a column that is dropped.
        slots = torch.where(word_ids < 0, width, word_ids)
        slots = (slots + (width + 1) * torch.arange(rows, device=slots.device)[:, None]).flatten()
        sums = states.new_zeros(rows * (width + 1), size).index_add(0, slots, states.flatten(0, 1))
        counts = torch.bincount(slots, minlength=rows * (width + 1)).clamp(min=1)
        return (sums / counts[:, None].to(states.dtype)).view(rows, width + 1, size)[:, :width]


class Head(OwnParameters):
    """An objective. Subclasses say which views they read and turn `HeadInputs` into a scalar.

    Where a subclass's constructor has an argument `hidden_size` or `num_layers`, the model gives it the encoder's; all
    others are options of a recipe.

    Args:
        weight (`float`): of this objective in the total.

    Attributes:
        views: names of the views that must be in the batch ([`XAlignDataCollator`] tells what there is).
        masked_views: those of the views whose tokens must be masked at random; the others are masked only where
            another head of the run wants it.
        needs_words: whether the tokens of `source` and `target` should tell their words.
        needs_alignments: whether the rows must hold words and their alignment.
        contrastive: whether the loss needs at least two rows in the (global) batch.
        uses_lm_head: whether it predicts tokens; without any such head, a part of the model gets no gradient.
        citation: BibTeX of the paper that the objective is taken from, for model cards.
    """

    views: tuple[str, ...]
    masked_views: tuple[str, ...] = ()
    needs_words: bool = False
    needs_alignments: bool = False
    contrastive: ClassVar[bool] = False
    uses_lm_head: ClassVar[bool] = False
    citation: ClassVar[str] = ""

    def __init__(self, *, weight: float = 1.0):
        super().__init__()
        self.weight = float(weight)
        # What a preset decided, by option: a card tells the value, not the preset alone.
        self.settings: dict[str, Any] = {}

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        """The layers whose states it reads, of 0 (embeddings) to `num_layers`; later ones need not run for it.

        `alignment_layer` is the one that sentence embeddings are made of.
        """
        return range(num_layers + 1)

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        """The loss of the views in `inputs`, unweighted, a scalar."""
        raise NotImplementedError
