"""One view, one pass: each view goes through the encoder once, as far as it is read, beside rows of like length."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from contextlib import nullcontext

import torch
import torch.nn.functional as F
from transformers import PreTrainedModel

from hf_xalign.backbones import first_layers, has_token_types
from hf_xalign.heads import EncodedView
from hf_xalign.language_embeddings import LanguageEmbeddings


# A forward pass takes rows of like length, of whichever views, and enough tokens to keep the machine busy.
CPU_PASS_TOKENS = 512
GPU_PASS_TOKENS = 16_384


def encode_views(
    encoder: PreTrainedModel,
    views: Mapping[str, dict[str, torch.Tensor]],
    pad_token_id: int,
    *,
    languages: LanguageEmbeddings | None = None,
    layers: Mapping[str, Collection[int]] | None = None,
    pass_tokens: int | None = None,
    pass_per_view: bool = False,
) -> dict[str, EncodedView]:
    """Encode views, each row once, and no further than it is read.

    Args:
        encoder: the backbone without its LM head.
        views: by name; `input_ids`, `attention_mask`, `special_tokens_mask` of shape `(B, L)`, optionally `labels`,
            `token_type_ids`, `word_ids` and `language_ids`. B is the same for all, L is not; padding is on the right.
        pad_token_id: fills what merging makes wider.
        languages: added to the word embeddings, where there are any.
        layers: by view, the layers whose states are wanted; all are by default.
        pass_tokens: the fewest tokens of a forward pass that is to be followed by another; a default for the device.
        pass_per_view: make one pass a view, whatever the lengths of its rows, as sharded parameters want it: all
            processes make the same passes then.

    Returns:
        `dict[str, EncodedView]`: by the same names. The states of padding mean nothing.
    """
    depth = encoder.config.num_hidden_layers
    wanted = {name: set(range(depth + 1) if layers is None else layers[name]) for name in views}
    encoded: dict[str, EncodedView] = {}
    depths = sorted({max(own) for own in wanted.values()})
    together = [[name for name in views if max(wanted[name]) == last] for last in depths]
    if pass_per_view:
        together = [[name] for names in together for name in names]
        pass_tokens = sys.maxsize
    for names in together:
        last = max(wanted[names[0]])
        batch = _one_batch([views[name] for name in names], encoder, pad_token_id, languages)
        # Of an encoder cut down to its embeddings, not every backbone says its hidden states.
        with first_layers(encoder, max(last, 1)) if last < depth else nullcontext():
            states = _encode_rows(encoder, batch, languages, set.union(*map(wanted.get, names)), pass_tokens)
        start = 0
        for name in names:
            view = views[name]
            rows, columns = view["input_ids"].shape
            own = {layer: states[layer][start : start + rows, :columns] for layer in wanted[name]}
            encoded[name] = EncodedView(
                tuple(own.get(layer) for layer in range(depth + 1)),
                view["attention_mask"],
                view["special_tokens_mask"],
                view.get("labels"),
                view.get("word_ids"),
            )
            start += rows
    return encoded


def _one_batch(views, encoder, pad_token_id, languages) -> dict[str, torch.Tensor]:
    """All rows of these views below each other."""
    width = max(view["input_ids"].shape[1] for view in views)
    fill = {"input_ids": pad_token_id, "attention_mask": 0, "token_type_ids": 0, "language_ids": 0}
    # Tokenizers number the halves of a pair also for backbones that have a single type, or none.
    keys = ("input_ids", "attention_mask") + ("token_type_ids",) * has_token_types(encoder.config)
    keys += ("language_ids",) * (languages is not None)
    batch = {}
    for key in keys:
        if any(key in view for view in views):
            # A view of single sentences may lack the token types that a pair has: they are all 0.
            rows = [view.get(key, torch.zeros_like(view["input_ids"])) for view in views]
            batch[key] = torch.cat([F.pad(row, (0, width - row.shape[1]), value=fill[key]) for row in rows])
    return batch


def _encode_rows(encoder, batch, languages, layers, pass_tokens) -> dict[int, torch.Tensor]:
    """The states `(B, L, D)` of all rows at each of the layers."""
    ids = batch["input_ids"]
    if pass_tokens is None:
        pass_tokens = CPU_PASS_TOKENS if ids.device.type == "cpu" else GPU_PASS_TOKENS
    if ids.numel() < 2 * pass_tokens:
        states = _hidden_states(encoder, batch, languages)
        return {layer: states[layer] for layer in layers}
    lengths = batch["attention_mask"].sum(1)
    order = lengths.argsort(descending=True, stable=True)
    sizes = passes(lengths[order].tolist(), pass_tokens)
    rows_of = order.split([count for count, _ in sizes])
    widths = [width for _, width in sizes]
    cut = [
        {key: value[rows, :width] for key, value in batch.items()} for rows, width in zip(rows_of, widths, strict=True)
    ]
    parts: dict[int, list[torch.Tensor]] = {layer: [] for layer in layers}
    for own_batch, embeddings, width in zip(cut, _word_embeddings(encoder, cut), widths, strict=True):
        states = _hidden_states(encoder, own_batch, languages, embeddings)
        for layer, own in parts.items():
            own.append(F.pad(states[layer], (0, 0, 0, ids.shape[1] - width)))
    place = order.argsort()
    return {layer: torch.cat(own).index_select(0, place) for layer, own in parts.items()}


def passes(lengths: list[int], pass_tokens: int) -> list[tuple[int, int]]:
    """The numbers of rows, and the width, of the forward passes for rows of these lengths, longest first.

    >>> passes([50, 50, 48, 30, 30, 29, 10], 60)
    [(2, 50), (2, 48), (3, 30)]
    """
    left = sum(lengths)
    sizes: list[tuple[int, int]] = []
    start = tokens = 0
    for row, length in enumerate(lengths):
        if length < lengths[start] and tokens >= pass_tokens and left >= pass_tokens:
            sizes.append((row - start, lengths[start]))
            start, tokens = row, 0
        tokens += length
        left -= length
    return [*sizes, (len(lengths) - start, lengths[start])]


def _word_embeddings(encoder, batches) -> list[torch.Tensor]:
    """The word embeddings `(B, L, D)` of each of the batches, looked up at once: the gradient of every look-up is as
    large as the whole table."""
    ids = [batch["input_ids"] for batch in batches]
    embeddings = encoder.get_input_embeddings()(torch.cat([own.flatten() for own in ids]))
    parts = embeddings.split([own.numel() for own in ids])
    return [part.view(*own.shape, -1) for part, own in zip(parts, ids, strict=True)]


def _hidden_states(encoder, batch, languages, embeddings=None) -> tuple[torch.Tensor, ...]:
    """The states of every layer; `embeddings` are those of the words, where they have been looked up."""
    batch = dict(batch)
    if languages is not None and embeddings is None:
        embeddings = encoder.get_input_embeddings()(batch["input_ids"])
    if languages is not None:
        embeddings = embeddings + languages(batch.pop("language_ids"))
    if embeddings is not None:
        batch["inputs_embeds"] = embeddings
        del batch["input_ids"]
    return encoder(**batch, output_hidden_states=True).hidden_states
