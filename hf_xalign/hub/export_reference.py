"""What an export must give: the source's own states and sentence embeddings of a few sentences."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from hf_xalign.encoding import evaluation_mode
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.embeddings import length_limit, sentence_embeddings
from hf_xalign.hub.special_tokens import special_token_ids
from hf_xalign.loading import load_encoder, load_tokenizer


# What another library may differ by from the source: of 1, or of the largest value where that is more.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Reference:
    """A checkpoint that is to be exported, and what its export must give.

    Attributes:
        encoder, tokenizer: of the source; the tokenizer cuts sentences where the encoder's positions end.
        layer: 1 to the encoder's number of layers.
        pooling: `"mean"` over the tokens but `special_ids`, or `"cls"`.
        normalize: whether sentence embeddings have length 1.
        special_ids: of the tokens that are no text.
        sentences: N texts.
        batch: as the tokenizer gives them, `(N, L)`, padded.
        states: of the layer, `(N, L, D)`, those of padding included.
        vectors: sentence embeddings, `(N, D)`.
    """

    encoder: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    layer: int
    pooling: str
    normalize: bool
    special_ids: list[int]
    sentences: list[str]
    batch: Mapping[str, torch.Tensor]
    states: np.ndarray
    vectors: np.ndarray

    def difference_of_states(self, found: np.ndarray, what: str, *, padding: bool = False) -> float:
        """The largest difference of a layer's states `(N, L, D)`.

        Args:
            what: whose they are, for the message.
            padding: compare the states of padding too.

        Raises:
            XAlignError: it is more than `TOLERANCE`.
        """
        kept = self.batch["attention_mask"].bool().numpy() | padding
        return _difference(found[kept], self.states[kept], what)

    def difference_of_vectors(self, found: np.ndarray, what: str) -> float:
        """The largest difference of sentence embeddings `(N, D)`; raises as above."""
        return _difference(found, self.vectors, what)


def open_reference(folder: Path, *, layer: int, pooling: str, normalize: bool) -> Reference:
    """Open a checkpoint and encode a few sentences with it, on the CPU.

    Raises:
        XAlignError: it cannot be opened.
    """
    encoder, tokenizer = load_encoder(str(folder)).cpu(), load_tokenizer(str(folder))
    # Other libraries cut a sentence where the tokenizer says, and XLM-R's config tells of more positions than tokens.
    tokenizer.model_max_length = limit = length_limit(encoder, tokenizer)
    sentences = sample_sentences(tokenizer, limit)
    batch = tokenizer(sentences, padding=True, truncation=True, return_tensors="pt")
    vectors = sentence_embeddings(encoder, tokenizer, sentences, layers=[layer], pooling=pooling)[layer]
    if normalize:
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    return Reference(
        encoder=encoder,
        tokenizer=tokenizer,
        layer=layer,
        pooling=pooling,
        normalize=normalize,
        special_ids=special_token_ids(tokenizer) if pooling == "mean" else [],
        sentences=sentences,
        batch=batch,
        states=layer_states(encoder, batch, layer),
        vectors=vectors,
    )


def sample_sentences(tokenizer: PreTrainedTokenizerBase, limit: int) -> list[str]:
    """A few sentences of a tokenizer's own tokens, always the same, up to `limit` tokens long and more."""
    generator = np.random.default_rng(0)
    drawn = (generator.integers(0, len(tokenizer), length).tolist() for length in (1, 2, 5, 9, 16, min(40, limit)))
    texts = (tokenizer.decode(ids, skip_special_tokens=True) for ids in drawn)
    return [text if text.strip() else "a" for text in texts]


def layer_states(encoder: PreTrainedModel, batch: Mapping[str, torch.Tensor], layer: int) -> np.ndarray:
    """`hidden_states[layer]` of a batch, `(N, L, D)`."""
    taken = inspect.signature(encoder.forward).parameters
    inputs = {name: value for name, value in batch.items() if name in taken}
    with evaluation_mode(encoder), torch.no_grad():
        return encoder(**inputs, output_hidden_states=True).hidden_states[layer].numpy()


def _difference(found: np.ndarray, expected: np.ndarray, what: str) -> float:
    largest = float(np.abs(found - expected).max()) if found.shape == expected.shape else float("nan")
    if not largest <= TOLERANCE * max(1.0, float(np.abs(expected).max())):  # NaN is refused, too
        raise XAlignError(f"the {what} export gives other values than the source (largest difference {largest:.2g})")
    return largest
