"""What aligned word prediction reads: pairs with aligned words masked whole, sentences with words to be translated.

Randomness is that of [`hf_xalign.data.masking`]: a function of seed, row, epoch and view.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AlignedRow:
    """A pair of sentences without special tokens.

    Attributes:
        ids: token ids of the two sides.
        word_ids: the word of each token, -1 for none.
        links: `(P, 2)`, source word and target word.
    """

    ids: tuple[np.ndarray, np.ndarray]
    word_ids: tuple[np.ndarray, np.ndarray]
    links: np.ndarray

    def cut(self, lengths: tuple[int, int]) -> AlignedRow:
        """The first tokens of each side, without links of words that are no longer whole."""
        ids = tuple(side[:length] for side, length in zip(self.ids, lengths, strict=True))
        words = tuple(side[:length] for side, length in zip(self.word_ids, lengths, strict=True))
        kept = np.ones(len(self.links), dtype=bool)
        for side, (whole, length) in enumerate(zip(self.word_ids, lengths, strict=True)):
            kept &= ~np.isin(self.links[:, side], whole[length:])
        return AlignedRow(ids, words, self.links[kept])


def choose_words(words: np.ndarray, probability: float, generator: np.random.Generator) -> np.ndarray:
    """Some of the different words given, each with this probability; one of them at least, where there is any."""
    words = np.unique(words)
    chosen = generator.random(len(words)) < probability
    if len(words) and not chosen.any():
        chosen[generator.integers(len(words))] = True
    return words[chosen]


def mask_aligned_words(
    row: AlignedRow, side: int, probability: float, mask_token_id: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One side of a pair with some of its aligned words masked whole, and the labels, -100 elsewhere."""
    ids, words = row.ids[side], row.word_ids[side]
    masked = np.isin(words, choose_words(row.links[:, side], probability, generator))
    return np.where(masked, mask_token_id, ids), np.where(masked, ids, -100)


def cross_words(
    row: AlignedRow,
    side: int,
    probability: float,
    mask_token_id: int,
    max_tokens: int,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """One sentence in which masks stand for some aligned words, and as labels the words that these are aligned to.

    A word gives way to as many masks as its counterpart (one of them at random, where it has several) has sub-words. A
    word whose counterpart would make the sentence longer than `max_tokens` is left alone.
    """
    ids, labels = row.ids[side], np.full(len(row.ids[side]), -100, dtype=np.int64)
    words = row.word_ids[side]
    for word in choose_words(row.links[:, side], probability, generator):
        counterpart = generator.choice(row.links[row.links[:, side] == word, 1 - side])
        answer = row.ids[1 - side][row.word_ids[1 - side] == counterpart]
        (places,) = np.nonzero(words == word)
        if len(ids) - len(places) + len(answer) > max_tokens:
            continue
        start, end = places[0], places[-1] + 1

        def replace(array: np.ndarray, value: np.ndarray, start=start, end=end) -> np.ndarray:
            return np.concatenate([array[:start], value, array[end:]])

        ids = replace(ids, np.full(len(answer), mask_token_id))
        labels = replace(labels, answer)
        words = replace(words, np.full(len(answer), word))
    return ids, labels
