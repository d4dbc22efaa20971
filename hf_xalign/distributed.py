"""Rows of all processes, with gradients."""

from __future__ import annotations

import torch
import torch.distributed as dist


def world_size() -> int:
    """Number of processes of this run; 1 where none was started."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Index of this process among `world_size()`."""
    return dist.get_rank() if world_size() > 1 else 0


def row_counts(rows: torch.Tensor) -> list[int]:
    """How many rows each process holds, in the order of their ranks; one small exchange."""
    if world_size() == 1:
        return [len(rows)]
    own = torch.tensor([len(rows)], device=rows.device)
    counts = [torch.zeros_like(own) for _ in range(world_size())]
    dist.all_gather(counts, own)
    return torch.cat(counts).tolist()


def gather_rows(rows: torch.Tensor, counts: list[int]) -> torch.Tensor:
    """Concatenate the rows of all processes, in the order of their ranks.

    The gradient flows back to the process that owns a row (a sum over all processes, one collective), so a loss that
    every process computes over its own queries and everybody's keys has the gradient of one process with the whole
    batch, once DDP has averaged it. Processes may hold different numbers of rows.

    Args:
        rows (`torch.Tensor`): shape `(n, ...)`; `n` may differ from process to process, the rest may not.
        counts (`list[int]`): of [`row_counts`]; this process's rows start at `sum(counts[:rank()])` of the result.

    Returns:
        `torch.Tensor`: the rows of all processes, shape `(n_0 + n_1 + ..., ...)`.
    """
    if world_size() == 1:
        return rows
    return _GatherRows.apply(rows, counts) if rows.requires_grad else _gather(rows, counts)


def _gather(rows: torch.Tensor, counts: list[int]) -> torch.Tensor:
    # Collectives want equal shapes: pad to the most rows, cut after.
    most = max(counts)
    padded = rows.new_zeros((most, *rows.shape[1:]))
    padded[: rows.shape[0]] = rows
    pieces = [torch.empty_like(padded) for _ in counts]
    dist.all_gather(pieces, padded)
    return torch.cat([piece[:count] for piece, count in zip(pieces, counts, strict=True)])


class _GatherRows(torch.autograd.Function):
    """All-gather whose backward sums the gradients of all processes and hands each its own rows."""

    @staticmethod
    def forward(ctx, rows, counts):
        ctx.counts = counts
        return _gather(rows, counts)

    @staticmethod
    def backward(ctx, gradient):
        # A copy: autograd may hand the same tensor to others.
        gradient = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(gradient)
        start = sum(ctx.counts[: rank()])
        return gradient[start : start + ctx.counts[rank()]], None
