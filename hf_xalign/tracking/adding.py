"""Figures for the trackers of a run, where they are wanted and can be drawn."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hf_xalign.tracking.trackers import WITH_FIGURES, why_no_figures


if TYPE_CHECKING:
    from datasets import Dataset

    from hf_xalign.trainer import XAlignTrainer

logger = logging.getLogger("hf_xalign")


def add_figures(trainer: XAlignTrainer, selection: Dataset | None) -> None:
    """Let the trackers of a run have figures of each evaluation: a [`FigureCallback`], where it is wanted.

    It is where `log_figures` does not say no, the run evaluates on selection data, and `report_to` names a tracker
    that takes figures. Without matplotlib, the logger `hf_xalign` says so and the run goes on; where words of the data
    are going to be pushed to the Hub with TensorBoard's files, it says that.

    Args:
        trainer: its `evaluator` is a [`RetrievalEvaluator`], where there are selection data.
        selection: pairs, with `source`, `target`, `source_lang`, `target_lang` and, where they have them,
            `source_words`, `target_words` and `alignment`.
    """
    args = trainer.args
    takers = [name for name in args.report_to if name in WITH_FIGURES]
    wanted = args.log_figures is not False and args.eval_strategy != "no" and selection is not None
    if not (takers and wanted and trainer.is_world_process_zero()):
        return
    if reason := why_no_figures():
        logger.warning("%s get%s no figures: %s", ", ".join(takers), "s" * (len(takers) == 1), reason)
        return
    # With matplotlib's needs met only: the callback draws.
    from hf_xalign.tracking.callback import FigureCallback
    from hf_xalign.tracking.pairs import choose_pairs

    pairs = choose_pairs(selection, args.log_figure_pairs)
    if pairs and args.push_to_hub and "tensorboard" in takers:
        logger.warning(
            "the words of %d pairs of the selection data are drawn, and published with the run's TensorBoard files: "
            "log_figure_pairs: 0 keeps them out",
            len(pairs),
        )
    trainer.add_callback(FigureCallback(trainer, pairs))
