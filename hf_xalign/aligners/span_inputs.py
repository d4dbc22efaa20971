"""The inputs of span prediction: a question for each word, the other sentence as its context, nothing left out.

Everything here works on token ids: each word is tokenised once, questions and windows are put together from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import TYPE_CHECKING

import numpy as np

from hf_xalign.aligners.subwords import WordTokenizer
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# The pilcrow stands on either side of the word that is asked for.
MARK = "¶"


@dataclass(frozen=True)
class Sentence:
    """A sentence in tokens.

    Attributes:
        ids: its tokens, without special ones.
        bounds: `(words + 1,)`; word k has the tokens `bounds[k]` to `bounds[k + 1]`, which may be none.
        starts: `(words,)`, where its text begins: behind a token that only holds the space before it, if any.
    """

    ids: list[int]
    bounds: np.ndarray
    starts: np.ndarray

    def words_in(self, first: int, last: int, window: tuple[int, int]) -> np.ndarray:
        """The words that lie fully within the tokens `first` to `last` (inclusive).

        Of a word that the window cuts, the part in the window counts (only a word longer than a window is cut).
        """
        starts, ends = np.maximum(self.starts, window[0]), np.minimum(self.bounds[1:], window[1])
        return np.flatnonzero((starts < ends) & (starts >= first) & (ends <= last + 1))

    def words_touching(self, first: int, last: int) -> np.ndarray:
        """The words of which at least one token lies within the tokens `first` to `last` (inclusive)."""
        ends = self.bounds[1:]
        return np.flatnonzero((self.starts < ends) & (ends > first) & (self.starts <= last))


@dataclass
class Rows:
    """What the model is asked: R rows, each a question with a window of its context.

    Attributes:
        ids, types: token ids and token types of each row.
        questions: the number of each row's question.
        starts: the row's position of the first token of its window.
        windows: `(first, last + 1)` of the window, in tokens of the context.
        cut: questions that were cut to leave room for a context.
    """

    ids: list[list[int]] = field(default_factory=list)
    types: list[list[int]] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    windows: list[tuple[int, int]] = field(default_factory=list)
    cut: int = 0


class SpanInputs:
    """Puts questions and contexts together as the tokenizer would.

    Args:
        tokenizer: a fast one, with a CLS token.
        max_length: tokens of a row, special ones included.
        overlap: tokens that two windows of one context share, as far as whole words allow.

    Attributes:
        null: position of the CLS token, which stands for "no answer".
        with_types: whether the model was given token types in training, as far as it has any.

    Raises:
        XAlignError: the tokenizer will not do, or `max_length` leaves no room.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, max_length: int, overlap: int) -> None:
        if not tokenizer.is_fast:
            raise XAlignError(f"{tokenizer.name_or_path}: the tokenizer has no fast version (tokenizer.json)")
        self._tokenizer = tokenizer
        self.with_types = "token_type_ids" in tokenizer.model_input_names
        self._words = WordTokenizer(tokenizer)
        ((self._mark,),) = self._words([[MARK]])
        # transformers makes an empty tokenizer for a folder that has none.
        if not self._mark or tokenizer.unk_token_id in self._mark:
            raise XAlignError(
                f"{tokenizer.name_or_path}: the tokenizer does not know {MARK}, which marks the word that is asked for"
            )
        # How a pair is framed is told by the frame of one.
        framed = tokenizer("a", "a", return_token_type_ids=True)
        sides = [-1 if side is None else side for side in framed.sequence_ids(0)]
        question, context = sides.index(0), sides.index(1)
        ends = [len(sides) - sides[::-1].index(side) for side in (0, 1)]
        self._frame = [
            list(zip(framed["input_ids"][start:end], framed["token_type_ids"][start:end], strict=True))
            for start, end in ((0, question), (ends[0], context), (ends[1], len(sides)))
        ]
        self._types = [framed["token_type_ids"][position] for position in (question, context)]
        prefix = [token for token, _ in self._frame[0]]
        if tokenizer.cls_token_id is None or tokenizer.cls_token_id not in prefix:
            raise XAlignError(f"{tokenizer.name_or_path}: the tokenizer begins no pair with a CLS token")
        self.null = prefix.index(tokenizer.cls_token_id)
        self._room = max_length - sum(map(len, self._frame))
        self._overlap = overlap
        if self._room // 2 < 2 * len(self._mark) + 1:
            raise XAlignError(f"max_length is {max_length}, which leaves no room for a question and its context")

    def sentences(self, sentences: Sequence[Sequence[str]]) -> list[Sentence]:
        """The tokens of each sentence's words."""
        return [self._sentence(words) for words in self._words(sentences)]

    def _sentence(self, words: Sequence[Sequence[int]]) -> Sentence:
        bounds = np.fromiter(accumulate(map(len, words), initial=0), dtype=np.int64, count=len(words) + 1)
        spaces = np.array([len(word) > 1 and self._is_space(word[0]) for word in words], dtype=np.int64)
        return Sentence(list(chain.from_iterable(words)), bounds, bounds[:-1] + spaces)

    @cached_property
    def _space_tokens(self) -> dict[int, bool]:
        return {}

    def _is_space(self, token: int) -> bool:
        if token not in self._space_tokens:
            self._space_tokens[token] = not self._tokenizer.decode([token]).strip()
        return self._space_tokens[token]

    def add(self, rows: Rows, number: int, asked: Sentence, word: int, context: Sentence) -> None:
        """Add the rows of question `number`: what is word `word` of `asked` in `context`?"""
        question, was_cut = self._question(asked, word, self._room - min(len(context.ids), self._room // 2))
        rows.cut += was_cut
        before = [*self._frame[0], *((token, self._types[0]) for token in question), *self._frame[1]]
        before_ids, before_types = [token for token, _ in before], [kind for _, kind in before]
        after_ids, after_types = [token for token, _ in self._frame[2]], [kind for _, kind in self._frame[2]]
        for first, end in windows(context.bounds, self._room - len(question), self._overlap):
            rows.ids.append(before_ids + context.ids[first:end] + after_ids)
            rows.types.append(before_types + [self._types[1]] * (end - first) + after_types)
            rows.questions.append(number)
            rows.starts.append(len(before_ids))
            rows.windows.append((first, end))

    def _question(self, sentence: Sentence, word: int, limit: int) -> tuple[list[int], bool]:
        """The sentence with a mark on either side of a word, and whether it had to be cut around it."""
        mark = list(self._mark)
        start, end = sentence.bounds[word], sentence.bounds[word + 1]
        left, asked, right = sentence.ids[:start], sentence.ids[start:end], sentence.ids[end:]
        if len(sentence.ids) + 2 * len(mark) <= limit:
            return [*left, *mark, *asked, *mark, *right], False
        asked = asked[: limit - 2 * len(mark)]
        around = limit - len(asked) - 2 * len(mark)
        # As much on either side, and what one side does not need goes to the other.
        before = min(len(left), max(around // 2, around - len(right)))
        return [*left[len(left) - before :], *mark, *asked, *mark, *right[: around - before]], True


def windows(bounds: Sequence[int], room: int, overlap: int) -> Iterator[tuple[int, int]]:
    """`(first, last + 1)` of the parts in which a context is read: whole words, unless a word is longer than a part.

    Args:
        bounds: first tokens of the words, from 0 on, and the end, which is 1 or more.
        room: tokens of a window, 1 or more.
        overlap: tokens of a window that the next one reads again, at the most; less than half of the room.

    >>> list(windows([0, 3, 4, 6, 9, 10], room=5, overlap=2))
    [(0, 4), (3, 6), (4, 9), (9, 10)]
    >>> list(windows([0, 1, 8, 9], room=4, overlap=1))
    [(0, 1), (1, 5), (5, 9)]
    """
    bounds = np.asarray(bounds)
    overlap = min(overlap, (room - 1) // 2)
    length, first = bounds[-1], 0
    while True:
        end = _last_bound(bounds, first, room)
        yield int(first), int(end)
        if end >= length:
            return
        # The first word of what is read again; a window must get further than the one before.
        again = bounds[np.searchsorted(bounds, max(first + 1, end - overlap))]
        first = again if again < end and _last_bound(bounds, again, room) > end else end


def _last_bound(bounds: np.ndarray, first: int, room: int) -> int:
    """The last end of a word that a window from `first` on holds, or its own end if it holds no whole word."""
    end = bounds[np.searchsorted(bounds, first + room, side="right") - 1]
    return end if end > first else first + room
