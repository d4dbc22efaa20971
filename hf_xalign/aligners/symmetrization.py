"""Two directions of word alignment made one: pure functions on sets of links.

A statistical aligner links every target word to at most one source word (`forward`) and, run the other way, every
source word to at most one target word (`reverse`); both are written `(source index, target index)`. The heuristics
that merge them (Och and Ney, 2003, section 6; Koehn et al., 2003, section 3.1) begin with the links that both have and
let some of the others in. The order in which candidates are looked at decides between rivals; here it is that of
fast_align's `atools` (rows, then columns, until nothing changes; then `forward`, then `reverse`), whose output is the
same. Moses' `symal` follows the same rules but walks from link to neighbour, so where two candidates exclude each
other it may take the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


Links = Collection[tuple[int, int]]

_NEIGHBOURS = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)]


def symmetrize(forward: Links, reverse: Links, method: str) -> list[tuple[int, int]]:
    """Merge both directions by a method of `METHODS`, sorted.

    Raises:
        XAlignError: unknown method; the nearest is named.
    """
    return sorted(symmetrization(method)(forward, reverse))


def symmetrization(method: str) -> Callable[[Links, Links], set[tuple[int, int]]]:
    """The function of a method of `METHODS`.

    Raises:
        XAlignError: unknown method; the nearest is named.
    """
    if method not in METHODS:
        raise XAlignError(f"unknown symmetrization {method!r}{did_you_mean(method, METHODS)}")
    return METHODS[method]


def intersection(forward: Links, reverse: Links) -> set[tuple[int, int]]:
    """Links that both directions have: few, and mostly right."""
    return set(forward) & set(reverse)


def union(forward: Links, reverse: Links) -> set[tuple[int, int]]:
    """Links that either direction has."""
    return set(forward) | set(reverse)


def grow_diag(forward: Links, reverse: Links) -> set[tuple[int, int]]:
    """The intersection, and links of the union that touch a link already taken, diagonally too, and whose source or
    target word has none yet; again until nothing is added."""
    return _grown(forward, reverse).links


def grow_diag_final(forward: Links, reverse: Links) -> set[tuple[int, int]]:
    """`grow_diag`, then the links of either direction whose source **or** target word has none yet."""
    merged = _grown(forward, reverse)
    for links in (forward, reverse):
        merged.add_where(merged.has_a_free_word, sorted(links))
    return merged.links


def grow_diag_final_and(forward: Links, reverse: Links) -> set[tuple[int, int]]:
    """`grow_diag`, then the links of either direction whose source **and** target word have none yet."""
    merged = _grown(forward, reverse)
    for links in (forward, reverse):
        merged.add_where(merged.has_free_words, sorted(links))
    return merged.links


METHODS: dict[str, Callable[[Links, Links], set[tuple[int, int]]]] = {
    "intersection": intersection,
    "union": union,
    "grow-diag": grow_diag,
    "grow-diag-final": grow_diag_final,
    "grow-diag-final-and": grow_diag_final_and,
}


class _Merged:
    """Links taken so far, and the words that have one."""

    def __init__(self, links: set[tuple[int, int]]):
        self.links = links
        self.sources = {i for i, _ in links}
        self.targets = {j for _, j in links}

    def add_where(
        self, wanted: Callable[[tuple[int, int]], bool], candidates: Iterable[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """Take the wanted candidates, one after the other (each changes what is wanted next); return the others."""
        left = []
        for link in candidates:
            if link not in self.links and wanted(link):
                self.links.add(link)
                self.sources.add(link[0])
                self.targets.add(link[1])
            else:
                left.append(link)
        return left

    def has_free_words(self, link: tuple[int, int]) -> bool:
        return link[0] not in self.sources and link[1] not in self.targets

    def has_a_free_word(self, link: tuple[int, int]) -> bool:
        return link[0] not in self.sources or link[1] not in self.targets

    def can_grow(self, link: tuple[int, int]) -> bool:
        i, j = link
        return self.has_a_free_word(link) and any((i + di, j + dj) in self.links for di, dj in _NEIGHBOURS)


def _grown(forward: Links, reverse: Links) -> _Merged:
    merged = _Merged(intersection(forward, reverse))
    candidates = sorted(union(forward, reverse) - merged.links)
    while True:
        left = merged.add_where(merged.can_grow, candidates)
        if len(left) == len(candidates):
            return merged
        candidates = left
