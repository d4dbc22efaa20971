"""What the aligners that read the hidden states of an encoder have in common."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from tqdm.auto import tqdm

from hf_xalign.aligners.base import Aligner, Link, WordPair, check_pairs
from hf_xalign.aligners.encoder_source import encoder_source
from hf_xalign.aligners.linked_cells import LinkedCells
from hf_xalign.aligners.states import layer_states
from hf_xalign.aligners.subwords import WordTokenizer
from hf_xalign.aligners.units import PairBatch, Units, pair_batches, subword_units, word_units
from hf_xalign.configuration import default_alignment_layer
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger("hf_xalign")

# Words whose states are held at a time (about 100 MB at 768 dimensions).
_CHUNK_WORDS = 20_000
# Tokens that are encoded and cells that are matched at a time: what fits a CPU's caches, what keeps a GPU busy.
_BATCH_TOKENS = {"cpu": 1024, "gpu": 16_384}
_BATCH_CELLS = {"cpu": 2**16, "gpu": 2**22}


class EmbeddingAligner(Aligner):
    """What the aligners that read hidden states share.

    Every different sentence is encoded once, up to the layer used, in batches of like length; equal pairs of one call
    get equal links. Words are tokenised one by one, as the reference packages do. A word of which the tokenizer makes
    nothing has no links. Sentences longer than the encoder takes are read in overlapping windows (see
    [`~hf_xalign.aligners.states.windows`]); how many they were is said on the logger `hf_xalign`.

    Args:
        model: a Hub id, a folder, or a model of transformers.
        tokenizer: the tokenizer of a model given as an object; a Hub id or folder where it is not the model's own.
        layer: whose states are compared; 0 is the embedding layer. None: 8 of 12, in proportion for other depths.
        batch_tokens: padded tokens per forward pass; None: 1 024 on a CPU, where small batches have the least padding
            and stay in its caches, 16 384 on a GPU.
        device: where to run; None: on the GPU if there is one, a model given as an object where it is.
        threshold: links scored below it are dropped.

    Raises:
        XAlignError: there is no model there, its encoder is not supported, or it has no such layer.
    """

    name: ClassVar[str]
    token_type: str = "bpe"

    def __init__(
        self,
        model: str | os.PathLike | PreTrainedModel,
        *,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        layer: int | None = None,
        batch_tokens: int | None = None,
        device: str | torch.device | None = None,
        threshold: float = 0.0,
    ) -> None:
        super().__init__(threshold=threshold)
        self._source = encoder_source(model, tokenizer, device)
        depth = self._source.config.num_hidden_layers
        self.layer = default_alignment_layer(depth) if layer is None else layer
        if not isinstance(self.layer, int) or not 0 <= self.layer <= depth:
            raise XAlignError(f"layer is {layer!r}, but the encoder has layers 0 (embeddings) to {depth}")
        if batch_tokens is not None and (not isinstance(batch_tokens, int) or batch_tokens < 1):
            raise XAlignError(f"batch_tokens is {batch_tokens!r}; it must be a whole number, 1 or more")
        self.batch_tokens = batch_tokens
        self._words: WordTokenizer | None = None

    @abstractmethod
    def _match(self, batch: PairBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Links `(B, m, n)` bool of the units, False on padding, and a score 0 to 1 for every cell."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """The settings, besides those of this class, that links depend on."""

    @property
    def id(self) -> str:
        settings = {"model": self._source.fingerprint(), "layer": self.layer, **self._settings()}
        settings["threshold"] = self.threshold
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in settings.items())})"

    def __getstate__(self) -> dict[str, Any]:
        # The size of batches may change a score's last digit and no more.
        return {**self.__dict__, "_words": None}

    def align_layers(self, pairs: Sequence[WordPair]) -> list[list[list[Link]]]:
        """What `align` gives with every layer, from the embeddings (0) on, out of one pass of the whole encoder.

        Args:
            pairs: as for `align`.

        Returns:
            for each layer what `align` returns, scored as there; links below `threshold` are kept.

        Raises:
            XAlignError: a side or a word is empty.
        """
        check_pairs(pairs)
        return self._links_of_layers(pairs, range(self._source.config.num_hidden_layers + 1), progress=False)

    def _links(self, pairs: Sequence[WordPair], *, progress: bool) -> list[list[Link]]:
        return self._links_of_layers(pairs, (self.layer,), progress=progress)[0]

    def _links_of_layers(
        self, pairs: Sequence[WordPair], layers: Sequence[int], *, progress: bool
    ) -> list[list[list[Link]]]:
        numbers: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
        which = [numbers.setdefault((tuple(source), tuple(target)), len(numbers)) for source, target in pairs]
        different = list(numbers)
        found = [LinkedCells() for _ in layers]
        long = total = 0
        lengths = np.array([len(source) + len(target) for source, target in different])
        with tqdm(total=len(different), desc="aligning", unit="pair", leave=False, disable=not progress) as bar:
            for chunk in _chunks(lengths, max(1, _CHUNK_WORDS // len(layers))):
                sentences: dict[tuple[str, ...], int] = {}
                rows = [[sentences.setdefault(side, len(sentences)) for side in different[pair]] for pair in chunk]
                units, cut = self._units(list(sentences), layers)
                long, total = long + cut, total + len(sentences)
                for cells, layer_units in zip(found, units, strict=True):
                    for batch in pair_batches(layer_units, np.array(rows), _BATCH_CELLS[_kind(layer_units.vectors)]):
                        links, scores = self._match(batch)
                        cells.add(chunk[batch.pairs], batch, links, scores, self._doubts(batch))
                bar.update(len(chunk))
        if long:
            logger.warning(
                "%d of %d sentences have more sub-words than the encoder takes at a time (%d) and were read in "
                "overlapping windows", long, total, self._source.limit(),
            )  # fmt: skip
        repeats = np.bincount(which, minlength=len(different))
        words = [cells.words(len(different), self._kept(cells, repeats)) for cells in found]
        return [[layer_words[number] for number in which] for layer_words in words]

    def _units(self, sentences: Sequence[Sequence[str]], layers: Sequence[int]) -> tuple[list[Units], int]:
        """The units of sentences at each layer, and how many of these had to be read in windows."""
        encoder, tokenizer = self._source.open()
        if self._words is None:
            self._words = WordTokenizer(tokenizer)
        prefix, suffix = self._words.prefix, self._words.suffix
        limit = self._source.limit() - len(prefix) - len(suffix)
        pieces = self._words(sentences)
        ids = [list(chain.from_iterable(words)) for words in pieces]
        batch_tokens = self.batch_tokens or _BATCH_TOKENS[_kind(encoder)]
        states = layer_states(
            encoder, ids, layers=layers, prefix=prefix, suffix=suffix, limit=limit, batch_tokens=batch_tokens
        )
        make = subword_units if self.token_type == "bpe" else word_units
        return [make(layer, pieces) for layer in states], sum(len(row) > limit for row in ids)

    def _doubts(self, batch: PairBatch) -> torch.Tensor | None:
        """A number per cell `(B, m, n)` by which `_kept` may choose, or None."""
        return None

    def _kept(self, found: LinkedCells, repeats: np.ndarray) -> np.ndarray | None:
        """Which of all linked cells to keep (bool), None: all; `repeats` tells how often each pair was given."""
        return None


def _chunks(lengths: np.ndarray, budget: int) -> list[np.ndarray]:
    """Row numbers, longest rows first, in parts of about `budget` words."""
    order = np.argsort(-lengths, kind="stable")
    part = np.cumsum(lengths[order]) // budget
    return np.split(order, np.flatnonzero(np.diff(part)) + 1)


def _kind(where: torch.Tensor | PreTrainedModel) -> str:
    return "cpu" if where.device.type == "cpu" else "gpu"
