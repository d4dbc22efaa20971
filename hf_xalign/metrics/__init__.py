"""Metrics of `hf_xalign.evaluation` as modules of the library evaluate, one folder each; `METRICS` names them.

`evaluate.load(metric_path("bitext_retrieval"))` opens one, with or without a network. Each folder is a Space, too:
`hf upload ME/bitext_retrieval FOLDER --type space` publishes it, and `evaluate.load("ME/bitext_retrieval")` opens
it then wherever hf_xalign is installed. The modules hold no arithmetic: they call the plain functions.
"""

from __future__ import annotations

from pathlib import Path

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


METRICS = ("alignment_error_rate", "bitext_retrieval", "sentence_similarity")

__all__ = ["METRICS", "metric_path"]


def metric_path(name: str) -> str:
    """The folder of a metric, for `evaluate.load`.

    Args:
        name: one of `METRICS`.

    Raises:
        XAlignError: there is no such metric; the nearest is named.
    """
    if name not in METRICS:
        raise XAlignError(f"unknown metric {name!r}{did_you_mean(name, METRICS)}")
    return str(Path(__file__).with_name(name))
