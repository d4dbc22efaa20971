"""Retrieval and similarity of a fixed set of pairs, for a model that is being trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.embeddings import embed_tokenized, length_limit, tokenize_sentences
from hf_xalign.evaluation.retrieval import retrieval_accuracy, text_groups
from hf_xalign.evaluation.similarity import Similarity, derangement, matched_and_random


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class RetrievalEvaluator:
    """Callable `(model) -> metrics`; the pairs are tokenised once, at the first call.

    Args:
        tokenizer: the model's.
        source, target: N texts each; row i of one translates row i of the other.
        layer: index into the encoder's hidden states (0 is the embeddings).
        pooling: "mean" or "cls".
        batch_tokens: padded tokens per forward pass.
        max_length: tokens, special ones included, at which a text is cut; None: what tokenizer and model allow.
        prefix: what the names of the retrieval metrics begin with.
        seed: of the random pairs.

    Attributes:
        similarity: the cosines `(N,)` of matched and of random pairs that the last call found; None before the first.

    Raises:
        XAlignError: sides of different lengths, or no random pairs (fewer than two rows, or half of them the same).
    """

    # What a call returns, with the default prefix.
    METRICS = (
        "retrieval_top1",
        "retrieval_top1_forward",
        "retrieval_top1_backward",
        "retrieval_top5",
        "similarity_matched",
        "similarity_random",
        "similarity_gap",
    )

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        source: Sequence[str],
        target: Sequence[str],
        *,
        layer: int,
        pooling: str = "mean",
        batch_tokens: int = 4096,
        max_length: int | None = None,
        prefix: str = "retrieval",
        seed: int = 0,
    ):
        if len(source) != len(target):
            raise XAlignError(f"retrieval needs pairs, got {len(source)} source and {len(target)} target sentences")
        self.tokenizer = tokenizer
        self.texts = (list(source), list(target))
        self.layer = layer
        self.pooling = pooling
        self.batch_tokens = batch_tokens
        self.max_length = max_length
        self.prefix = prefix
        self.groups = text_groups(*self.texts)
        self.random = derangement(len(source), seed, self.groups)
        self.similarity: Similarity | None = None
        self._tokenized = None

    def __call__(self, model: PreTrainedModel) -> dict[str, float]:
        """Shares of hits (both directions and their mean), and mean cosines of matched and of random pairs.

        `model` is any model whose `.base_model` is the encoder; only the encoder is called, in eval mode and without
        gradient, and the modes are restored.
        """
        if self._tokenized is None:
            limit = length_limit(model, self.tokenizer, self.max_length)
            self._tokenized = [tokenize_sentences(self.tokenizer, texts, max_length=limit) for texts in self.texts]
        (source,), (target,) = (
            embed_tokenized(
                model, side, layers=[self.layer], pooling=self.pooling, batch_tokens=self.batch_tokens
            ).values()
            for side in self._tokenized
        )
        retrieval = retrieval_accuracy(source, target, groups=self.groups)
        self.similarity = similarity = matched_and_random(source, target, self.random)
        return {
            f"{self.prefix}_top1": retrieval.mean_accuracy(1),
            f"{self.prefix}_top1_forward": retrieval.forward.accuracy(1),
            f"{self.prefix}_top1_backward": retrieval.backward.accuracy(1),
            f"{self.prefix}_top5": retrieval.mean_accuracy(5),
            "similarity_matched": float(similarity.matched.mean()),
            "similarity_random": float(similarity.random.mean()),
            "similarity_gap": similarity.gap,
        }
