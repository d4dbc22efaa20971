"""From the scores of a span-prediction model to probabilities of spans and of links: functions on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import max_pool1d, pad


if TYPE_CHECKING:
    from collections.abc import Callable


def best_spans(
    start_scores: torch.Tensor, end_scores: torch.Tensor, context: torch.Tensor, *, null: int, max_tokens: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The most probable answer of each row.

    The softmaxes over starts and over ends are taken over the context and the null position, nothing else. The
    probability of an answer is that of its start times that of its end.

    Args:
        start_scores, end_scores: the model's logits, `(B, L)`.
        context: `(B, L)` bool, True on the tokens of the context, of which each row has one or more.
        null: the position that stands for "no answer".
        max_tokens: tokens of the longest answer.

    Returns:
        `(B,)` each: the log-probability of the best answer, its first and its last position, and the log-probability
        of no answer.
    """
    counted = context.clone()
    counted[:, null] = True
    starts, ends = (
        scores.float().masked_fill(~counted, -torch.inf).log_softmax(dim=1) for scores in (start_scores, end_scores)
    )
    no_answer = starts[:, null] + ends[:, null]
    starts, ends = starts.masked_fill(~context, -torch.inf), ends.masked_fill(~context, -torch.inf)
    # For each end, the best of the starts that are at most `max_tokens - 1` before it.
    reach = min(max_tokens, starts.shape[1])
    best, places = max_pool1d(pad(starts, (reach - 1, 0), value=-torch.inf), reach, stride=1, return_indices=True)
    scores, last = (best + ends).max(dim=1)
    first = places.gather(1, last[:, None])[:, 0] - (reach - 1)
    return scores, first, last, no_answer


def best_windows(
    questions: np.ndarray, scores: np.ndarray, no_answers: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The row whose answer is the best one of each question, and whether it beats "no answer".

    A question that is read in several windows has no answer where none of them has one, so the window that is least
    sure of that speaks for them all (as in SQuAD 2.0).

    Args:
        questions: `(R,)`, the question of each row, each of `0 … count - 1` once or more.
        scores, no_answers: `(R,)`, of [`best_spans`].

    Returns:
        `(count,)` int and bool.
    """
    order = np.lexsort((-scores, questions))
    rows = order[np.searchsorted(questions[order], np.arange(count))]
    least = np.full(count, np.inf)
    np.minimum.at(least, questions, no_answers)
    return rows, scores[rows] >= least


def average(forward: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    """Mean of both directions, 0 for a link that one does not have. As WSPAlign's evaluation script."""
    return (forward + reverse) / 2


def summed(forward: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    """Half of the sum, for links that the forward direction has; others are dropped, as by WSPAlign's inference.py."""
    return np.where(forward > 0, (forward + reverse) / 2, 0)


def smaller(forward: np.ndarray, reverse: np.ndarray) -> np.ndarray:
    """The less sure of the two directions: a link must be found by both."""
    return np.minimum(forward, reverse)


# Arrays `(source words, target words)` of both directions' probabilities to one of scores; 0 is no link.
SYMMETRIZATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "average": average,
    "sum": summed,
    "min": smaller,
}
