"""Examples as a model sees them, and its classes as labels again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.evaluation.downstream.examples import Example
from hf_xalign.evaluation.downstream.measures import LOST
from hf_xalign.evaluation.downstream.settings import OF_WORDS, TaskSettings


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# What the losses of plain transformers classes leave out.
IGNORED = -100


@dataclass(frozen=True)
class EncodedExamples:
    """N examples as features, with what their classes stand for.

    `positions` has, for tasks of words, the position of each word's first sub-word, None where it has none: it is
    beyond `max_length`, or the tokenizer gives nothing for it. `lost` counts these words, `cut` the sentences that are
    longer than `max_length`. A lost word is not left out of a test: it counts as an error.
    """

    settings: TaskSettings
    features: list[dict[str, Any]]
    positions: list[list[int | None]] | None
    gold: list[tuple[str, ...]]
    cut: int

    @property
    def lost(self) -> int:
        """Words without a sub-word."""
        return sum(position is None for sentence in self.positions or [] for position in sentence)

    def labels_of(self, classes: np.ndarray) -> list[list[str]]:
        """The labels that predicted classes stand for, a list per example.

        Args:
            classes: `(N,)`, a class per example, or `(N, L)`, one per token.

        Returns:
            A label per example or word. A lost word is outside of all entities (`O`), and so misses those that it is
            part of; of other tasks its label is `LOST`, which is never right.
        """
        labels = self.settings.labels
        if self.positions is None:
            return [[labels[index]] for index in classes]
        lost = "O" if self.settings.task == "ner" else LOST
        return [
            [lost if position is None else labels[row[position]] for position in sentence]
            for row, sentence in zip(classes, self.positions, strict=True)
        ]


def encode_examples(
    examples: Sequence[Example], tokenizer: PreTrainedTokenizerBase, settings: TaskSettings, max_length: int
) -> EncodedExamples:
    """Tokenize, cut at `max_length` tokens, and put the label of each word on its first sub-word."""
    words = settings.task in OF_WORDS
    parts = [[list(item.parts) for item in examples]]
    if not words:
        parts = [list(texts) for texts in zip(*(item.parts for item in examples), strict=True)]
    encoded = tokenizer(*parts, is_split_into_words=words, truncation=True, max_length=max_length)
    classes = {label: index for index, label in enumerate(settings.labels)}
    features, positions = [], []
    for place, item in enumerate(examples):
        feature = {name: encoded[name][place] for name in encoded}
        if words:
            first = _first_positions(encoded.word_ids(place), len(item.parts))
            positions.append(first)
            feature["labels"] = [IGNORED] * len(feature["input_ids"])
            for position, label in zip(first, item.gold, strict=True):
                if position is not None:
                    feature["labels"][position] = classes[label]
        else:
            feature["labels"] = classes[item.gold[0]]
        features.append(feature)
    cut = sum(bool(encoding.overflowing) for encoding in encoded.encodings)
    return EncodedExamples(settings, features, positions if words else None, [item.gold for item in examples], cut)


def _first_positions(word_ids: Sequence[int | None], count: int) -> list[int | None]:
    first: list[int | None] = [None] * count
    for position, word in enumerate(word_ids):
        if word is not None and first[word] is None:
            first[word] = position
    return first
