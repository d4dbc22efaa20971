"""A softmax over very many scores, a block of them at a time."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.autograd.function import once_differentiable


# Scores held at a time: 2**22 float32 are 16 MiB.
MAX_SCORES = 2**22

# Two columns of ids that have ids in common: that of the queries `(N,)`, and that of the keys `(M,)`.
IdColumns = list[tuple[torch.Tensor, torch.Tensor]]


class Candidates(NamedTuple):
    """Which key a query should pick, and which keys it does not see.

    Attributes:
        positives: `(N,)`, the key that each query should pick; it is seen whatever the rest says.
        own: `(N,)`, the key that is the query itself; None where there is none.
        ids: of [`id_columns`]; a key that shares an id with a query is not seen.
    """

    positives: torch.Tensor
    own: torch.Tensor | None
    ids: IdColumns


def id_columns(groups: torch.Tensor | None, key_groups: torch.Tensor | None) -> IdColumns:
    """Groups `(N, ...)` and `(M, ...)` as columns to be compared: small integers, which compare faster than hashes,
    and none of those that have no id in common."""
    if groups is None:
        return []
    groups, key_groups = groups.view(len(groups), -1), key_groups.view(len(key_groups), -1)
    known, dense = torch.cat([groups.flatten(), key_groups.flatten()]).unique(return_inverse=True)
    dense = dense.int()
    columns = dense[: groups.numel()].view(groups.shape).unbind(1)
    key_columns = dense[groups.numel() :].view(key_groups.shape).unbind(1)
    # One table of which columns share an id, read at once: a GPU is waited for each time.
    seen, key_seen = (torch.stack([_presence(own, len(known)) for own in side]) for side in (columns, key_columns))
    shared = (seen[:, None] & key_seen).any(2).tolist()
    return [
        (column.contiguous(), key_column.contiguous())
        for column, shares in zip(columns, shared, strict=True)
        for key_column, any_id in zip(key_columns, shares, strict=True)
        if any_id
    ]


def _presence(ids: torch.Tensor, count: int) -> torch.Tensor:
    return torch.zeros(count, dtype=torch.bool, device=ids.device).index_fill(0, ids.long(), True)


def negative_log_likelihoods(
    queries: torch.Tensor,
    keys: torch.Tensor,
    candidates: Candidates,
    *,
    penalty: float | torch.Tensor = 0.0,
    max_scores: int = MAX_SCORES,
) -> torch.Tensor:
    """`logsumexp` over the candidates' scores, less the positive's, `(N,)`; scores are dot products.

    The scores are computed once more in the backward pass, so memory grows with the rows and not with their square.

    Args:
        queries: `(N, D)`; keys: `(M, D)`.
        penalty: what is taken off the positive's score.
        max_scores: held at a time.
    """
    penalty = torch.as_tensor(penalty, dtype=queries.dtype, device=queries.device)
    return _NegativeLogLikelihoods.apply(queries, keys, penalty, candidates, max_scores)


class _NegativeLogLikelihoods(torch.autograd.Function):
    @staticmethod
    def forward(ctx, queries, keys, penalty, candidates, max_scores):
        ctx.size = max(1, max_scores // len(keys))
        ctx.candidates = candidates
        totals, losses = (queries.new_empty(len(queries)) for _ in range(2))
        for part, scores, positives in _blocks(queries, keys, penalty, candidates, ctx.size):
            totals[part] = scores.logsumexp(1)
            losses[part] = totals[part] - scores.gather(1, positives).squeeze(1)
        ctx.save_for_backward(queries, keys, penalty, totals)
        return losses

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        queries, keys, penalty, totals = ctx.saved_tensors
        by_queries, by_keys = torch.empty_like(queries), torch.zeros_like(keys)
        by_penalty = torch.zeros_like(penalty) if ctx.needs_input_grad[2] else None
        with torch.autocast(queries.device.type, enabled=False):
            for part, scores, positives in _blocks(queries, keys, penalty, ctx.candidates, ctx.size):
                # The gradient by the scores: probabilities, less 1 for the positive.
                scores.sub_(totals[part, None]).exp_()
                scores.scatter_add_(1, positives, scores.new_full(positives.shape, -1))
                scores.mul_(gradient[part, None])
                if by_penalty is not None:
                    by_penalty -= scores.gather(1, positives).sum()
                torch.mm(scores, keys, out=by_queries[part])
                by_keys.addmm_(scores.T, queries[part])
        return by_queries, by_keys, by_penalty, None, None


def _blocks(queries, keys, penalty, candidates: Candidates, size: int):
    """Scores of the next `size` queries, -inf for what they do not see, and their positives `(size, 1)`."""
    for start in range(0, len(queries), size):
        part = slice(start, start + size)
        scores = queries[part] @ keys.T
        positives = candidates.positives[part, None]
        wanted = scores.gather(1, positives) - penalty
        hidden = shared_ids(candidates.ids, part)
        if hidden is not None:
            scores.masked_fill_(hidden, float("-inf"))
        if candidates.own is not None:
            scores.scatter_(1, candidates.own[part, None], float("-inf"))
        yield part, scores.scatter_(1, positives, wanted), positives


def shared_ids(columns: IdColumns, part: slice) -> torch.Tensor | None:
    """Whether a query of this part shares an id with a key, `(n, M)`; None where no id is shared at all."""
    shared = None
    for ids, key_ids in columns:
        same = ids[part, None] == key_ids
        shared = same if shared is None else shared.logical_or_(same)
    return shared
