"""Cross-entropy on masked positions only: the LM head never sees the other 85 %."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint

from hf_xalign.heads.base import HeadInputs
from hf_xalign.precision import at_least_float32


# Rows of vocabulary scores held at once; more are computed in chunks, and again in the backward pass. 8 192 rows of a
# 30 000 vocabulary are 1 GB in float32.
MAX_LOGIT_ROWS = 8192


def masked_lm_loss(inputs: HeadInputs, view: str, *, max_rows: int = MAX_LOGIT_ROWS) -> torch.Tensor:
    """Mean cross-entropy over the labelled tokens of a view (Devlin et al., 2019, section 3.1), a scalar.

    Equal to transformers' own masked language model loss on the same labels. Where `inputs.label_counts` is given, the
    sum over this micro-batch is divided by that count instead of its own, so that the mean over micro-batches and
    processes is the mean over all their tokens. A view without labels gives 0 (and keeps the graph whole).
    """
    encoded = inputs.views[view]
    # On a GPU, finding the labels waits for it; it is done once.
    labelled = (encoded.labels != -100).flatten().nonzero().squeeze(1)
    states, labels = encoded.hidden_states[-1].flatten(0, 1)[labelled], encoded.labels.flatten()[labelled]
    # Without labels the gradient must still reach every parameter that DDP waits for: an empty sum does that.
    total = sum(_chunk_losses(inputs.lm_head, states, labels, max_rows))
    if inputs.label_counts is None:
        return total / max(len(labels), 1)
    # The count may be a fraction (one label in eight micro-batches); it is 0 only where the sum is.
    return total / inputs.label_counts[view].clamp(min=1e-6)


def _chunk_losses(lm_head, states, labels, max_rows):
    if len(labels) <= max_rows:
        yield _summed_cross_entropy(lm_head, states, labels)
        return
    for chunk, chunk_labels in zip(states.split(max_rows), labels.split(max_rows), strict=True):
        yield checkpoint(_summed_cross_entropy, lm_head, chunk, chunk_labels, use_reentrant=False)


def _summed_cross_entropy(lm_head, states, labels):
    return F.cross_entropy(at_least_float32(lm_head(states)), labels, reduction="sum")
