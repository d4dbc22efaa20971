"""Large batches on small machines: contrastive losses over a batch that is encoded in chunks.

The memory of a step is that of one chunk, the vectors of all rows, and one block of scores (GradCache; Gao et al.,
RepL4NLP 2021): a first pass without gradients collects the vectors, the loss over all of them gives each vector its
gradient, a second pass with the same random numbers carries these gradients back, chunk by chunk. Losses over tokens
or single rows are sums over rows; they are computed in the second pass alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from hf_xalign.encoding import length_sorted_batches
from hf_xalign.heads import ContrastiveHead, Head, HeadInputs


# What a contrastive head makes of a batch: vectors `(N, 2, D)`, and their groups.
Rows = tuple[torch.Tensor, torch.Tensor | None]


class CachedStep(Protocol):
    """One pass over a chunk."""

    def heads(self, heads: Mapping[str, Head]) -> dict[str, Head]:
        """The heads that take part."""

    def __call__(self, heads: Mapping[str, Head], inputs: HeadInputs) -> Any:
        """What the model's forward pass returns for the chunk."""


class CollectRows:
    """First pass: the vectors of the contrastive heads."""

    def heads(self, heads: Mapping[str, Head]) -> dict[str, Head]:
        return contrastive_heads(heads)

    def __call__(self, heads: Mapping[str, ContrastiveHead], inputs: HeadInputs) -> dict[str, Rows]:
        return {name: head.rows(inputs) for name, head in heads.items()}


class CarryGradients:
    """Second pass: a scalar whose gradient is the chunk's part of the whole step's, and the other losses.

    Args:
        rows: gradient of the total loss by head, for the rows of this chunk.
        parameters: parameters that the contrastive losses read themselves (temperatures), with their gradients; given
            with one chunk of the step only.
    """

    def __init__(self, rows: Mapping[str, torch.Tensor], parameters: list[tuple[nn.Parameter, torch.Tensor]]):
        self.rows = rows
        self.parameters = parameters

    def heads(self, heads: Mapping[str, Head]) -> dict[str, Head]:
        return dict(heads)

    def __call__(self, heads: Mapping[str, Head], inputs: HeadInputs) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        losses = {name: head(inputs) for name, head in heads.items() if name not in self.rows}
        surrogate = sum((heads[name].weight * loss for name, loss in losses.items()), start=torch.zeros(()))
        for name, gradient in self.rows.items():
            surrogate = surrogate + (heads[name].rows(inputs)[0] * gradient).sum()
        for parameter, gradient in self.parameters:
            surrogate = surrogate + (parameter * gradient).sum()
        return surrogate, {name: loss.detach() for name, loss in losses.items()}


