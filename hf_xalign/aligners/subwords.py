"""Words to token ids, each word once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Words that are remembered: some 100 MB at the most.
_REMEMBERED = 500_000


class WordTokenizer:
    """The token ids of single words, as SimAlign and awesome-align take them: each word is tokenised on its own.

    A tokenizer that writes the space before a word into the word's first token, but does not put it there itself
    (byte-level ones, Gemma's), gets each word with a space before it; else a sentence would read as one long word.

    Attributes:
        prefix, suffix: ids of the special tokens around a sentence.

    Raises:
        XAlignError: the tokenizer's special tokens around a sentence cannot be told.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._pieces: dict[str, tuple[int, ...]] = {}
        plain, spaced = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", " a"))
        self._space = "" if plain == spaced else " "
        framed = tokenizer("a", return_special_tokens_mask=True)
        text = [place for place, special in enumerate(framed["special_tokens_mask"]) if not special]
        if not text:
            raise XAlignError(f"{tokenizer.name_or_path}: the tokenizer knows no word, not even 'a'")
        self.prefix: list[int] = framed["input_ids"][: text[0]]
        self.suffix: list[int] = framed["input_ids"][text[-1] + 1 :]

    def __call__(self, sentences: Sequence[Sequence[str]]) -> list[list[tuple[int, ...]]]:
        """For each sentence the ids of each of its words; a word that the tokenizer drops has none."""
        self._learn(chain.from_iterable(sentences))
        pieces = self._pieces
        return [[pieces[word] for word in words] for words in sentences]

    def _learn(self, words: Iterable[str]) -> None:
        new = set(words)
        if len(self._pieces) + len(new) > _REMEMBERED:
            self._pieces.clear()
        new = list(new.difference(self._pieces))
        if new:
            texts = [self._space + word for word in new] if self._space else new
            # `verbose`: a long word is no long input, the caller sees to the length.
            ids = self._tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
            self._pieces.update(zip(new, map(tuple, ids), strict=True))
