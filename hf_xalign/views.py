"""One view, one pass: each view goes through the encoder once, views of like width together."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from hf_xalign.backbones import has_token_types
from hf_xalign.heads import EncodedView
from hf_xalign.language_embeddings import LanguageEmbeddings


# Views are merged when the widest is at most this much wider than the narrowest: one larger pass is cheaper than two,
# padding that the encoder computes for nothing is not.
MERGE_RATIO = 1.1


def encode_views(
    encoder: PreTrainedModel,
    views: dict[str, dict[str, torch.Tensor]],
    pad_token_id: int,
    *,
    languages: LanguageEmbeddings | None = None,
) -> dict[str, EncodedView]:
    """Encode views, each once.

    Args:
        encoder: the backbone without its LM head.
        views: by name; `input_ids`, `attention_mask`, `special_tokens_mask` of shape `(B, L)`, optionally `labels`,
            `token_type_ids`, `word_ids` and `language_ids`. B is the same for all, L is not.
        pad_token_id: fills what merging makes wider.
        languages: added to the word embeddings, where there are any.

    Returns:
        `dict[str, EncodedView]`: by the same names.
    """
    encoded: dict[str, EncodedView] = {}
    for names in _like_widths(views):
        states = _encode_together(encoder, [views[name] for name in names], pad_token_id, languages)
        for name, hidden_states in zip(names, states, strict=True):
            view = views[name]
            encoded[name] = EncodedView(
                hidden_states,
                view["attention_mask"],
                view["special_tokens_mask"],
                view.get("labels"),
                view.get("word_ids"),
            )
    return encoded


def _like_widths(views) -> list[list[str]]:
    groups: list[list[str]] = []
    for name in sorted(views, key=lambda name: views[name]["input_ids"].shape[1]):
        width = views[name]["input_ids"].shape[1]
        if groups and width <= MERGE_RATIO * views[groups[-1][0]]["input_ids"].shape[1]:
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def _encode_together(encoder, views, pad_token_id, languages) -> list[tuple[torch.Tensor, ...]]:
    width = max(view["input_ids"].shape[1] for view in views)
    fill = {"input_ids": pad_token_id, "attention_mask": 0, "token_type_ids": 0, "language_ids": 0}
    batch = {}
    # Tokenizers number the halves of a pair also for backbones that have a single type, or none.
    keys = ("input_ids", "attention_mask") + ("token_type_ids",) * has_token_types(encoder.config)
    keys += ("language_ids",) * (languages is not None)
    for key in keys:
        if any(key in view for view in views):
            # A view of single sentences may lack the token types that a pair has: they are all 0.
            rows = [view.get(key, torch.zeros_like(view["input_ids"])) for view in views]
            batch[key] = torch.cat([F.pad(row, (0, width - row.shape[1]), value=fill[key]) for row in rows])
    if languages is not None:
        batch["inputs_embeds"] = encoder.get_input_embeddings()(batch.pop("input_ids")) + languages(
            batch.pop("language_ids")
        )
    layers = encoder(**batch, output_hidden_states=True).hidden_states
    parts, start = [], 0
    for view in views:
        rows, columns = view["input_ids"].shape
        parts.append(tuple(layer[start : start + rows, :columns] for layer in layers))
        start += rows
    return parts
