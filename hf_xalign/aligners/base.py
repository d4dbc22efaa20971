"""What an aligner is: pairs of word lists in, scored links out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

from hf_xalign.errors import XAlignError


# Words of the two sides, 0-based, and how sure the aligner is of them, 0 to 1.
Link: TypeAlias = tuple[int, int, float]
WordPair: TypeAlias = tuple[Sequence[str], Sequence[str]]


class Aligner(ABC):
    """Finds the words of two sentences that translate each other.

    Subclasses write `_links`, which may rely on checked input, and `id`.

    Attributes:
        threshold: links whose score is below it are dropped; what a score means stands in the subclass's docstring.
        needs_corpus: whether the links of a pair depend on the other pairs of the same `align` call (a statistical
            aligner learns from them), so that a corpus must be given in one call.

    Raises:
        XAlignError: a threshold that is not from 0 to 1.
    """

    needs_corpus: bool = False

    def __init__(self, *, threshold: float = 0.0) -> None:
        if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
            raise XAlignError(f"threshold is {threshold!r}; a link's score, and so the threshold, is from 0 to 1")
        self.threshold = float(threshold)

    @property
    @abstractmethod
    def id(self) -> str:
        """Names the aligner, its model and its settings: equal ids give equal links.

        It is part of the fingerprint of aligned data sets.
        """

    @abstractmethod
    def _links(self, pairs: Sequence[WordPair], *, progress: bool) -> list[list[Link]]:
        """The links of each pair, sorted, whatever their score."""

    def align(self, pairs: Sequence[WordPair], *, progress: bool = False) -> list[list[Link]]:
        """The links of each pair of word lists.

        Args:
            pairs: source words and target words, non-empty lists of non-empty strings.
            progress: whether to show a bar.

        Returns:
            for each pair its links `(source word, target word, score)`, 0-based and sorted, none of them scored below
            `threshold`.

        Raises:
            XAlignError: a side or a word is empty, or a side is a string (split it first).
        """
        check_pairs(pairs)
        if not pairs:
            return []
        links = self._links(pairs, progress=progress)
        if self.threshold > 0:
            links = [[link for link in row if link[2] >= self.threshold] for row in links]
        return links

    def __repr__(self) -> str:
        return self.id


def check_pairs(pairs: Sequence[WordPair]) -> None:
    """Refuse, with the pair and the side, what is no pair of non-empty lists of non-empty words."""
    for number, pair in enumerate(pairs):
        if isinstance(pair, str) or len(pair) != 2:
            raise XAlignError(f"pair {number} is not a pair of word lists: give (source words, target words)")
        for side, words in zip(("source", "target"), pair, strict=True):
            if isinstance(words, str):
                raise XAlignError(f"the {side} side of pair {number} is a string: give a list of words")
            if not len(words):
                raise XAlignError(f"the {side} side of pair {number} has no words: leave such pairs out")
            for index, word in enumerate(words):
                if not isinstance(word, str) or not word or word.isspace():
                    raise XAlignError(f"word {index} of the {side} side of pair {number} is {word!r}, not a word")
