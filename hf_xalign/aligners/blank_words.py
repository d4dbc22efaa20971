"""Words of nothing but white space, which some tokenised corpora count and no aligner can read."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.aligners.base import Aligner, Link, WordPair


def align_with_blanks(aligner: Aligner, pairs: Sequence[WordPair], *, progress: bool = False) -> list[list[Link]]:
    """The links of each pair as `aligner.align` gives them; a word of white space has none, and keeps its index.

    Raises:
        XAlignError: a side without any other word, and whatever the aligner refuses.
    """
    places = [tuple([i for i, word in enumerate(words) if word.strip()] for words in pair) for pair in pairs]
    kept = [
        tuple([words[i] for i in found] for words, found in zip(pair, places[row], strict=True))
        for row, pair in enumerate(pairs)
    ]
    return [
        [(sources[i], targets[j], score) for i, j, score in links]
        for links, (sources, targets) in zip(aligner.align(kept, progress=progress), places, strict=True)
    ]
