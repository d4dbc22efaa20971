"""What a run shows in TensorBoard, Weights & Biases or Trackio besides its scalars: figures of each evaluation.

The scalars (the loss of each objective, retrieval on the selection data, throughput) go through `report_to` of
transformers and need nothing of this package. Nothing here is imported by a run that reports to no tracker.
"""

from __future__ import annotations

from hf_xalign.lazy import lazy_names


_WHERE = {
    "FigureCallback": "hf_xalign.tracking.callback",
    "WordsToDraw": "hf_xalign.tracking.pairs",
    "add_figures": "hf_xalign.tracking.adding",
    "alignment_figure": "hf_xalign.tracking.figures",
    "check_trackers": "hf_xalign.tracking.trackers",
    "choose_pairs": "hf_xalign.tracking.pairs",
    "log_figures": "hf_xalign.tracking.trackers",
    "similarity_figure": "hf_xalign.tracking.figures",
    "words_font": "hf_xalign.tracking.fonts",
}

__all__ = list(_WHERE)

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
