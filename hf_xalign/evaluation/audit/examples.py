"""Sentence pairs to look at: the best, the median and the worst of each language pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.evaluation.word_alignment import scores_of_counts


if TYPE_CHECKING:
    from hf_xalign.aligners.base import Link
    from hf_xalign.aligners.gold import GoldStandard

# Shorter pairs tell little, longer ones do not fit a page; where there are no others, they are taken all the same.
SHORTEST, LONGEST = 4, 28
KINDS = ("worst", "median", "best")


def choose_examples(
    gold: GoldStandard, predicted: Sequence[Sequence[Link]], counts: np.ndarray, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """Up to three pairs for each label, by their own alignment error rate; of equal ones the longest.

    Args:
        counts: `(N, 4)`, as `link_counts` gives them.
    """
    errors = scores_of_counts(counts)["aer"]
    sizes = np.array([max(map(len, pair)) for pair in gold.pairs])
    shortest = np.array([min(map(len, pair)) for pair in gold.pairs])
    examples = []
    for label in dict.fromkeys(labels):
        rows = np.array([row for row, other in enumerate(labels) if other == label and not np.isnan(errors[row])])
        if not len(rows):
            continue
        fit = rows[(sizes[rows] <= LONGEST) & (shortest[rows] >= SHORTEST)]
        # Sorted by error, then by length: ends and middle are the three.
        rows = fit if len(fit) >= len(KINDS) else rows[np.argsort(sizes[rows], kind="stable")][: len(KINDS)]
        ranked = sorted(rows, key=lambda row: (errors[row], -sizes[row]))
        worst = max(rows, key=lambda row: (errors[row], sizes[row]))
        # Where two are one pair, the later name holds.
        chosen = {ranked[len(ranked) // 2]: "median", ranked[0]: "best", worst: "worst"}
        kinds = {kind: row for row, kind in chosen.items()}
        for kind in KINDS:
            if kind in kinds:
                row = kinds[kind]
                source, target = gold.pairs[row]
                truth = gold.alignments[row]
                examples.append(
                    {
                        "kind": kind,
                        "pair": label,
                        "place": gold.places[row].rpartition(", ")[2],
                        "aer": float(errors[row]),
                        "source_words": list(source),
                        "target_words": list(target),
                        "links": [[int(i), int(j), float(score)] for i, j, score in predicted[row]],
                        "sure": [list(link) for link in sorted(truth.sure)],
                        "possible": [list(link) for link in sorted(truth.possible - truth.sure)],
                    }
                )
    return examples
