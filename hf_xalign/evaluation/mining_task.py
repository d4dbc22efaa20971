"""A mining task as BUCC has it, out of parallel text: gold pairs hidden among sentences without a translation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.parallel_text import ParallelText
from hf_xalign.evaluation.retrieval import text_groups


@dataclass(frozen=True)
class MiningTask:
    """Two collections of sentences, and the pairs `(source, target)` of these that are translations.

    `source_rows` are the numbers, in the parallel file, of the rows that the source sentences come from.
    """

    source: list[str]
    target: list[str]
    gold: list[tuple[int, int]]
    source_rows: list[int]

    def describe(self) -> dict[str, int]:
        return {"source": len(self.source), "target": len(self.target), "gold": len(self.gold)}


def mining_tasks(data: ParallelText, *, gold_share: float = 0.2, seed: int = 0) -> tuple[MiningTask, MiningTask]:
    """Two tasks without a sentence in common: one to tune a threshold on, one to test it.

    The rows are split at random in two halves. In each half, `gold_share` of the rows are gold: both their sentences
    are there. Of every other row one sentence is there, on either side in turn, so that its translation is not. Rows
    that share a sentence with an earlier one are left out; both sides are shuffled.

    Args:
        data: pairs of translations.
        gold_share: the share of the rows that are gold, above 0 and below 1.
        seed: of the split, the choice of gold pairs and the order of the sentences.

    Raises:
        XAlignError: a share out of bounds, or too few rows for a gold pair and a distractor on each side of each half.
    """
    if not 0 < gold_share < 1:
        raise XAlignError(f"the share of gold pairs is {gold_share:g}; it must lie between 0 and 1")
    groups = text_groups(data.source, data.target)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(groups == np.arange(len(data))))
    half = len(rows) // 2
    gold = round(gold_share * half)
    if gold < 1 or half - gold < 2:
        what = f"{len(rows)} different pairs of {'-'.join(data.pair)}"
        raise XAlignError(f"{what} are too few to hide {gold_share:g} of them among others in each half")
    return _task(data, rows[:half], gold, rng), _task(data, rows[half : 2 * half], gold, rng)


def _task(data: ParallelText, rows: np.ndarray, gold: int, rng: np.random.Generator) -> MiningTask:
    hidden, others = rows[:gold], rows[gold:]
    sources, targets = (rng.permutation(np.concatenate([hidden, others[side::2]])) for side in (0, 1))
    place = {int(row): index for index, row in enumerate(targets)}
    return MiningTask(
        [data.source[row] for row in sources],
        [data.target[row] for row in targets],
        [(index, place[int(row)]) for index, row in enumerate(sources) if int(row) in place],
        [data.rows[row] for row in sources],
    )
