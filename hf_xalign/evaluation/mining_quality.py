"""How good mined pairs are: a threshold tuned on one part, precision, recall and F1 on another."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, share_interval
from hf_xalign.evaluation.mining import MinedPairs


@dataclass(frozen=True)
class Threshold:
    """Pairs that score at least `value` are taken; precision, recall and F1 on the part that it was tuned on."""

    value: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class MiningScores:
    """Precision, recall and F1 of the pairs taken; `taken`, `right` and `gold` are counts of pairs."""

    precision: Estimate
    recall: Estimate
    f1: Estimate
    taken: int
    right: int
    gold: int


def tune_threshold(scores: np.ndarray, is_gold: np.ndarray, n_gold: int) -> Threshold:
    """The threshold with the best F1 on mined pairs of which it is known which are gold.

    Between two scores the threshold lies halfway, after the last pair it is that pair's score; pairs of one score are
    taken together or not at all. Of thresholds with equal F1 the highest is chosen. To be tuned on a part of the data
    of its own, never on the test part. This is how BUCC's shared task (Zweigenbaum et al., 2017) is scored since
    Artetxe and Schwenk (ACL 2019).

    Args:
        scores: `(P,)`, in any order.
        is_gold: `(P,)` bool.
        n_gold: the number of gold pairs there are, mined or not.

    Raises:
        XAlignError: no pairs, shapes that do not agree, or fewer gold pairs than were mined.
    """
    scores, is_gold = np.asarray(scores, dtype=np.float64), np.asarray(is_gold, dtype=bool)
    if scores.ndim != 1 or not len(scores) or scores.shape != is_gold.shape:
        raise XAlignError(f"a threshold needs scores and gold marks of one shape, got {scores.shape}, {is_gold.shape}")
    if n_gold < max(1, is_gold.sum()):
        raise XAlignError(f"{n_gold} gold pairs are too few: {is_gold.sum()} were mined, and one is the least")
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], np.cumsum(is_gold[order])
    taken = np.arange(1, len(scores) + 1)
    f1 = 2 * right / (taken + n_gold)
    # Only where the next score is lower can a threshold be put.
    ends = np.flatnonzero(np.append(scores[1:] < scores[:-1], True))
    best = ends[np.argmax(f1[ends])]
    value = scores[best]
    if best < len(scores) - 1:
        halfway = (scores[best] + scores[best + 1]) / 2
        # Between two neighbouring floating-point numbers there is no third.
        value = halfway if halfway > scores[best + 1] else value
    return Threshold(float(value), float(right[best] / taken[best]), float(right[best] / n_gold), float(f1[best]))


def mining_scores(
    pairs: MinedPairs,
    gold: Collection[tuple[int, int]],
    threshold: float,
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> MiningScores:
    """Precision, recall and F1 of the pairs that score at least `threshold`, with 95 % intervals.

    The interval of F1 is a bootstrap over all pairs that are gold, taken or both. Where none is taken, precision is 0
    and its interval says that nothing is known. BUCC's shared task (Zweigenbaum et al., 2017) is scored by the same
    figures.

    Args:
        pairs: what was mined.
        gold: the pairs `(source, target)` that are translations.
        threshold: what a pair must score to be taken, from [`tune_threshold`].
        n_resamples, seed: of the intervals.

    Raises:
        XAlignError: no gold pairs.
    """
    gold = set(gold)
    if not gold:
        raise XAlignError("mining is scored against gold pairs, and there are none")
    right_of_taken = pairs.is_gold(gold)[pairs.scores >= threshold]
    taken, right = len(right_of_taken), int(right_of_taken.sum())
    precision = Estimate(0.0, 0.0, 1.0, 0)
    if taken:
        precision = share_interval(right_of_taken, n_resamples=n_resamples, seed=seed)
    recall = share_interval(np.arange(len(gold)) < right, n_resamples=n_resamples, seed=seed)
    # F1 is 2p / (1 + p) of the share p of right ones among all pairs that are gold, taken or both; it rises with p, so
    # that the ends of the interval of p give its own.
    found = len(gold) + taken - right
    share = share_interval(np.arange(found) < right, n_resamples=n_resamples, seed=seed)
    f1 = Estimate(*(2 * p / (1 + p) for p in (share.value, share.low, share.high)), found)
    return MiningScores(precision, recall, f1, taken, right, len(gold))
