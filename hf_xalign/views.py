"""One view, one pass: each view goes through the encoder once, views of like width together."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from hf_xalign.backbones import first_layers, has_token_types
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
    last_layers: Mapping[str, int] | None = None,
) -> dict[str, EncodedView]:
    """Encode views, each once, and no further than it is read.

    Args:
        encoder: the backbone without its LM head.
        views: by name; `input_ids`, `attention_mask`, `special_tokens_mask` of shape `(B, L)`, optionally `labels`,
            `token_type_ids`, `word_ids` and `language_ids`. B is the same for all, L is not.
        pad_token_id: fills what merging makes wider.
        languages: added to the word embeddings, where there are any.
        last_layers: by view, the last layer whose states are wanted; all are by default.

    Returns:
        `dict[str, EncodedView]`: by the same names.
    """
    encoded: dict[str, EncodedView] = {}
    whole = encoder.config.num_hidden_layers
    last_layers = dict.fromkeys(views, whole) if last_layers is None else last_layers
    for names in _like_views(views, last_layers):
        # Of an encoder cut down to its embeddings, not every backbone says its hidden states.
        last = max(1, last_layers[names[0]])
        with first_layers(encoder, last) if last < whole else nullcontext():
            states = _encode_together(encoder, [views[name] for name in names], pad_token_id, languages)
        for name, hidden_states in zip(names, states, strict=True):
            view = views[name]
            encoded[name] = EncodedView(
                hidden_states + (None,) * (whole - last),
                view["attention_mask"],
                view["special_tokens_mask"],
                view.get("labels"),
                view.get("word_ids"),
            )
    return encoded


def _like_views(views, last_layers) -> list[list[str]]:
    """The names of views that go through the encoder together: as far as each other, and of like width."""
    groups: list[list[str]] = []
    sizes = {name: (last_layers[name], view["input_ids"].shape[1]) for name, view in views.items()}
    for name in sorted(views, key=sizes.get):
        last, width = sizes[name]
        first = sizes[groups[-1][0]] if groups else (None, 0)
        if last == first[0] and width <= MERGE_RATIO * first[1]:
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
