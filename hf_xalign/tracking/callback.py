"""Figures of each evaluation, sent to the trackers that a run reports to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transformers import TrainerCallback

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.word_similarities import word_similarities
from hf_xalign.published_files import WORD_FIGURES
from hf_xalign.tracking.figures import alignment_figure, similarity_figure
from hf_xalign.tracking.pairs import WordsToDraw
from hf_xalign.tracking.trackers import Drawn, log_figures


if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from hf_xalign.trainer import XAlignTrainer

# Of SimAlign, whose links are framed.
METHOD = "itermax"


class FigureCallback(TrainerCallback):
    """Draws the model at each evaluation, on the first process.

    `figures/similarities` are histograms of the cosines that the evaluator has just found, of matched and of random
    pairs; `figures/alignment_ROW` are heat-maps of the words of a few pairs, with the links that SimAlign chooses
    from the same states.

    Args:
        trainer: with a [`RetrievalEvaluator`]; figures go to the trackers among its callbacks.
        pairs: whose words are drawn. These words are all that a tracker gets of the data.
    """

    def __init__(self, trainer: XAlignTrainer, pairs: Sequence[WordsToDraw]):
        self.trainer = trainer
        self.pairs = pairs

    def on_evaluate(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            figures = self.draw(self.trainer.aligned_model, state.global_step)
            log_figures(self.trainer.callback_handler.callbacks, figures, state.global_step)

    def draw(self, model: PreTrainedModel, step: int) -> dict[str, Drawn]:
        """The figures by their names.

        Args:
            model: whose `.base_model` is the encoder; the evaluator has been called with it.
            step: of the titles.
        """
        evaluator = self.trainer.evaluator
        where = f"step {step}, layer {evaluator.layer}"
        title = f"Selection data, {where}"
        figures = {"figures/similarities": Drawn(similarity_figure(evaluator.similarity, title=title), title)}
        words = [(pair.source, pair.target) for pair in self.pairs]
        encoder = {"model": model, "tokenizer": evaluator.tokenizer, "layer": evaluator.layer}
        links = load_aligner("simalign", method=METHOD, **encoder).align(words)
        for pair, cosines, found in zip(self.pairs, word_similarities(pairs=words, **encoder), links, strict=True):
            title = f"Pair {pair.row} of the selection data ({pair.languages}), {where}"
            image = alignment_figure(pair.source, pair.target, cosines, found, pair.links, title=title)
            figures[f"{WORD_FIGURES}{pair.row}"] = Drawn(image, title)
        return figures
