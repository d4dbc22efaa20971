"""What the modules have in common: input that goes straight to the plain functions, and figures with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import evaluate
import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate


class DirectMetric(evaluate.Metric):
    """A metric of evaluate whose `compute(predictions=..., references=...)` takes its input as it is.

    evaluate writes all input to an Arrow table first, which takes some fifty times as long as the arithmetic where the
    input are embeddings. What came in by `add` or `add_batch`, or is spread over processes, goes that way still.
    """

    def compute(self, *, predictions: Any = None, references: Any = None, **settings: Any) -> dict[str, Any] | None:
        """As of `evaluate.EvaluationModule`.

        Args:
            predictions, references: all of the input; with neither, what was added before is taken.
            settings: of the module, see its description.

        Raises:
            XAlignError: there is nothing, or one of the two alone, or what the plain function refuses.
        """
        if (predictions is None) != (references is None):
            missing = "predictions" if predictions is None else "references"
            raise XAlignError(f"{self.name} needs both predictions and references: {missing} are missing")
        if self.num_process > 1 or self.writer is not None:
            return super().compute(predictions=predictions, references=references, **settings)
        if predictions is None:
            raise XAlignError(f"{self.name} has nothing to compute: give predictions and references, or add some")
        return self._compute(predictions=predictions, references=references, **settings)


def embeddings(rows: Any, name: str) -> np.ndarray:
    """Rows of numbers as a float32 array `(N, D)`.

    Args:
        rows: an array, or a list of equally long lists of numbers.
        name: stands in messages.

    Raises:
        XAlignError: rows of unequal lengths, or something that is no number.
    """
    try:
        array = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2:
        raise XAlignError(f"{name} are not rows of equally many numbers: give one embedding a sentence")
    return array


def with_intervals(estimates: Mapping[str, Estimate]) -> dict[str, float | int]:
    """`{"x": value, "x_low": ..., "x_high": ..., ..., "n": ...}`, with the ends of the 95 % intervals.

    Args:
        estimates: by name, all of the same n sentences.
    """
    scores: dict[str, float | int] = {}
    for name, estimate in estimates.items():
        scores |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return scores | {"n": next(iter(estimates.values())).n}
