"""The contrastive objectives as pure functions of tensors.

Similarities and softmaxes are computed in float32 at least, whatever the inputs and the autocast state.
"""

from __future__ import annotations

import torch

from hf_xalign.errors import XAlignError
from hf_xalign.precision import at_least_float32, unit_vectors
from hf_xalign.score_blocks import MAX_SCORES, Candidates, id_columns, negative_log_likelihoods, shared_ids


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
        XAlignError: fewer than two pairs in all (no negative exists), or an unknown similarity.
    """
    candidates, candidate_groups = _whole_batch(first, second, groups, candidates, candidate_groups)
    rows, total = len(first), len(candidates[0])
    own = torch.arange(offset, offset + rows, device=first.device)
    own = torch.cat([own, own + total])
    losses = softmax_losses(
        torch.cat([first, second]),
        torch.cat(candidates),
        (own + total) % (2 * total),
        own=own,
        groups=_twice(groups),
        key_groups=_twice(candidate_groups),
        temperature=temperature,
        similarity=similarity,
    )
    return factor * losses.mean()


def translation_ranking_loss(
    source: torch.Tensor,
    target: torch.Tensor,
    *,
    temperature: float | torch.Tensor = 0.05,
    margin: float = 0.0,
    groups: torch.Tensor | None = None,
    candidates: tuple[torch.Tensor, torch.Tensor] | None = None,
    candidate_groups: torch.Tensor | None = None,
    offset: int = 0,
) -> torch.Tensor:
    r"""Translation ranking (TR): each sentence picks its translation among those of the batch, in both directions.

    $$L = -\frac{1}{2N} \sum_i \left[
    \log \frac{e^{(s(x_i, y_i) - m) / \tau}}{e^{(s(x_i, y_i) - m) / \tau} + \sum_{j \neq i} e^{s(x_i, y_j) / \tau}}
    + \log \frac{e^{(s(y_i, x_i) - m) / \tau}}{e^{(s(y_i, x_i) - m) / \tau} + \sum_{j \neq i} e^{s(y_i, x_j) / \tau}}
    \right]$$

    with the cosine for s: the additive-margin softmax of Yang et al. (IJCAI 2019) and LaBSE (Feng et al., ACL 2022,
    section 2), the sentence objective of WACSE (Findings of NAACL 2024).

    Args:
        source (`torch.Tensor`): sentences, shape `(N, D)`.
        target (`torch.Tensor`): their translations, shape `(N, D)`.
        temperature (`float` or scalar tensor): divides the similarities.
        margin (`float`): m, taken off the similarity of translations.
        groups, candidates, candidate_groups, offset: as in [`transliteration_contrastive_loss`].

    Returns:
        `torch.Tensor`: the mean over both directions of the N pairs given, a scalar.

    Raises:
        XAlignError: fewer than two pairs in all: no negative exists.
    """
    candidates, candidate_groups = _whole_batch(source, target, groups, candidates, candidate_groups)
    own = torch.arange(offset, offset + len(source), device=source.device)
    ids = id_columns(groups, candidate_groups)
    settings = {"temperature": temperature, "margin": margin}
    forward = _softmax_losses(source, candidates[1], Candidates(own, None, ids), **settings)
    backward = _softmax_losses(target, candidates[0], Candidates(own, None, ids), **settings)
    return (forward.mean() + backward.mean()) / 2


def word_translation_ranking_loss(
    source: torch.Tensor,
    target: torch.Tensor,
    *,
    temperature: float | torch.Tensor = 0.05,
    groups: torch.Tensor | None = None,
    candidates: tuple[torch.Tensor, torch.Tensor] | None = None,
    candidate_groups: torch.Tensor | None = None,
    offset: int = 0,
) -> torch.Tensor:
    """Word translation ranking (WTR): each aligned word picks its counterpart among the aligned words of the batch.

    [`translation_ranking_loss`] without a margin, on words in their sentences (WACSE, Findings of NAACL 2024).

    Args:
        source (`torch.Tensor`): source words, a row a link, shape `(N, D)`.
        target (`torch.Tensor`): the words that they are aligned to, shape `(N, D)`.
        temperature (`float` or scalar tensor): divides the cosines.
        groups (`torch.Tensor`, *optional*): integers, shape `(N,)` or `(N, K)`; links that share one (the same word
            type, the same word of a sentence) are never each other's negatives.
        candidates, candidate_groups, offset: as in [`transliteration_contrastive_loss`].

    Returns:
        `torch.Tensor`: the mean over both directions of the N links given, a scalar.

    Raises:
        XAlignError: fewer than two links in all.
    """
    return translation_ranking_loss(
        source,
        target,
        temperature=temperature,
        groups=groups,
        candidates=candidates,
        candidate_groups=candidate_groups,
        offset=offset,
    )


def _whole_batch(first, second, groups, candidates, candidate_groups):
    """The candidates and their groups: those given, or the rows themselves."""
    if candidates is None:
        candidates, candidate_groups = (first, second), groups
    if len(candidates[0]) < 2:
        raise XAlignError("a contrastive loss needs at least two pairs in the batch: raise the batch size")
    return candidates, candidate_groups


def _twice(groups: torch.Tensor | None) -> torch.Tensor | None:
    return None if groups is None else torch.cat([groups, groups])


def same_group(groups: torch.Tensor, candidate_groups: torch.Tensor) -> torch.Tensor:
    """Whether two rows share an id, in whichever column.

    Args:
        groups (`torch.Tensor`): integers, shape `(N,)` or `(N, K)`.
        candidate_groups (`torch.Tensor`): integers, shape `(M,)` or `(M, K)`.

    Returns:
        `torch.Tensor`: booleans, shape `(N, M)`.
    """
    shared = shared_ids(id_columns(groups, candidate_groups), slice(None))
    nothing = torch.zeros(len(groups), len(candidate_groups), dtype=torch.bool, device=groups.device)
    return nothing if shared is None else shared


def softmax_losses(
    queries: torch.Tensor,
    keys: torch.Tensor,
    positives: torch.Tensor,
    *,
    temperature: float | torch.Tensor,
    similarity: str = "cosine",
    margin: float = 0.0,
    own: torch.Tensor | None = None,
    groups: torch.Tensor | None = None,
    key_groups: torch.Tensor | None = None,
    max_scores: int = MAX_SCORES,
) -> torch.Tensor:
    """Negative log-likelihood of each query's positive among the keys.

    The scores are held in blocks of queries, and computed again in the backward pass, so memory grows with the rows
    and not with their square. The gradient cannot be differentiated again.

    This is InfoNCE (van den Oord et al., 2018), with a margin as in Yang et al. (IJCAI 2019).

    Args:
        queries: shape `(N, D)`; keys: shape `(M, D)`.
        positives: shape `(N,)`, the key that each query should pick.
        temperature: divides the similarities.
        similarity: `"cosine"` or `"dot"`.
        margin: taken off the positive's similarity.
        own: shape `(N,)`, the key that is the query itself and no candidate.
        groups, key_groups: integers, `(N, ...)` and `(M, ...)`; a key that shares one with the query is left out,
            unless it is the positive.
        max_scores: held at a time.

    Returns:
        `torch.Tensor`: shape `(N,)`.

    Raises:
        XAlignError: an unknown similarity.
    """
    candidates = Candidates(positives, own, id_columns(groups, key_groups))
    return _softmax_losses(
        queries, keys, candidates, temperature=temperature, similarity=similarity, margin=margin, max_scores=max_scores
    )


def _softmax_losses(
    queries: torch.Tensor,
    keys: torch.Tensor,
    candidates: Candidates,
    *,
    temperature: float | torch.Tensor,
    similarity: str = "cosine",
    margin: float = 0.0,
    max_scores: int = MAX_SCORES,
) -> torch.Tensor:
    """[`softmax_losses`] where groups have been compared already."""
    if similarity not in ("cosine", "dot"):
        raise XAlignError(f"similarity is {similarity!r}; choose 'cosine' or 'dot'")
    with torch.autocast(queries.device.type, enabled=False):
        queries, keys = at_least_float32(queries), at_least_float32(keys)
        if similarity == "cosine":
            queries, keys = unit_vectors(queries), unit_vectors(keys)
        return negative_log_likelihoods(
            queries / temperature, keys, candidates, penalty=margin / temperature, max_scores=max_scores
        )
