"""How scores tell right links from wrong ones: precision and recall over thresholds, and which threshold to take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.evaluation.word_alignment import ratio, resampled_sums, share_estimate


if TYPE_CHECKING:
    from hf_xalign.aligners.base import Link
    from hf_xalign.aligners.gold import GoldAlignment

# Points of the curve.
MOST_POINTS = 60
BINS = 25
# Thresholds have four decimals, as the scores in Pharaoh files do: what is printed here can be typed there.
_STEP = 1e-4


def threshold_curve(
    predicted: Sequence[Sequence[Link]], gold: Sequence[GoldAlignment], wanted: float, *, seed: int = 0
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Precision and recall of the links whose score is at least a threshold.

    Args:
        wanted: the precision that a threshold is looked for.

    Returns:
        the curve, a point per threshold from the lowest score on, with the number of links that remain; and the
        choice: the lowest threshold, which keeps the most links, whose precision is `wanted` (`reached`), else the
        one with the highest precision. Nothing is chosen without any link: both are empty then.
    """
    sentence, score, right, sure = _flat(predicted, gold)
    if not len(score):
        return [], {}
    total = np.array([len(truth.sure) for truth in gold], dtype=np.float64)
    levels = np.unique(np.floor(score / _STEP + 1e-6).astype(np.int64))
    thresholds = levels * _STEP
    kept, good = (_kept(score, thresholds, weight) for weight in (np.ones(len(score)), right))
    precision = good / kept
    enough = np.flatnonzero(precision >= wanted - 1e-12)
    # Of equal precisions the lowest threshold: it keeps the most links.
    chosen = int(enough[0]) if len(enough) else int(np.argmax(precision))
    points = np.linspace(0, len(levels) - 1, min(MOST_POINTS, len(levels))).round().astype(np.int64)
    points = np.unique([*points, chosen])

    columns = [
        _kept_by_sentence(sentence, score, thresholds[points], weight, len(gold)) for weight in (1, right, sure)
    ]
    table = np.concatenate([*columns, total[:, None]], axis=1)
    sums, draws = table.sum(axis=0), resampled_sums(table, 1000, seed)
    size = len(points)
    curve = []
    for place, point in enumerate(points):
        entry: dict[str, Any] = {"threshold": round(float(thresholds[point]), 4), "links": int(sums[place])}
        # Sentences with a link that is left, and with a sure link.
        having = [int((table[:, column] > 0).sum()) for column in (place, 3 * size)]
        shares = (("precision", size + place, place), ("recall", 2 * size + place, 3 * size))
        for (name, part, whole), n in zip(shares, having, strict=True):
            drawn = ratio(draws[:, part], draws[:, whole], np.nan)
            entry[name] = share_estimate(ratio(sums[part], sums[whole], 0.0), drawn, n).to_dict()
        curve.append(entry)
    choice = {"reached": bool(len(enough)), **curve[int(np.searchsorted(points, chosen))]}
    return curve, choice


def score_histogram(predicted: Sequence[Sequence[Link]], gold: Sequence[GoldAlignment]) -> dict[str, list]:
    """How many right (possible) and how many wrong links have which score: `BINS` bins from 0 to 1."""
    _, score, right, _ = _flat(predicted, gold)
    edges = np.linspace(0, 1, BINS + 1)
    return {
        "edges": [float(edge) for edge in edges],
        "right": np.histogram(score[right], edges)[0].tolist(),
        "wrong": np.histogram(score[~right], edges)[0].tolist(),
    }


def _flat(
    predicted: Sequence[Sequence[Link]], gold: Sequence[GoldAlignment]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All links in one row: sentence, score, whether possible, whether sure."""
    links = [
        (row, link[2], link[:2] in truth.possible, link[:2] in truth.sure)
        for row, (found, truth) in enumerate(zip(predicted, gold, strict=True))
        for link in found
    ]
    columns = list(zip(*links, strict=True)) if links else [()] * 4
    kinds = (np.int64, np.float64, bool, bool)
    return tuple(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True))


def _kept(score: np.ndarray, thresholds: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """`(T,)` sums of the weights of the links that each threshold keeps."""
    passed = np.searchsorted(thresholds, score + 1e-9, side="right")
    return np.bincount(passed, weight, minlength=len(thresholds) + 1)[::-1].cumsum()[::-1][1:]


def _kept_by_sentence(
    sentence: np.ndarray, score: np.ndarray, thresholds: np.ndarray, weight: np.ndarray | int, n: int
) -> np.ndarray:
    """`(N, T)`: the same for each sentence on its own."""
    passed = np.searchsorted(thresholds, score + 1e-9, side="right")
    table = np.zeros((n, len(thresholds) + 1))
    np.add.at(table, (sentence, passed), weight)
    return table[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
