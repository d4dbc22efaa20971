"""From the similarities of two sentences' units to links: whole batches of padded pairs at once.

A unit is a sub-word or a word. Everywhere `similarities` is `(B, m, n)`, `mask` `(B, m, n)` bool is True on the cells
of real units, and the links that come out are `(B, m, n)` bool, False on padding. The units of a side come first and
padding after them. Where cells are equal, the first one wins.

Source: SimAlign (Jalili Sabet et al. 2020, sections 3.2 and 3.3), AWESOME (Dou and Neubig 2021, section 2.1).
"""

from __future__ import annotations

import numpy as np
import torch


# Of a cell in whose row or column there is a link already (Jalili Sabet et al. 2020, section 3.2).
ITERMAX_DISCOUNT = 0.9


def cell_mask(source_sizes: torch.Tensor, target_sizes: torch.Tensor) -> torch.Tensor:
    """The mask `(B, m, n)` of pairs with so many units `(B,)` a side."""
    rows = torch.arange(int(source_sizes.max()), device=source_sizes.device) < source_sizes[:, None]
    columns = torch.arange(int(target_sizes.max()), device=target_sizes.device) < target_sizes[:, None]
    return rows[:, :, None] & columns[:, None, :]


def cosine_similarities(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(cos + 1) / 2 of unit vectors `(B, m, D)` and `(B, n, D)`, from 0 to 1."""
    return (torch.bmm(source, target.transpose(1, 2)) + 1.0) / 2.0


def distort(similarities: torch.Tensor, mask: torch.Tensor, strength: float) -> torch.Tensor:
    """Lower the similarity of units at different relative positions: s · (1 − strength · (i/(m−1) − j/(n−1))²).

    Pairs with one unit on a side stay as they are.
    """
    rows, columns = mask.any(2).sum(1), mask.any(1).sum(1)

    def position(sizes: torch.Tensor, width: int) -> torch.Tensor:
        # In float64, as the reference has it: rounding decides between near-equal cells.
        places = torch.arange(width, device=sizes.device, dtype=torch.float64)
        return places / (sizes - 1).clamp(min=1)[:, None]

    distance = position(rows, mask.shape[1])[:, :, None] - position(columns, mask.shape[2])[:, None, :]
    factor = 1.0 - distance**2 * strength
    single = (rows < 2) | (columns < 2)
    return similarities * factor.masked_fill(single[:, None, None], 1.0)


def forward_argmax(similarities: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Each source unit with its nearest target unit."""
    return _one_hot_argmax(similarities, mask, dim=2)


def reverse_argmax(similarities: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Each target unit with its nearest source unit."""
    return _one_hot_argmax(similarities, mask, dim=1)


def mutual_argmax(similarities: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Units that are each other's nearest."""
    return forward_argmax(similarities, mask) & reverse_argmax(similarities, mask)


def itermax(similarities: torch.Tensor, mask: torch.Tensor, *, rounds: int = 2) -> torch.Tensor:
    """Mutual argmax, then again among the cells whose row or column is still free.

    In the later rounds a cell counts in full where row and column are free and `ITERMAX_DISCOUNT` times where one is.
    A pair with two units or fewer on a side, or with every row or every column linked, gets no more links.
    """
    links = mutual_argmax(similarities, mask)
    rows, columns = mask.any(2), mask.any(1)
    large = (rows.sum(1) > 2) & (columns.sum(1) > 2)
    similarities = similarities.double()  # the discount must not round two cells to the same value
    for _ in range(rounds - 1):
        free_rows, free_columns = rows & ~links.any(2), columns & ~links.any(1)
        going_on = large & free_rows.any(1) & free_columns.any(1)
        free_rows, free_columns = free_rows[:, :, None], free_columns[:, None, :]
        permitted = (free_rows | free_columns) & mask
        candidates = torch.where(free_rows & free_columns, similarities, similarities * ITERMAX_DISCOUNT)
        candidates = candidates.masked_fill(~permitted, 0.0)
        found = mutual_argmax(candidates, mask) & permitted & going_on[:, None, None]
        links = links | found
    return links


def best_assignment(similarities: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The one-to-one links of the greatest sum, as many as the shorter side has units."""
    from scipy.optimize import linear_sum_assignment

    links = np.zeros(mask.shape, dtype=bool)
    sizes = zip(mask.any(2).sum(1).tolist(), mask.any(1).sum(1).tolist(), strict=True)
    for pair, (cells, (rows, columns)) in enumerate(zip(similarities.cpu().numpy(), sizes, strict=True)):
        if rows and columns:
            links[pair][linear_sum_assignment(cells[:rows, :columns], maximize=True)] = True
    return torch.from_numpy(links).to(mask.device)


def softmax_both_ways(scores: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Softmax over the target units of each source unit, and over the source units of each target unit; 0 on padding.

    The first is p(target unit | source unit), the second p(source unit | target unit).
    """
    scores = scores.masked_fill(~mask, -torch.inf)
    # A row of padding alone has no softmax.
    return scores.softmax(2).masked_fill(~mask, 0.0), scores.softmax(1).masked_fill(~mask, 0.0)


def entmax15_both_ways(scores: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """[`softmax_both_ways`] with 1.5-entmax (Peters et al. 2019), which gives most cells exactly 0."""
    from entmax import entmax15

    def along(dim: int) -> torch.Tensor:
        largest = scores.masked_fill(~mask, -torch.inf).amax(dim, keepdim=True)
        # Two below the largest is out of the support already; an infinity would become NaN.
        return entmax15(torch.where(mask, scores - largest, -1e4), dim=dim).masked_fill(~mask, 0.0)

    return along(2), along(1)


def tempered_agreement(products: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """awesome-align's probability of a cell: the harmonic mean of both directions' softmaxes.

    Each direction's products are divided by the root of the number of units that its softmax is taken over.
    """
    rows, columns = mask.any(2).sum(1)[:, None, None], mask.any(1).sum(1)[:, None, None]
    forward, _ = softmax_both_ways(products / columns.sqrt(), mask)
    _, reverse = softmax_both_ways(products / rows.sqrt(), mask)
    return 2 * forward * reverse / (forward + reverse + 1e-9)


def link_entropies(similarities: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """How undecided each cell is: the smaller of the normalised entropies of its row and its column, from 0 to 1.

    Row and column are divided by their sums; an entropy is divided by the logarithm of the number of units. Pairs with
    two units or fewer on a side have entropy 0 everywhere: they are never called undecided.
    """
    rows, columns = mask.any(2).sum(1), mask.any(1).sum(1)
    similarities = similarities.double().masked_fill(~mask, 0.0)

    def entropy(dim: int, sizes: torch.Tensor) -> torch.Tensor:
        shares = similarities / similarities.sum(dim, keepdim=True).clamp(min=1e-30)
        return torch.special.entr(shares).sum(dim, keepdim=True) / sizes.clamp(min=2).log()[:, None, None]

    entropies = torch.minimum(entropy(2, columns), entropy(1, rows))
    small = (rows <= 2) | (columns <= 2)
    return entropies.masked_fill(small[:, None, None], 0.0)


def word_probabilities(
    scores: torch.Tensor, mask: torch.Tensor, source_words: torch.Tensor, target_words: torch.Tensor
) -> torch.Tensor:
    """How surely two words, made of units, point to each other.

    p(target word | source word) is the softmax over the target units, summed over the target word's and averaged over
    the source word's; p(source word | target word) likewise. The result is their geometric mean.

    Args:
        scores: `(B, m, n)`, already divided by the temperature.
        source_words, target_words: the word of each unit, `(B, m)` and `(B, n)` int64; anything on padding.

    Returns:
        `(B, M, N)`, M and N being the largest numbers of words; each direction sums to at most 1 over a word's
        partners.
    """
    forward, reverse = softmax_both_ways(scores, mask)
    members, target_members = _members(source_words, mask.any(2)), _members(target_words, mask.any(1))
    forward = _sum_over_words(forward, members, target_members) / members.sum(1).clamp(min=1)[:, :, None]
    reverse = _sum_over_words(reverse, members, target_members) / target_members.sum(1).clamp(min=1)[:, None, :]
    return (forward * reverse).sqrt()


def _one_hot_argmax(similarities: torch.Tensor, mask: torch.Tensor, dim: int) -> torch.Tensor:
    # Not `argmax`, which takes five times as long over columns; both give the first of equal cells.
    best = similarities.masked_fill(~mask, -torch.inf).max(dim, keepdim=True).indices
    return torch.zeros_like(mask).scatter_(dim, best, True) & mask


def _members(words: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Which units belong to which word, `(B, units, words)` of 0 and 1."""
    words = words.masked_fill(~real, -1)
    numbers = torch.arange(int(words.max()) + 1, device=words.device)
    return (words[:, :, None] == numbers).float()


def _sum_over_words(cells: torch.Tensor, members: torch.Tensor, target_members: torch.Tensor) -> torch.Tensor:
    return torch.bmm(torch.bmm(members.transpose(1, 2), cells.float()), target_members)
