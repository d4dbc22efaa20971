"""Inputs of heads with random states in the place of an encoder's."""

from __future__ import annotations

import torch

from hf_xalign import XAlignDataCollator
from hf_xalign.heads import EncodedView, Head, HeadInputs, build_head
from tests.tiny import VOCABULARY, word_tokenizer


SIZE = 16

# Every objective, in its variants that compute differently.
HEADS = {
    "mlm": ("mlm", {}),
    "tlm": ("tlm", {}),
    "tcm": ("tcm", {}),
    "tcm-paper": ("tcm", {"preset": "paper"}),
    "tr": ("tr", {"margin": 0.2}),
    "tr-cls": ("tr", {"pooling": "cls", "learnable_temperature": True}),
    "tr-projection": ("tr", {"projection": "tanh"}),
    "wtr": ("wtr", {}),
    "wtr-projection": ("wtr", {"projection": "linear", "learnable_temperature": True}),
    "awp": ("awp", {}),
    "awp-cross": ("awp", {"variant": "cross"}),
    "so": ("so", {"softmax_threshold": 0.1}),
    "so-links": ("so", {"guide": "links"}),
    "so-entmax": ("so", {"extraction": "entmax15"}),
    "co": ("co", {}),
    "co-entmax": ("co", {"extraction": "entmax15"}),
}


def make_head(key: str, **options) -> Head:
    name, given = HEADS[key]
    torch.manual_seed(0)
    head = build_head(name, {**given, **options}, hidden_size=SIZE, num_layers=1)
    for module in head.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return head


def make_inputs(head: Head, rows: list[dict], *, scale: float = 1.0, seed: int = 0) -> tuple[HeadInputs, list]:
    """What a head gets of these rows, and the states `(B, L, D)` of each view, leaves in float32."""
    batch = XAlignDataCollator(word_tokenizer(), views=head.views, masked_views=head.masked_views)(rows)
    generator = torch.Generator().manual_seed(seed)
    views, leaves = {}, []
    for name in head.views:
        view = batch[name]
        states = scale * torch.randn(*view["input_ids"].shape, SIZE, generator=generator)
        leaves.append(states.requires_grad_())
        masks = (view[key] for key in ("attention_mask", "special_tokens_mask"))
        views[name] = EncodedView((states,), *masks, view.get("labels"), view.get("word_ids"))
    decoder = torch.nn.Linear(SIZE, VOCABULARY)
    torch.nn.init.normal_(decoder.weight, generator=generator)
    fields = {key: batch.get(key) for key in ("row_groups", "links", "link_groups")}
    return HeadInputs(views, decoder, alignment_layer=0, **fields), leaves


def with_states(inputs: HeadInputs, states: list[torch.Tensor], **changes) -> HeadInputs:
    """The same inputs with other states."""
    views = {
        name: EncodedView((own,), view.attention_mask, view.special_tokens_mask, view.labels, view.word_ids)
        for (name, view), own in zip(inputs.views.items(), states, strict=True)
    }
    fields = {key: getattr(inputs, key) for key in ("lm_head", "row_groups", "links", "link_groups", "label_counts")}
    return HeadInputs(views, alignment_layer=0, **(fields | changes))
