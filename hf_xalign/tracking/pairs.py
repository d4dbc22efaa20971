"""Which sentence pairs of the selection data have their word alignment drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hf_xalign.data.words import split_words


if TYPE_CHECKING:
    from datasets import Dataset

# Words a side: shorter pairs tell little, longer ones make figures that nobody can read.
_SHORTEST, _LONGEST = 3, 24


@dataclass(frozen=True)
class WordsToDraw:
    """A pair of the selection data.

    Attributes:
        row: its number there, from 0.
        languages: `hin_Deva-urd_Arab`.
        source, target: its words.
        links: `(i, j)` that the data bring, if any.
    """

    row: int
    languages: str
    source: list[str]
    target: list[str]
    links: list[tuple[int, int]]


def choose_pairs(selection: Dataset, count: int) -> list[WordsToDraw]:
    """Up to `count` pairs, spread evenly over the selection data, the same ones whenever it is asked.

    Pairs of 3 to 24 words a side, or, where there are none, the shortest that there are. Words are those of the
    columns `source_words` and `target_words`, else those that `split_words` finds.
    """
    if not count:
        return []
    pairs = [_pair(row, example) for row, example in enumerate(selection)]
    sizes = {pair.row: (len(pair.source), len(pair.target)) for pair in pairs if _has_words(pair)}
    fit = [row for row, size in sizes.items() if min(size) >= _SHORTEST and max(size) <= _LONGEST]
    if not fit:
        fit = sorted(sizes, key=lambda row: (max(sizes[row]), row))[:count]
    chosen = [fit[place * len(fit) // count] for place in range(count)] if len(fit) > count else fit
    return [pairs[row] for row in chosen]


def _pair(row: int, example: dict) -> WordsToDraw:
    # A column is empty in the rows of a source that has no words.
    sides = [example.get(f"{side}_words") or split_words(example[side]) for side in ("source", "target")]
    languages = f"{example['source_lang']}-{example['target_lang']}"
    return WordsToDraw(row, languages, *sides, [(i, j) for i, j in example.get("alignment") or []])


def _has_words(pair: WordsToDraw) -> bool:
    """Both sides have words, and no word is white space, which no encoder reads."""
    return all(words and all(word.strip() for word in words) for words in (pair.source, pair.target))
