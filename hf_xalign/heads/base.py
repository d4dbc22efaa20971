"""What a head is: views in, one loss out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import nn


@dataclass
class EncodedView:
    """One tokenised batch after its pass through the encoder; B rows of width L, hidden size D.

    Attributes:
        hidden_states: states by layer, each `(B, L, D)`; 0 is the embedding layer, the last one the encoder's output.
        attention_mask: `(B, L)`, 1 where a token stands.
        special_tokens_mask: `(B, L)`, 1 on the tokens that the tokenizer put around the text, and on padding; a
            `<mask>` is text.
        labels: `(B, L)`, the token to predict, -100 elsewhere; None for an unmasked view.
    """

    hidden_states: tuple[torch.Tensor, ...]
    attention_mask: torch.Tensor
    special_tokens_mask: torch.Tensor
    labels: torch.Tensor | None = None


@dataclass
class HeadInputs:
    """All that a head may read. It is made once per step and shared by the heads.

    Attributes:
        views: the encoded views of the step by name.
        lm_head: hidden states `(M, D)` → vocabulary scores `(M, V)`.
        alignment_layer: the layer of the sentence embeddings.
        pooling: `"mean"` over non-special tokens, or `"cls"`.
        row_groups: integers `(B, K)`; rows that share one are never each other's negatives.
        label_counts: labels per view and micro-batch, as a mean over the accumulation window and all processes;
            None outside training (a batch's own count is used).
    """

    views: dict[str, EncodedView]
    lm_head: Callable[[torch.Tensor], torch.Tensor]
    alignment_layer: int
    pooling: str = "mean"
    row_groups: torch.Tensor | None = None
    label_counts: dict[str, torch.Tensor] | None = None
    _sentences: dict[str, torch.Tensor] = field(default_factory=dict)

    def sentence_embeddings(self, view: str) -> torch.Tensor:
        """Sentence embeddings `(B, D)` of a view at the alignment layer, pooled once however many heads ask."""
        if view not in self._sentences:
            encoded = self.views[view]
            states = encoded.hidden_states[self.alignment_layer]
            self._sentences[view] = pool(states, encoded.special_tokens_mask, self.pooling)
        return self._sentences[view]


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
        return states[:, 0]
    # Autocast would take the sum in half precision, and a contrastive loss reads differences of such means.
    with torch.autocast(states.device.type, enabled=False):
        states = states.float() if states.dtype in (torch.float16, torch.bfloat16) else states
        text = (1 - special_tokens_mask).to(states.dtype)
        return torch.einsum("bld,bl->bd", states, text) / text.sum(1, keepdim=True).clamp(min=1)


class Head(nn.Module):
    """An objective. Subclasses say which views they read and turn `HeadInputs` into a scalar.

    Attributes:
        views: names of the views (`source`, `target`, `pair`) that must be in the batch.
        contrastive: whether the loss needs at least two rows in the (global) batch.
        uses_lm_head: whether it predicts tokens; without any such head, a part of the model gets no gradient.
    """

    views: ClassVar[tuple[str, ...]]
    contrastive: ClassVar[bool] = False
    uses_lm_head: ClassVar[bool] = False

    def __init__(self, *, weight: float = 1.0):
        super().__init__()
        self.weight = float(weight)

    def reset_parameters(self) -> None:
        """Give parameters of the head's own (`nn.Parameter`) their first values.

        The constructor is no place for it: `from_pretrained` builds models without storage and fills what the
        checkpoint lacks afterwards. Modules in the head (`nn.Linear`, ...) start as the backbone's do.
        """

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        raise NotImplementedError
