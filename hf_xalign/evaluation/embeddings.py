"""One vector per sentence and layer, the same whatever the batch and its padding."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm.auto import tqdm

from hf_xalign.backbones import check_encoder, first_layers
from hf_xalign.encoding import evaluation_mode, length_sorted_batches
from hf_xalign.errors import XAlignError
from hf_xalign.vocabulary import check_token_ids


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

POOLINGS = ("mean", "cls")


@dataclass(frozen=True)
class TokenizedSentences:
    """Sentences as token ids, not padded; equal sentences are kept once.

    `rows[u]` holds the model inputs of the u-th different sentence and its `special_tokens_mask`; `index[n]` is the
    row of sentence n; `truncated` is the number of sentences (not rows) that lost tokens to the length limit.
    """

    rows: list[dict[str, list[int]]]
    index: np.ndarray
    truncated: int
    pad_values: dict[str, int]

    def __len__(self) -> int:
        return len(self.index)


def length_limit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> int:
    """The length, in tokens, at which sentences are cut: `max_length`, else what tokenizer and encoder both allow.

    Raises:
        XAlignError: `max_length` is more than the encoder has positions for.
    """
    # Relative positions have no limit; neither has a tokenizer that was saved without one (it says 1e30).
    positions = _positions(model) or 2**30
    if max_length is None:
        return min(tokenizer.model_max_length, positions)
    if max_length > positions:
        raise XAlignError(f"max_length {max_length} is more than the {positions} tokens that the encoder can take")
    return max_length


def _positions(model: PreTrainedModel) -> int | None:
    # RoBERTa and its kin count positions from padding_idx + 1, so the first rows of the table are never used.
    for module in model.base_model.modules():
        table = getattr(module, "position_embeddings", None)
        if isinstance(table, torch.nn.Embedding) and table.padding_idx is not None:
            return table.num_embeddings - table.padding_idx - 1
    return getattr(model.config, "max_position_embeddings", None)


def tokenize_sentences(
    tokenizer: PreTrainedTokenizerBase, sentences: Sequence[str], *, max_length: int | None = None
) -> TokenizedSentences:
    """Tokenise with special tokens, cut at `max_length` tokens (None: the tokenizer's own limit)."""
    max_length = max_length or tokenizer.model_max_length
    first: dict[str, int] = {}
    index = np.fromiter((first.setdefault(text, len(first)) for text in sentences), dtype=np.int64)
    unique = list(first)
    rows: list[dict[str, list[int]]] = []
    if unique:
        encoded = tokenizer(unique, truncation=True, max_length=max_length, return_special_tokens_mask=True)
        keys = [
            key
            for key in ("input_ids", "attention_mask", "token_type_ids", "special_tokens_mask")
            if key in encoded  # RoBERTa tokenizers give no token types
        ]
        rows = [{key: encoded[key][row] for key in keys} for row in range(len(unique))]
    # Only a row that fills the limit can have been cut; tokenising those few again tells which were.
    full = [row for row, features in enumerate(rows) if len(features["input_ids"]) >= max_length]
    cut = np.zeros(len(rows), dtype=bool)
    if full:
        whole = tokenizer([unique[row] for row in full], truncation=False, verbose=False)["input_ids"]
        cut[full] = [len(ids) > max_length for ids in whole]
    pad_values = {
        "input_ids": tokenizer.pad_token_id or 0,
        "attention_mask": 0,
        "token_type_ids": tokenizer.pad_token_type_id,
        "special_tokens_mask": 1,
    }
    return TokenizedSentences(rows, index, int(cut[index].sum()), pad_values)


def sentence_embeddings(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[str],
    *,
    layers: Sequence[int] | None = None,
    pooling: str = "mean",
    batch_tokens: int = 4096,
    max_length: int | None = None,
    device: torch.device | str | None = None,
    progress: bool = False,
) -> dict[int, np.ndarray]:
    """Embed sentences with a plain encoder.

    Args:
        model: an `AutoModel`, or any model whose `.base_model` is the encoder; only the encoder is called. It is put
            in eval mode for the call and every module's mode is restored afterwards.
        sentences: N texts.
        layers: indices into the encoder's `hidden_states` (0 is the embeddings, k the output of layer k; negative
            ones count from the end); None: all. Later layers than these are not run, where the backbone is one whose
            layers are known.
        pooling: "mean" over the non-special tokens (a sentence without any gets the zero vector), or "cls", the state
            of the first token.
        batch_tokens: padded tokens per forward pass.
        max_length: tokens, special ones included, at which a sentence is cut; None: what tokenizer and model allow.
        device: where to run; None: where the model is. The model is moved there and stays there.
        progress: whether to show a bar.

    Returns:
        layer -> float32 array `(N, D)`, rows in the order of `sentences`.

    Raises:
        XAlignError: a layer, a length or a token id that the encoder does not have, or an unknown pooling.
    """
    tokenized = tokenize_sentences(tokenizer, sentences, max_length=length_limit(model, tokenizer, max_length))
    if tokenized.truncated:
        logger.warning("%d of %d sentences were cut to the length limit", tokenized.truncated, len(tokenized))
    if device is not None:
        model.to(device)
    return embed_tokenized(
        model, tokenized, layers=layers, pooling=pooling, batch_tokens=batch_tokens, progress=progress
    )


def embed_tokenized(
    model: PreTrainedModel,
    tokenized: TokenizedSentences,
    *,
    layers: Sequence[int] | None = None,
    pooling: str = "mean",
    batch_tokens: int = 4096,
    progress: bool | str = False,
) -> dict[int, np.ndarray]:
    """`sentence_embeddings` of sentences tokenised before, on the model's device; `progress` may name the bar."""
    encoder = model.base_model
    wanted = resolve_layers(layers, encoder.config.num_hidden_layers)
    if pooling not in POOLINGS:
        raise XAlignError(f"unknown pooling {pooling!r}: use one of {', '.join(POOLINGS)}")
    if not len(tokenized):
        raise XAlignError("there are no sentences to embed")
    largest = max(max(row["input_ids"], default=0) for row in tokenized.rows)
    # A padding token that its config has made up gets an id of its own, beyond the model's.
    check_token_ids(max(largest, tokenized.pad_values["input_ids"]), encoder)
    pooled: dict[int, np.ndarray] = {}
    label = progress if isinstance(progress, str) else "embedding"
    bar = tqdm(total=len(tokenized.rows), desc=label, unit="sentence", leave=False, disable=not progress)
    with evaluation_mode(encoder), torch.no_grad(), _no_further_than(encoder, wanted[-1]), bar:
        for batch in length_sorted_batches([len(row["input_ids"]) for row in tokenized.rows], batch_tokens):
            inputs = pad_rows([tokenized.rows[row] for row in batch], tokenized.pad_values, encoder.device)
            kept = inputs.pop("special_tokens_mask") == 0
            states = encoder(**inputs, output_hidden_states=True, return_dict=True).hidden_states
            for layer in wanted:
                vectors = pool(states[layer], kept, pooling).cpu().numpy()
                if layer not in pooled:
                    pooled[layer] = np.empty((len(tokenized.rows), vectors.shape[1]), dtype=np.float32)
                pooled[layer][batch] = vectors
            bar.update(len(batch))
    if len(tokenized.rows) == len(tokenized):
        return pooled
    return {layer: vectors[tokenized.index] for layer, vectors in pooled.items()}


def _no_further_than(encoder: PreTrainedModel, layer: int) -> AbstractContextManager:
    """Inside, the layers after this one are not run, where the backbone is one whose layers are known."""
    try:
        check_encoder(encoder.config)
    except XAlignError:
        return nullcontext()
    # An encoder without any layer lists no hidden states.
    return first_layers(encoder, max(layer, 1))


def resolve_layers(layers: Sequence[int] | None, num_layers: int) -> list[int]:
    """The layers asked for as indices 0..num_layers, each once and ascending."""
    if layers is None:
        return list(range(num_layers + 1))
    for layer in layers:
        if not -num_layers - 1 <= layer <= num_layers:
            raise XAlignError(f"layer {layer} is out of range: the encoder has layers 0 (embeddings) to {num_layers}")
    return sorted({layer % (num_layers + 1) for layer in layers})


def pad_rows(
    rows: Sequence[dict[str, list[int]]], pad_values: dict[str, int], device: torch.device
) -> dict[str, torch.Tensor]:
    """Model inputs `(B, T)`, padded on the right whatever the tokenizer's side, so that token 0 is the first."""
    width = max(len(row["input_ids"]) for row in rows)
    return {
        key: torch.tensor([row[key] + [pad_values[key]] * (width - len(row[key])) for row in rows], device=device)
        for key in rows[0]
    }


def pool(states: torch.Tensor, kept: torch.Tensor, pooling: str) -> torch.Tensor:
    """One float32 vector `(B, D)` per row of `states` `(B, T, D)`; `kept` `(B, T)` marks the non-special tokens."""
    if pooling == "cls":
        return states[:, 0].float()
    # Padding states may hold anything, NaN included, so they are replaced and not multiplied by zero.
    summed = states.float().masked_fill(~kept.unsqueeze(-1), 0.0).sum(dim=1)
    return summed / kept.sum(dim=1, keepdim=True).clamp(min=1)
