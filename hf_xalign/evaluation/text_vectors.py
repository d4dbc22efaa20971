"""A checkpoint's vectors of many sentences, each embedded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, Unpack

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.embeddings import embed_tokenized, length_limit, resolve_layers, tokenize_sentences
from hf_xalign.evaluation.loading import alignment_settings
from hf_xalign.loading import load_encoder, load_tokenizer


@dataclass(frozen=True)
class TextVectors:
    """The vectors `(U, D)` of U different texts; called with N texts of these, it returns theirs, `(N, D)`.

    `model` is what result files say of the checkpoint (`json_files.MODEL`).
    """

    model: dict[str, Any]
    vectors: np.ndarray
    rows: dict[str, int]

    def __call__(self, texts: Iterable[str]) -> np.ndarray:
        return self.vectors[[self.rows[text] for text in texts]]


class EmbeddingOptions(TypedDict, total=False):
    """The options of `embed_texts` that hold for all of several models."""

    layer: int | None
    pooling: str | None
    max_length: int | None
    batch_tokens: int
    progress: bool


def embed_texts(
    name_or_path: str,
    texts: Iterable[str],
    *,
    layer: int | None = None,
    pooling: str | None = None,
    max_length: int | None = None,
    batch_tokens: int = 4096,
    label: str | None = None,
    progress: bool = False,
) -> TextVectors:
    """Open a checkpoint folder or Hub id and embed the different ones of `texts`.

    Args:
        layer, pooling: None: those of the checkpoint's `xalign_config.json`, else 8 of 12 layers and "mean".
        label: the model's name in tables; None: the folder's.

    Raises:
        XAlignError: a model that cannot be opened, a layer or a length out of range.
    """
    model, tokenizer = load_encoder(name_or_path), load_tokenizer(name_or_path)
    settings = alignment_settings(name_or_path)
    num_layers = model.config.num_hidden_layers
    (layer,) = resolve_layers([settings.resolve_alignment_layer(num_layers) if layer is None else layer], num_layers)
    pooling = pooling or settings.pooling
    limit = length_limit(model, tokenizer, max_length)
    label = label or Path(name_or_path).resolve().name
    rows: dict[str, int] = {}
    for text in texts:
        rows.setdefault(text, len(rows))
    tokenized = tokenize_sentences(tokenizer, list(rows), max_length=limit)
    (vectors,) = embed_tokenized(
        model, tokenized, layers=[layer], pooling=pooling, batch_tokens=batch_tokens, progress=progress and label
    ).values()
    entry = {
        "model": name_or_path,
        "label": label,
        "layer": layer,
        "num_layers": num_layers,
        "pooling": pooling,
        "max_length": limit,
        "truncated": tokenized.truncated,
    }
    return TextVectors(entry, vectors, rows)


def embed_by_models(
    models: Sequence[str], texts: Sequence[str], labels: Sequence[str], **options: Unpack[EmbeddingOptions]
) -> Iterator[TextVectors]:
    """`embed_texts` by each of several models, one after the other.

    Args:
        labels: of `distinct_labels`.
    """
    for model, label in zip(models, labels, strict=True):
        yield embed_texts(model, texts, label=label, **options)


def distinct_labels(models: Sequence[str], labels: Sequence[str] | None = None) -> list[str]:
    """A label for each model: the one given, else the last parts of its path, as many as tell the models apart.

    Raises:
        XAlignError: no models, another number of labels, or models or labels that are not different.
    """
    if not models:
        raise XAlignError("there is no model to evaluate")
    if labels:
        if len(labels) != len(models):
            raise XAlignError(f"{len(labels)} labels for {len(models)} models: give --label once for each, in order")
        names = list(labels)
    else:
        parts = [Path(model).resolve().parts[1:] for model in models]
        depth = next((d for d in range(1, max(map(len, parts))) if len({p[-d:] for p in parts}) == len(parts)), 0)
        names = ["/".join(part[-max(depth, 1) :]) for part in parts]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise XAlignError(
            f"two models are both called {twice}: " + ("change a --label" if labels else "name each once")
        )
    return names
