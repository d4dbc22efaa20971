"""Semantic textual similarity of several models on one file of graded pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import percentile_estimate
from hf_xalign.evaluation.json_files import stamp
from hf_xalign.evaluation.sts import StsResult, sts_correlation
from hf_xalign.evaluation.sts_data import StsData
from hf_xalign.evaluation.sts_results import CORRELATIONS, FORMAT
from hf_xalign.evaluation.text_vectors import EmbeddingOptions, distinct_labels, embed_by_models


def evaluate_sts(
    models: Sequence[str],
    data: StsData,
    *,
    labels: Sequence[str] | None = None,
    name: str | None = None,
    synthetic: bool = False,
    seed: int = 0,
    **embedding: Unpack[EmbeddingOptions],
) -> dict[str, Any]:
    """How well each model's cosines follow the gold scores; the result is what `write_sts` writes.

    Args:
        models: checkpoint folders or Hub ids; the others are compared with the first, on the same resamples.
        data: pairs of sentences with gold scores, from `read_sts`.
        labels: the models' names in tables; None: their folders'.
        name: the name of the data; None: their file's.
        synthetic: mark the data as not written by people.
        seed: of the resamples.
        embedding: options of `embed_texts`: `layer`, `pooling`, `max_length`, `batch_tokens`, `progress`.

    Raises:
        XAlignError: a model that cannot be opened, or that gives all pairs one cosine.
    """
    labels = distinct_labels(models, labels)
    entries, results = [], []
    for vectors in embed_by_models(models, [*data.first, *data.second], labels, **embedding):
        entries.append(vectors.model)
        try:
            results.append(sts_correlation(vectors(data.first), vectors(data.second), data.scores, seed=seed))
        except XAlignError as error:
            raise XAlignError(f"{vectors.model['label']} on {data.file}: {error}") from error
    return {
        "format": FORMAT,
        "dataset": {
            "name": name or data.name,
            "file": data.file,
            "fingerprint": data.fingerprint(),
            "synthetic": synthetic,
            "n": len(data),
        },
        "models": entries,
        "scores": [_score(result, results[0], place) for place, result in enumerate(results)],
        "seed": seed,
        **stamp(),
    }


def _score(result: StsResult, first: StsResult, place: int) -> dict[str, Any]:
    score = {"spearman": result.spearman.to_dict(), "pearson": result.pearson.to_dict()}
    if place:
        gains = result.draws - first.draws
        score["difference"] = {
            kind: percentile_estimate(
                score[kind]["value"] - getattr(first, kind).value,
                gains[:, column][np.isfinite(gains[:, column])],
                result.spearman.n,
            ).to_dict()
            for column, kind in enumerate(CORRELATIONS)
        }
    return score
