"""Links as the metric of word alignments takes them: as text, or as lists of pairs."""

from __future__ import annotations

import operator
from typing import Any

from hf_xalign.aligners.gold import GoldAlignment
from hf_xalign.aligners.gold_formats import gold_cells
from hf_xalign.aligners.pharaoh import parse_pharaoh
from hf_xalign.errors import XAlignError


def predicted_links(links: Any, where: str) -> list[tuple[int, int]]:
    """The links of one sentence pair.

    Args:
        links: `"0-0 1-2"`, with or without scores, or pairs `(i, j)` or triples `(i, j, score)`; from 0.
        where: stands in messages.

    Raises:
        XAlignError: something else.
    """
    if isinstance(links, str):
        return [(i, j) for i, j, _ in parse_pharaoh(links, where)]
    return gold_cells([_cell(link, where)[:2] for link in _listed(links, where)], where)[0]


def gold_links(links: Any, where: str) -> GoldAlignment:
    """The gold links of one sentence pair.

    Args:
        links: `"0-0 1p2"`, `ipj` being a possible link, or pairs `(i, j)` of sure ones; from 0.
        where: stands in messages.

    Raises:
        XAlignError: something else.
    """
    if isinstance(links, GoldAlignment):
        return links
    if isinstance(links, str):
        return GoldAlignment(*gold_cells(links.split(), where))
    return GoldAlignment(*gold_cells([_cell(link, where) for link in _listed(links, where)], where))


def _listed(links: Any, where: str) -> list[Any]:
    try:
        return list(links)
    except TypeError:
        raise XAlignError(f"{where}: {str(links)[:40]} is no list of links") from None


def _cell(link: Any, where: str) -> list[Any]:
    """A link of any kind of sequence and of integers, as a list."""
    try:
        i, j, *score = link
        return [operator.index(i), operator.index(j), *score]
    except (TypeError, ValueError):
        raise XAlignError(f"{where}: {str(link)[:40]!r} is no link; write i-j, or a pair of numbers") from None
