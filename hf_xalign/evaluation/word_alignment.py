"""How well links agree with a gold alignment: precision, recall, F1 and alignment error rate, with intervals.

With A the predicted links, S the sure and P the possible gold links (P holds S), all counted over the whole corpus
(Och and Ney, 2003, section 5):

    precision = |A ∩ P| / |A|    recall = |A ∩ S| / |S|    F1 = their harmonic mean
    AER = 1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate, exact_at_the_edge, percentile_estimate, resample_indices


if TYPE_CHECKING:
    from hf_xalign.aligners.gold import GoldAlignment

SCORES = ("precision", "recall", "f1", "aer")


def alignment_scores(
    predicted: Sequence[Iterable[tuple]],
    gold: Sequence[GoldAlignment],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Precision, recall, F1 and AER (Och and Ney, 2003), each 0 to 1 with its 95 % bootstrap interval over sentences.

    Args:
        predicted: for each of N sentence pairs its links, `(i, j)` or `(i, j, score)`, counted from 0.
        gold: the N gold alignments.
        n_resamples, seed: of the intervals.

    Returns:
        name (one of `SCORES`) -> `Estimate`, whose n is the number of sentence pairs. Without any predicted link the
        precision is 0.

    Raises:
        XAlignError: lengths differ, or no gold alignment has a sure link.
    """
    counts = link_counts(predicted, gold)
    if not counts[:, _SURE].sum():
        raise XAlignError("the gold alignments have no sure link: recall and AER have no meaning")
    values = scores_of_counts(counts.sum(axis=0))
    draws = scores_of_counts(resampled_sums(counts, n_resamples, seed))
    return {name: share_estimate(values[name], draws[name], len(counts)) for name in SCORES}


def alignment_error_rate(
    predicted: Sequence[Iterable[tuple]], gold: Sequence[GoldAlignment], *, n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """The alignment error rate (Och and Ney, 2003), 0 to 1.

    `predicted`, `gold`, `n_resamples`, `seed` and what is raised: as in [`alignment_scores`].
    """
    return alignment_scores(predicted, gold, n_resamples=n_resamples, seed=seed)["aer"]


def alignment_precision(
    predicted: Sequence[Iterable[tuple]], gold: Sequence[GoldAlignment], *, n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """The share of the predicted links that are possible (Och and Ney, 2003), 0 to 1.

    `predicted`, `gold`, `n_resamples`, `seed` and what is raised: as in [`alignment_scores`].
    """
    return alignment_scores(predicted, gold, n_resamples=n_resamples, seed=seed)["precision"]


def alignment_recall(
    predicted: Sequence[Iterable[tuple]], gold: Sequence[GoldAlignment], *, n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """The share of the sure links that are predicted (Och and Ney, 2003), 0 to 1.

    `predicted`, `gold`, `n_resamples`, `seed` and what is raised: as in [`alignment_scores`].
    """
    return alignment_scores(predicted, gold, n_resamples=n_resamples, seed=seed)["recall"]


def alignment_f1(
    predicted: Sequence[Iterable[tuple]], gold: Sequence[GoldAlignment], *, n_resamples: int = 1000, seed: int = 0
) -> Estimate:
    """The harmonic mean of precision and recall (Och and Ney, 2003), 0 to 1.

    `predicted`, `gold`, `n_resamples`, `seed` and what is raised: as in [`alignment_scores`].
    """
    return alignment_scores(predicted, gold, n_resamples=n_resamples, seed=seed)["f1"]


# Columns of `link_counts`.
_LINKS, _SURE, _IN_SURE, _IN_POSSIBLE = range(4)


def link_counts(predicted: Sequence[Iterable[tuple]], gold: Sequence[GoldAlignment]) -> np.ndarray:
    """`(N, 4)` integers: |A|, |S|, |A ∩ S| and |A ∩ P| of each pair; a link that is there twice counts once."""
    if len(predicted) != len(gold):
        raise XAlignError(f"{len(predicted)} predicted alignments, but {len(gold)} gold ones: they go pair by pair")
    counts = np.zeros((len(gold), 4), dtype=np.int64)
    for row, links, truth in zip(counts, predicted, gold, strict=True):
        pairs = {(link[0], link[1]) for link in links}
        row[:] = len(pairs), len(truth.sure), len(pairs & truth.sure), len(pairs & truth.possible)
    return counts


def scores_of_counts(sums: np.ndarray) -> dict[str, np.ndarray]:
    """`SCORES` of sums of counts `(..., 4)`, each `(...)`; NaN where there is nothing that could be found."""
    links, sure, in_sure, in_possible = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    precision = ratio(in_possible, links, 0.0)
    recall = ratio(in_sure, sure, np.nan)
    return {
        "precision": precision,
        "recall": recall,
        "f1": ratio(2 * precision * recall, precision + recall, 0.0),
        "aer": 1 - ratio(in_sure + in_possible, links + sure, np.nan),
    }


def resampled_sums(values: np.ndarray, n_resamples: int, seed: int) -> np.ndarray:
    """`(n_resamples, K)` sums over sentences drawn with replacement, of `(N, K)` values."""
    n = len(values)
    sums = []
    for indices in resample_indices(n, n_resamples, np.random.default_rng(seed)):
        # How often each sentence was drawn: one product instead of a copy of all drawn rows.
        times = np.apply_along_axis(np.bincount, 1, indices, minlength=n)
        sums.append(times.astype(np.float64) @ values)
    return np.concatenate(sums)


def ratio(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    """`part / whole`, and `otherwise` where the whole is 0."""
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    return np.divide(part, whole, out=np.full(part.shape, otherwise), where=whole != 0)


def share_estimate(value: float, draws: np.ndarray, n: int) -> Estimate:
    """A share of n sentences; resamples of a small corpus in which it is not defined (NaN) are left out."""
    return exact_at_the_edge(percentile_estimate(float(value), draws[~np.isnan(draws)], n))
