"""Hidden states of the sub-words of many sentences: padding sorted away, later layers not run, nothing cut off."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hf_xalign.backbones import first_layers
from hf_xalign.encoding import evaluation_mode, length_sorted_batches
from hf_xalign.vocabulary import check_token_ids


if TYPE_CHECKING:
    from transformers import PreTrainedModel


def windows(length: int, limit: int) -> list[tuple[int, int, int, int]]:
    """How a sentence of `length` sub-words is read by an encoder that takes `limit` at a time.

    Returns:
        `(start, end, first, last)` of each window: it reads `start:end` and its states are those of `first:last`. A
        sentence that fits is one window. Otherwise each window is `limit` long, begins half a window after the one
        before (the last one ends with the sentence), and two neighbours share what they both read at the middle of
        it, so that every sub-word has the state of the window that shows it more of its surroundings.

    >>> windows(10, 4)
    [(0, 4, 0, 3), (2, 6, 3, 5), (4, 8, 5, 7), (6, 10, 7, 10)]
    """
    if length <= limit:
        return [(0, length, 0, length)]
    starts = [*range(0, length - limit, max(1, limit // 2)), length - limit]
    borders = [0, *((after + before + limit) // 2 for before, after in pairwise(starts)), length]
    return [
        (start, start + limit, first, last) for start, first, last in zip(starts, borders, borders[1:], strict=False)
    ]


def subword_states(
    encoder: PreTrainedModel, sentences: Sequence[Sequence[int]], *, layer: int, **reading: Any
) -> torch.Tensor:
    """The states `(T, D)` after `layer` layers alone; see [`layer_states`]."""
    return layer_states(encoder, sentences, layers=(layer,), **reading)[0]


def layer_states(
    encoder: PreTrainedModel,
    sentences: Sequence[Sequence[int]],
    *,
    layers: Sequence[int],
    prefix: Sequence[int],
    suffix: Sequence[int],
    limit: int,
    batch_tokens: int,
) -> list[torch.Tensor]:
    """The states of all sub-words of all sentences at each of `layers`, from one pass up to the last of them.

    Args:
        encoder: a bare encoder; it runs where it is, without dropout and without gradient.
        sentences: token ids without special tokens.
        layers: 0 is the embedding layer, k the output of layer k.
        prefix, suffix: ids of the special tokens around a sentence.
        limit: sub-words that the encoder takes at a time, special tokens not counted; longer sentences are read in
            [`windows`].
        batch_tokens: padded tokens of a forward pass.

    Returns:
        for each layer float32 `(T, D)` on the encoder's device: the sub-words of the first sentence, of the second
        one, and so on.
    """
    rows, kept_from, kept_to = [], [], []
    for ids in sentences:
        for start, end, first, last in windows(len(ids), limit) if ids else ():
            rows.append((*prefix, *ids[start:end], *suffix))
            kept_from.append(len(prefix) + first - start)
            kept_to.append(len(prefix) + last - start)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    kept_from, kept_to = np.array(kept_from, dtype=np.int64), np.array(kept_to, dtype=np.int64)
    # Where the states of each row go: rows stand in the order of the sentences.
    place = np.cumsum(kept_to - kept_from) - (kept_to - kept_from)
    device, pad = encoder.device, encoder.config.pad_token_id or 0
    shape = (sum(map(len, sentences)), encoder.config.hidden_size)
    states = [torch.empty(shape, device=device) for _ in layers]
    last = max(layers)
    # No inference mode: what an encoder caches there could never be trained through again.
    with evaluation_mode(encoder), torch.no_grad(), first_layers(encoder, last):
        for batch in length_sorted_batches(lengths, batch_tokens):
            positions = np.arange(lengths[batch[0]])
            real = positions < lengths[batch, None]
            ids = np.full(real.shape, pad)
            ids[real] = np.fromiter(chain.from_iterable(rows[row] for row in batch), dtype=np.int64)
            check_token_ids(ids.max(), encoder)
            output = encoder(
                input_ids=torch.from_numpy(ids).to(device),
                attention_mask=torch.from_numpy(real.astype(np.int64)).to(device),
                output_hidden_states=min(layers) < last,
            )
            kept = (positions >= kept_from[batch, None]) & (positions < kept_to[batch, None])
            # Row after row, a run of positions here becomes a run of places there.
            places = (place - kept_from)[batch, None] + positions
            # By their numbers: of a mask, a GPU would have to be asked first how many it holds.
            to, these = (torch.from_numpy(array).to(device) for array in (places[kept], np.flatnonzero(kept)))
            for layer, found in zip(layers, states, strict=True):
                hidden = output.last_hidden_state if layer == last else output.hidden_states[layer]
                found[to] = hidden.flatten(0, 1)[these].float()
    return states
