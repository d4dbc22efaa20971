"""Words of nothing but white space, which some tokenised corpora count and no aligner can read."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.aligners.base import Aligner, Link, WordPair


Places = tuple[list[int], list[int]]


def align_with_blanks(aligner: Aligner, pairs: Sequence[WordPair], *, progress: bool = False) -> list[list[Link]]:
    """The links of each pair as `aligner.align` gives them; a word of white space has none, and keeps its index.

    Raises:
        XAlignError: a side without any other word, and whatever the aligner refuses.
    """
    kept, places = without_blanks(pairs)
    return with_places(aligner.align(kept, progress=progress), places)


def without_blanks(pairs: Sequence[WordPair]) -> tuple[list[WordPair], list[Places]]:
    """The pairs without such words, and for each side the indices of the words that are left."""
    places = [tuple([i for i, word in enumerate(words) if word.strip()] for words in pair) for pair in pairs]
    kept = [
        tuple([words[i] for i in found] for words, found in zip(pair, row, strict=True))
        for pair, row in zip(pairs, places, strict=True)
    ]
    return kept, places


def with_places(links: Sequence[Sequence[Link]], places: Sequence[Places]) -> list[list[Link]]:
    """Links between the words that were left, as links between the words of the whole sentences."""
    return [
        [(sources[i], targets[j], score) for i, j, score in found]
        for found, (sources, targets) in zip(links, places, strict=True)
    ]