def cached_step(
    model: nn.Module,
    batch: dict[str, Any],
    *,
    chunk_size: int,
    backward: Callable[[torch.Tensor], None] = torch.Tensor.backward,
    scale: float = 1.0,
    unwrapped: nn.Module | None = None,
    no_sync: Callable[[], AbstractContextManager] = nullcontext,
    autocast: Callable[[], AbstractContextManager] = nullcontext,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Loss and gradients of a batch, about `chunk_size` rows at a time: those of the whole batch at once.

    With dropout, the chunks draw other random numbers than the whole batch would, the same in both passes.

    Args:
        model: an [`XAlignModel`], or what wraps it for several processes.
        batch: of the collator, with `label_counts` where other batches or processes share the step.
        chunk_size: rows of mean length encoded at a time; see [`split_batch`].
        backward: called with a scalar, once a chunk; the gradients add up.
        scale: of the gradients (one over the micro-batches of a step).
        unwrapped: the model inside the wrapper; it is used for the pass without gradients.
        no_sync: makes a context in which gradients are not exchanged; the last chunk is computed outside.
        autocast: makes the context of the forward passes.

    Returns:
        The loss, unscaled, and each objective's, as in [`XAlignOutput`], detached.
    """
    unwrapped = unwrapped or model
    heads = unwrapped.xalign_heads
    batch = dict(batch)
    if batch.get("label_counts") is None:
        batch["label_counts"] = _label_counts(batch)
    collected, states = [], []
    for chunk in split_batch(batch, chunk_size):
        states.append(_RandomState(chunk))
        with torch.no_grad(), autocast():
            collected.append(unwrapped(**chunk, step=CollectRows()))
    losses, gradients, parameters = _contrast(contrastive_heads(heads), collected)
    del collected

    # The chunks are made once more rather than kept: of a large batch they would take more than its vectors.
    for number, chunk in enumerate(split_batch(batch, chunk_size)):
        last = number == len(states) - 1
        rows = {name: parts[number] for name, parts in gradients.items()}
        step = CarryGradients(rows, parameters if last else [])
        with nullcontext() if last else no_sync(), states[number].replayed():
            with autocast():
                surrogate, token_losses = model(**chunk, step=step)
            backward(surrogate * scale)
        for name, loss in token_losses.items():
            losses[name] = losses.get(name, 0) + loss
    losses = {name: losses[name] for name in heads}
    return sum(heads[name].weight * loss for name, loss in losses.items()), losses


def contrastive_heads(heads: Mapping[str, Head]) -> dict[str, ContrastiveHead]:
    """The heads whose losses compare rows, by name."""
    # Not by its class: a head with parameters may be wrapped (`modules_to_save` of PEFT).
    return {name: head for name, head in heads.items() if head.contrastive}


def _contrast(heads: Mapping[str, ContrastiveHead], collected: list[dict[str, Rows]]):
    """Losses of all rows, their gradient by chunk, and that of the parameters that the losses read."""
    losses, gradients = {}, {}
    parameters: list[tuple[nn.Parameter, torch.Tensor]] = []
    for name, head in heads.items():
        parts = [chunk[name][0] for chunk in collected]
        groups = None if collected[0][name][1] is None else torch.cat([chunk[name][1] for chunk in collected])
        rows = torch.cat(parts).requires_grad_()
        loss = head.loss(rows, groups)
        own = [parameter for parameter in head.parameters() if parameter.requires_grad]
        by_rows, *by_parameter = torch.autograd.grad(head.weight * loss, [rows, *own], allow_unused=True)
        losses[name] = loss.detach()
        gradients[name] = by_rows.split([len(part) for part in parts])
        # A projection is read in the second pass; its gradient comes from there.
        parameters += [pair for pair in zip(own, by_parameter, strict=True) if pair[1] is not None]
    return losses, gradients, parameters


def split_batch(batch: Mapping[str, Any], chunk_size: int) -> Iterator[dict[str, Any]]:
    """The chunks of a batch: rows of like length together, each view cut to its own longest row.

    A chunk has as many tokens as `chunk_size` rows of mean length, padding included: fewer rows where they are long,
    more where they are short, so that all chunks take the same memory and the same time.
    """
    views = {name: view for name, view in batch.items() if _is_view(view)}
    sizes = torch.stack([view["attention_mask"].sum(1) for view in views.values()])
    device = sizes.device
    # To the host at once: a GPU would be waited for at each chunk otherwise.
    sizes = sizes.cpu().numpy()
    lengths = sizes.sum(0)
    chunks = list(length_sorted_batches(lengths, math.ceil(chunk_size * lengths.mean())))
    counts = [len(rows) for rows in chunks]
    order = torch.from_numpy(np.concatenate(chunks)).to(device)
    links = [{}] * len(chunks) if batch.get("links") is None else _split_links(batch, order, counts)
    for rows, chosen, own_links in zip(chunks, order.split(counts), links, strict=True):
        widths = sizes[:, rows].max(1).tolist()
        chunk: dict[str, Any] = {
            name: {key: value[chosen, :width] for key, value in view.items()}
            for (name, view), width in zip(views.items(), widths, strict=True)
        }
        chunk |= {name: batch[name][chosen] for name in ("row_groups", "row_ids") if batch.get(name) is not None}
        yield chunk | own_links | {"label_counts": batch["label_counts"]}


def _split_links(batch: Mapping[str, Any], order: torch.Tensor, counts: list[int]) -> list[dict[str, torch.Tensor]]:
    """The word links of each chunk, when rows in this order make chunks of so many rows."""
    chunks, places = torch.empty_like(order), torch.empty_like(order)
    chunks[order] = torch.cat([torch.full((count,), number) for number, count in enumerate(counts)]).to(order)
    places[order] = torch.cat([torch.arange(count) for count in counts]).to(order)
    rows = batch["links"][:, 0]
    links = torch.cat([places[rows, None], batch["links"][:, 1:]], dim=1)
    by_chunk = chunks[rows].argsort(stable=True)
    sizes = chunks[rows].bincount(minlength=len(counts)).tolist()
    parts = zip(links[by_chunk].split(sizes), batch["link_groups"][by_chunk].split(sizes), strict=True)
    return [{"links": links, "link_groups": groups} for links, groups in parts]


def _is_view(value: Any) -> bool:
    return isinstance(value, Mapping) and "input_ids" in value


def _label_counts(batch: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    views = {name: view for name, view in batch.items() if _is_view(view)}
    counts = {name: (view["labels"] != -100).sum() for name, view in views.items() if "labels" in view}
    return counts | {"rows": torch.tensor(len(next(iter(views.values()))["input_ids"]))}


class _RandomState:
    """The random numbers that come next, to be drawn once more later."""

    def __init__(self, chunk: Mapping[str, Any]):
        device = next(view["input_ids"].device for view in chunk.values() if _is_view(view))
        self.cuda = [device] if device.type == "cuda" else []
        self.cpu_state = torch.get_rng_state()
        self.cuda_states = [torch.cuda.get_rng_state(device) for device in self.cuda]

    @contextmanager
    def replayed(self) -> Iterator[None]:
        with torch.random.fork_rng(self.cuda):
            torch.set_rng_state(self.cpu_state)
            for device, state in zip(self.cuda, self.cuda_states, strict=True):
                torch.cuda.set_rng_state(state, device)
            yield
