"""Words of a sentence, where they stand in it, and which sub-words are theirs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex


# Runs of letters, marks and digits, joined by an apostrophe, a hyphen or (joiners of Indic and Arabic scripts) a
# zero-width one inside; a character of a script that writes no spaces and needs no dictionary to be split; else a
# character on its own.
_WORD = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}]"
    r"|(?:(?![\p{Han}\p{Hiragana}\p{Katakana}])[\p{L}\p{M}\p{N}])+"
    r"(?:['’\-‐·\u200c\u200d](?:(?![\p{Han}\p{Hiragana}\p{Katakana}])[\p{L}\p{M}\p{N}])+)*"
    r"|[^\s\p{Z}\p{C}]"
)
# Directional marks, zero-width spaces and joiners at the end of a word are of no word, and no letters left over.
_VISIBLE = regex.compile(r"[^\s\p{Z}\p{C}]")


def split_words(text: str) -> list[str]:
    """The words of a sentence, punctuation marks being words of their own.

    Letters decide, not spaces, so the same text is split alike in every language. Han characters and Kana are words
    each; text in other scripts without spaces (Thai, Lao, Khmer, Burmese) stays in one piece from space to space: give
    words of your own there.

    >>> split_words("Don't stop, it's 3.5!")
    ["Don't", 'stop', ',', "it's", '3', '.', '5', '!']
    """
    return _WORD.findall(text)


def locate_words(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where the words stand in a sentence.

    Returns:
        `(start, end)` of each word in characters, or None if these are not the words of this text: one is missing, or
        visible characters are left over between them.

    >>> locate_words("a house.", ["a", "house", "."])
    [(0, 1), (2, 7), (7, 8)]
    """
    spans, end = [], 0
    for word in words:
        start = text.find(word, end)
        if start < 0 or not word or _VISIBLE.search(text, end, start):
            return None
        end = start + len(word)
        spans.append((start, end))
    return None if _VISIBLE.search(text, end) else spans


def words_of_tokens(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """The word that each token belongs to.

    Args:
        offsets: `(start, end)` of each token in characters, as the library `tokenizers` gives them; a token without
            text (a special one) has `start == end`.
        spans: of [`locate_words`].

    Returns:
        `(tokens,)` int64, -1 where there is no word. A token that crosses into the next word belongs to the last one
        that it has a part of; a lone space (SentencePiece's `▁`) belongs to the word that follows.
    """
    if not len(offsets) or not len(spans):
        return np.full(len(offsets), -1, dtype=np.int64)
    starts, ends = np.asarray(spans, dtype=np.int64).T
    token_starts, token_ends = np.asarray(offsets, dtype=np.int64).T
    found = np.searchsorted(starts, token_ends - 1, side="right") - 1
    inside = (found >= 0) & (token_starts < ends[found])
    following = np.minimum(found + 1, len(starts) - 1)
    before = ~inside & (starts[following] == token_ends)
    words = np.where(inside, found, np.where(before, following, -1))
    return np.where(token_ends > token_starts, words, -1)
