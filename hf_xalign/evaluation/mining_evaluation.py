"""Bitext mining in several languages by several models, each with thresholds tuned on a part of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Unpack

import numpy as np

from hf_xalign.evaluation.bootstrap import percentile_estimate
from hf_xalign.evaluation.json_files import stamp
from hf_xalign.evaluation.language_pairs import are_low_resource, language_names
from hf_xalign.evaluation.language_scores import group_share, language_groups
from hf_xalign.evaluation.mining import MinedPairs, mine_bitext
from hf_xalign.evaluation.mining_quality import mining_scores, tune_threshold
from hf_xalign.evaluation.mining_results import FORMAT
from hf_xalign.evaluation.mining_task import MiningTask, mining_tasks
from hf_xalign.evaluation.parallel_text import ParallelText, describe_pairs
from hf_xalign.evaluation.resampled_means import resampled_means
from hf_xalign.evaluation.text_vectors import EmbeddingOptions, TextVectors, distinct_labels, embed_by_models


def evaluate_mining(
    models: Sequence[str],
    data: Sequence[ParallelText],
    *,
    low_resource: Sequence[str] = (),
    neighbours: int = 4,
    margin: str = "ratio",
    gold_share: float = 0.2,
    labels: Sequence[str] | None = None,
    name: str | None = None,
    synthetic: bool = False,
    seed: int = 0,
    **embedding: Unpack[EmbeddingOptions],
) -> dict[str, Any]:
    """Precision, recall and F1 of every model on a mining task of every pair of languages (`mining_tasks`).

    The threshold of each model and pair is tuned on one half and tested on the other. The result is what
    `write_mining` writes; a low level of F1 is to be read beside the share of gold pairs.

    Args:
        models: checkpoint folders or Hub ids; the others are compared with the first.
        data: the pairs of languages, of one file.
        low_resource: the languages, as `swh` or `swh_Latn`, whose mean is apart from that of the others.
        neighbours, margin: of `mine_bitext`.
        gold_share: of `mining_tasks`.
        labels: the models' names in tables; None: their folders'.
        name: the name of the data; None: their file's.
        synthetic: mark the data as not written by people.
        seed: of the tasks and of the resamples.
        embedding: options of `embed_texts`: `layer`, `pooling`, `max_length`, `batch_tokens`, `progress`.

    Raises:
        XAlignError: too few rows, an unknown margin or language, a model that cannot be opened.
    """
    labels = distinct_labels(models, labels)
    names = language_names([text.pair for text in data])
    low = are_low_resource(names, low_resource)
    tasks = [mining_tasks(text, gold_share=gold_share, seed=seed) for text in data]
    sentences = [
        sentence for halves in tasks for task in halves for side in (task.source, task.target) for sentence in side
    ]

    entries, scores, items = [], [[] for _ in data], [[] for _ in data]
    for vectors in embed_by_models(models, sentences, labels, **embedding):
        entries.append(vectors.model)
        for place, (tuning, test) in enumerate(tasks):
            mined = _mine(vectors, tuning, neighbours, margin)
            threshold = tune_threshold(mined.scores, mined.is_gold(tuning.gold), len(tuning.gold))
            mined = _mine(vectors, test, neighbours, margin)
            found = mining_scores(mined, test.gold, threshold.value, seed=seed)
            scores[place].append({"threshold": threshold.value, "tuned_f1": threshold.f1, **asdict(found)})
            items[place].append(_items(mined, test, threshold.value))

    values = [np.concatenate(models, axis=1) for models in items]
    counts = resampled_means(values, [test.source_rows for _, test in tasks], seed=seed)
    draws = _f1(counts.reshape(*counts.shape[:2], -1, 3))
    for place, models in enumerate(scores):
        for model, score in enumerate(models[1:], start=1):
            score["difference"] = _difference([models], draws[:, [place]], model)
    return {
        "format": FORMAT,
        "dataset": describe_pairs(data, name=name, synthetic=synthetic),
        "models": entries,
        "neighbours": neighbours,
        "margin": margin,
        "gold_share": gold_share,
        "languages": [
            {
                "language": names[place],
                "pair": list(text.pair),
                "low_resource": low[place],
                "tuning": tasks[place][0].describe(),
                "test": tasks[place][1].describe(),
                "scores": scores[place],
            }
            for place, text in enumerate(data)
        ],
        "groups": [
            {
                "name": group,
                "languages": [names[place] for place in members],
                "scores": _group_scores([scores[place] for place in members], draws[:, members]),
            }
            for group, members in language_groups(low).items()
        ],
        "seed": seed,
        **stamp(),
    }


def _mine(vectors: TextVectors, task: MiningTask, neighbours: int, margin: str) -> MinedPairs:
    return mine_bitext(vectors(task.source), vectors(task.target), neighbours=neighbours, margin=margin)


def _items(mined: MinedPairs, task: MiningTask, threshold: float) -> np.ndarray:
    """`(N, 3)`: for each source sentence whether its pair was taken rightly, taken wrongly, or is gold and missed."""
    items = np.zeros((len(task.source), 3))
    taken = mined.scores >= threshold
    right = mined.is_gold(task.gold) & taken
    items[[source for source, _ in task.gold], 2] = 1
    items[mined.source[taken & ~right], 1] = 1
    items[mined.source[right]] = [1, 0, 0]
    return items


def _f1(counts: np.ndarray) -> np.ndarray:
    right, wrong, missed = np.moveaxis(counts, -1, 0)
    return 2 * right / np.maximum(2 * right + wrong + missed, np.finfo(float).tiny)


def _group_scores(members: list[list[dict]], draws: np.ndarray) -> list[dict[str, Any]]:
    """The mean F1 of each model over the scores of some languages; `draws` is `(B, L, K)`."""
    scores = []
    for model in range(draws.shape[2]):
        languages = [models[model]["f1"] for models in members]
        n = sum(language["n"] for language in languages)
        mean = float(np.mean([language["value"] for language in languages]))
        estimate = percentile_estimate(mean, draws[:, :, model].mean(axis=1), n)
        scores.append({"f1": group_share(estimate, languages).to_dict()})
        if model:
            scores[-1]["difference"] = _difference(members, draws, model)
    return scores


def _difference(members: list[list[dict]], draws: np.ndarray, model: int) -> dict[str, float | int]:
    """The mean F1 of a model less that of the first, on the same draws."""
    value = np.mean([models[model]["f1"]["value"] - models[0]["f1"]["value"] for models in members])
    n = sum(models[model]["gold"] for models in members)
    return percentile_estimate(value, (draws[:, :, model] - draws[:, :, 0]).mean(axis=1), n).to_dict()
