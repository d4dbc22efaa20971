"""Hits and misses in many languages to shares, means of groups and differences of models, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hf_xalign.evaluation.bootstrap import Estimate, percentile_estimate, share_interval
from hf_xalign.evaluation.languages_results import DIRECTIONS
from hf_xalign.evaluation.parallel_text import ParallelText
from hf_xalign.evaluation.resampled_means import resampled_means


Scores = list[dict[str, Any]]  # what `languages.json` says of each model


class LanguageScores(NamedTuple):
    languages: list[Scores]
    groups: list[Scores]


def language_groups(low: Sequence[bool]) -> dict[str, list[int]]:
    """The groups whose means the table shows, as numbers of languages; `low` tells the low-resource ones."""
    everything = list(range(len(low)))
    if all(low) or not any(low):
        return {"all": everything}
    apart = {
        "low-resource": [place for place in everything if low[place]],
        "other": [place for place in everything if not low[place]],
    }
    return apart | {"all": everything}


def score_languages(
    hits: Sequence[Sequence[np.ndarray]],
    data: Sequence[ParallelText],
    groups: Sequence[Sequence[int]],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> LanguageScores:
    """Score models in languages and in groups of languages.

    The mean of a group weighs its languages alike, however many sentences each has. Its interval is over sentences:
    the languages are these, and no sample of others. Differences to the first model are paired, on the same resamples.

    Args:
        hits: per language and model `(N, 3)`: 1 for a hit and 0 for a miss, forward and backward, and their mean.
        groups: the languages of each group, by number.
    """
    values = [np.concatenate(models, axis=1) for models in hits]
    draws = resampled_means(values, [text.rows for text in data], n_resamples=n_resamples, seed=seed)
    draws = draws.reshape(n_resamples, len(data), -1, len(DIRECTIONS))
    means = np.stack([value.mean(axis=0).reshape(-1, len(DIRECTIONS)) for value in values])

    languages = []
    for place, models in enumerate(hits):
        shares = [[share_interval(model[:, way], seed=seed) for way in range(len(DIRECTIONS))] for model in models]
        languages.append(_entries(shares, means[place], draws[:, place], len(data[place])))
    scored = []
    for members in groups:
        group_means, group_draws = means[members].mean(axis=0), draws[:, members].mean(axis=1)
        n = sum(len(data[place]) for place in members)
        shares = [
            [
                group_share(
                    percentile_estimate(group_means[model, way], group_draws[:, model, way], n),
                    [languages[place][model][name] for place in members],
                )
                for way, name in enumerate(DIRECTIONS)
            ]
            for model in range(len(group_means))
        ]
        scored.append(_entries(shares, group_means, group_draws, n))
    return LanguageScores(languages, scored)


def group_share(estimate: Estimate, members: Sequence[dict]) -> Estimate:
    """The estimate, or where all draws are alike (no hit in any language, or no miss) the mean of the languages'."""
    if estimate.low < estimate.high:
        return estimate
    low, high = (float(np.mean([member[end] for member in members])) for end in ("low", "high"))
    return Estimate(estimate.value, low, high, estimate.n)


def _entries(shares: list[list[Estimate]], means: np.ndarray, draws: np.ndarray, n: int) -> list[dict[str, Any]]:
    """What the file says of each model: its shares, and from the second on its difference to the first."""
    entries = []
    for model, estimates in enumerate(shares):
        entry = {way: estimate.to_dict() for way, estimate in zip(DIRECTIONS, estimates, strict=True)}
        if model:
            entry["difference"] = {
                way: percentile_estimate(
                    means[model, number] - means[0, number], draws[:, model, number] - draws[:, 0, number], n
                ).to_dict()
                for number, way in enumerate(DIRECTIONS)
            }
        entries.append(entry)
    return entries
