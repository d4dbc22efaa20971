"""Sentence retrieval in many languages by several models, in one table (Tatoeba, FLORES, NTREX)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import stamp
from hf_xalign.evaluation.language_pairs import are_low_resource, language_names
from hf_xalign.evaluation.language_scores import language_groups, score_languages
from hf_xalign.evaluation.languages_results import FORMAT
from hf_xalign.evaluation.multi_parallel import multi_parallel, similarity_of, similarity_part
from hf_xalign.evaluation.parallel_text import ParallelText, describe_pairs
from hf_xalign.evaluation.retrieval import METRICS, retrieval_accuracy, text_groups
from hf_xalign.evaluation.text_vectors import EmbeddingOptions, TextVectors, distinct_labels, embed_by_models


def evaluate_languages(
    models: Sequence[str],
    data: Sequence[ParallelText],
    *,
    low_resource: Sequence[str] = (),
    metrics: Sequence[str] = ("cosine",),
    labels: Sequence[str] | None = None,
    name: str | None = None,
    synthetic: bool = False,
    seed: int = 0,
    measures: bool = False,
    **embedding: Unpack[EmbeddingOptions],
) -> dict[str, Any]:
    """Top-1 retrieval of every model on every pair of languages; the result is what `write_languages` writes.

    "forward" has the sentences of a pair's first language as queries, "backward" those of its second: where the first
    is English in all pairs, "backward" is what papers call Tatoeba accuracy, and "mean" the mean of both. Each model
    embeds each different sentence once. Duplicates are no wrong answers (`text_groups`).

    Args:
        models: checkpoint folders or Hub ids; the others are compared with the first.
        data: the pairs of languages, of one file.
        low_resource: the languages, as `swh` or `swh_Latn`, whose mean is apart from that of the others.
        metrics: of "cosine", "csls" and "margin"; cosine is always among them.
        labels: the models' names in tables; None: their folders'.
        name: the name of the data; None: their file's.
        synthetic: mark the data as not written by people.
        seed: of the resamples.
        measures: add the similarity of all languages to each other (mPLM-Sim), by the rows that all of them have.
        embedding: options of `embed_texts`: `layer`, `pooling`, `max_length`, `batch_tokens`, `progress`.

    Raises:
        XAlignError: an unknown metric or language, a model that cannot be opened, labels that are not different,
            no rows for `measures`.
    """
    unknown = sorted(set(metrics) - set(METRICS))
    if unknown:
        raise XAlignError(f"unknown retrieval metric {unknown[0]!r}: use {', '.join(METRICS)}")
    metrics = [metric for metric in METRICS if metric == "cosine" or metric in metrics]
    labels = distinct_labels(models, labels)
    names = language_names([text.pair for text in data])
    low = are_low_resource(names, low_resource)
    same = [text_groups(text.source, text.target) for text in data]
    sentences = list(
        dict.fromkeys(sentence for text in data for side in (text.source, text.target) for sentence in side)
    )

    common = multi_parallel(data) if measures else None
    entries, hits, similarities = [], {metric: [[] for _ in data] for metric in metrics}, []
    for vectors in embed_by_models(models, sentences, labels, **embedding):
        entries.append(vectors.model)
        for metric in metrics:
            for place, (text, group) in enumerate(zip(data, same, strict=True)):
                hits[metric][place].append(_hits(vectors, text, metric, group))
        if common is not None:
            similarities.append(similarity_of(vectors, common, seed))

    groups = language_groups(low)
    scores = {metric: score_languages(hits[metric], data, list(groups.values()), seed=seed) for metric in metrics}
    return {
        "format": FORMAT,
        "dataset": describe_pairs(data, name=name, synthetic=synthetic),
        "models": entries,
        "languages": [
            {
                "language": names[place],
                "pair": list(text.pair),
                "n": len(text),
                "low_resource": low[place],
                "scores": {metric: scores[metric].languages[place] for metric in metrics},
            }
            for place, text in enumerate(data)
        ],
        "groups": [
            {
                "name": group,
                "languages": [names[place] for place in members],
                "scores": {metric: scores[metric].groups[number] for metric in metrics},
            }
            for number, (group, members) in enumerate(groups.items())
        ],
        "seed": seed,
        **({"language_similarity": similarity_part(similarities)} if similarities else {}),
        **stamp(),
    }


def _hits(vectors: TextVectors, text: ParallelText, metric: str, groups: np.ndarray) -> np.ndarray:
    """`(N, 3)`: 1 for a hit and 0 for a miss, forward and backward, and the mean of both."""
    result = retrieval_accuracy(vectors(text.source), vectors(text.target), k=(1,), metric=metric, groups=groups)
    return np.stack([result.forward.hits(1), result.backward.hits(1), result.mean_hits(1)], axis=1)
