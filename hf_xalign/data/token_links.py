"""Word alignments in terms of a row's tokens: which word a token belongs to, which links have both their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding

from hf_xalign.data.words import locate_words, words_of_tokens
from hf_xalign.errors import XAlignError


@dataclass(frozen=True)
class TokenWords:
    """The words of one tokenised sentence.

    Attributes:
        word_ids: the word of each token, -1 for none; shape `(tokens,)`.
        whole: words of which no token is missing.
    """

    word_ids: np.ndarray
    whole: frozenset[int]


def text_of_words(text: str, words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The sentence to tokenise, and where its words stand: the sentence itself, or the words between spaces where they
    are not those of the sentence (tokenised elsewhere, say)."""
    spans = locate_words(text, words)
    if spans is not None:
        return text, spans
    joined = " ".join(words)
    return joined, locate_words(joined, words) or []


def words_of_encoding(encoding: Encoding, spans: Sequence[tuple[int, int]]) -> TokenWords:
    """The words of a tokenised sentence; those that truncation took in part, or that have no token, are not whole."""
    word_ids, *lost = (words_of_tokens(_offsets(part), spans) for part in (encoding, *encoding.overflowing))
    return TokenWords(word_ids, frozenset(word_ids.tolist()).difference([-1], *(part.tolist() for part in lost)))


def _offsets(encoding: Encoding) -> list[tuple[int, int]]:
    return [
        (0, 0) if special else offset
        for offset, special in zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
    ]


def choose_links(
    links: Sequence[Sequence[int]] | None,
    scores: Sequence[float] | None,
    sides: tuple[TokenWords, TokenWords],
    lengths: tuple[int, int],
    threshold: float,
) -> tuple[list[list[int]], int, int]:
    """The links of a row that count, and how many do not.

    Args:
        links: `[i, j]` a link; None for a row that was not aligned.
        scores: one a link; None where the alignment has none (gold), and every link counts.
        sides: the words of both tokenised sentences.
        lengths: words of both sentences.
        threshold: the score that a link needs.

    Returns:
        the links, the number of those below the threshold, and of those with a word that is not whole.

    Raises:
        XAlignError: a link names a word that there is not, or there are not as many scores as links.
    """
    links = links or []
    if scores is not None and len(scores) != len(links):
        raise XAlignError(f"{len(links)} links with {len(scores)} scores: each link needs one")
    kept, below, cut = [], 0, 0
    for number, (source, target) in enumerate(links):
        if not (0 <= source < lengths[0] and 0 <= target < lengths[1]):
            raise XAlignError(
                f"link {source}-{target} is out of range: the sides have {lengths[0]} and {lengths[1]} words, "
                "counted from 0"
            )
        if scores is not None and scores[number] < threshold:
            below += 1
        elif source in sides[0].whole and target in sides[1].whole:
            kept.append([source, target])
        else:
            cut += 1
    return kept, below, cut
