"""The contrastive objectives as pure functions of tensors.

Similarities and softmaxes are computed in float32 at least, whatever the inputs and the autocast state.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from hf_xalign.errors import XAlignError


def transliteration_contrastive_loss(
    first: torch.Tensor,
    second: torch.Tensor,
    *,
    temperature: float = 0.05,
    similarity: str = "cosine",
    factor: float = 1.0,
    groups: torch.Tensor | None = None,
    candidates: tuple[torch.Tensor, torch.Tensor] | None = None,
    candidate_groups: torch.Tensor | None = None,
    offset: int = 0,
) -> torch.Tensor:
    r"""Transliteration contrastive modelling (TCM): NT-Xent over the 2N vectors of sentences and transliterations.

    $$L = \frac{factor}{2N} \sum_i -\log
    \frac{\exp(s(z_i, z_{p(i)}) / \tau)}{\sum_{j \neq i} \exp(s(z_i, z_j) / \tau)}$$

    Each vector has one positive, its counterpart, and 2N − 2 negatives; both directions count. The released code of
    TransliCo (Liu et al., ACL 2024) and PPA (Xhelili et al., Findings of EMNLP 2024), on which "How Transliterations
    Improve Crosslingual Alignment" (COLING 2025) builds, runs `similarity="dot"`, `temperature=1.0`, `factor=0.5`.

    Args:
        first (`torch.Tensor`): sentences, shape `(N, D)`.
        second (`torch.Tensor`): their transliterations, shape `(N, D)`.
        temperature (`float`): divides the similarities.
        similarity (`str`): `"cosine"` or `"dot"`.
        factor (`float`): multiplies the loss.
        groups (`torch.Tensor`, *optional*): integers, shape `(N,)` or `(N, K)`. Rows that share an id are never each
            other's negatives (equal sentences, say).
        candidates (`tuple`, *optional*): `(first, second)` of all processes, each `(M, D)`, when these rows are but
            the part of a larger batch that starts at row `offset`; the others serve as negatives.
        candidate_groups (`torch.Tensor`, *optional*): the groups of the candidates, shape `(M,)` or `(M, K)`.
        offset (`int`): where this part starts among the candidates.

    Returns:
        `torch.Tensor`: the mean over the 2N rows given, a scalar.

    Raises:
        XAlignError: fewer than two rows in all (no negative exists), or an unknown similarity.
    """
    all_first, all_second = (first, second) if candidates is None else candidates
    all_groups = groups if candidates is None else candidate_groups
    rows, total = first.shape[0], all_first.shape[0]
    if total < 2:
        raise XAlignError("a contrastive loss needs at least two sentences in the batch: raise the batch size")

    own = torch.arange(offset, offset + rows, device=first.device)
    own = torch.cat([own, own + total])
    positives = (own + total) % (2 * total)
    ignored = torch.zeros(2 * rows, 2 * total, dtype=torch.bool, device=first.device)
    if groups is not None:
        ignored |= same_group(groups, all_groups).repeat(2, 2)
    ignored.scatter_(1, own[:, None], True)
    ignored.scatter_(1, positives[:, None], False)

    losses = _softmax_losses(
        torch.cat([first, second]),
        torch.cat([all_first, all_second]),
        positives,
        ignored,
        temperature=temperature,
        similarity=similarity,
    )
    return factor * losses.mean()


def same_group(groups: torch.Tensor, candidate_groups: torch.Tensor) -> torch.Tensor:
    """Whether two rows share an id, in whichever column.

    Args:
        groups (`torch.Tensor`): integers, shape `(N,)` or `(N, K)`.
        candidate_groups (`torch.Tensor`): integers, shape `(M,)` or `(M, K)`.

    Returns:
        `torch.Tensor`: booleans, shape `(N, M)`.
    """
    groups, candidate_groups = groups.view(len(groups), -1), candidate_groups.view(len(candidate_groups), -1)
    shared = torch.zeros(len(groups), len(candidate_groups), dtype=torch.bool, device=groups.device)
    for column in groups.unbind(1):
        for candidate_column in candidate_groups.unbind(1):
            shared |= column[:, None] == candidate_column[None, :]
    return shared


def _softmax_losses(queries, keys, positives, ignored, *, temperature, similarity):
    """Negative log-likelihood of each query's positive among the keys that are not ignored; shape `(N,)`."""
    with torch.autocast(queries.device.type, enabled=False):
        queries, keys = (x.float() if x.dtype in (torch.float16, torch.bfloat16) else x for x in (queries, keys))
        if similarity == "cosine":
            queries, keys = F.normalize(queries, dim=-1), F.normalize(keys, dim=-1)
        elif similarity != "dot":
            raise XAlignError(f"similarity is {similarity!r}; choose 'cosine' or 'dot'")
        scores = (queries @ keys.T / temperature).masked_fill(ignored, float("-inf"))
        return F.cross_entropy(scores, positives, reduction="none")
