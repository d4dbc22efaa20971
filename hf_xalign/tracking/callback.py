"""Figures of each evaluation, sent to the trackers that a run reports to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transformers import TrainerCallback

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.word_similarities import word_similarities
from hf_xalign.tracking.figures import alignment_figure, similarity_figure
from hf_xalign.tracking.pairs import WordsToDraw
from hf_xalign.tracking.trackers import Drawn, log_figures


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from hf_xalign.evaluation.retrieval_evaluator import RetrievalEvaluator

# Of SimAlign, whose links are framed.
METHOD = "itermax"


class FigureCallback(TrainerCallback):
    """Draws the model at each evaluation, on the first process.

    `figures/similarities` are histograms of the cosines that the evaluator has just found, of matched and of random
    pairs; `figures/alignment_ROW` are heat-maps of the words of a few pairs, with the links that SimAlign chooses
    from the same states.

    Args:
        callbacks: those of the trainer, `trainer.callback_handler.callbacks`; figures go to the trackers among them.
        evaluator: that of the trainer.
        pairs: whose words are drawn. These words are all that a tracker gets of the data.
        layer: whose states the words are compared by; None: the evaluator's.
    """

    def __init__(
        self,
        callbacks: Sequence[TrainerCallback],
        evaluator: RetrievalEvaluator,
        pairs: Sequence[WordsToDraw],
        *,
        layer: int | None = None,
    ):
        self.callbacks = callbacks
        self.evaluator = evaluator
        self.pairs = pairs
        self.layer = evaluator.layer if layer is None else layer

    def on_evaluate(self, args, state, control, model=None, **kwargs):
        if state.is_world_process_zero:
            log_figures(self.callbacks, self.draw(model, state.global_step), state.global_step)

    def draw(self, model: PreTrainedModel, step: int) -> dict[str, Drawn]:
        """The figures by their names."""
        title = f"Selection data, step {step}, layer {self.layer}"
        figures = {
            "figures/similarities": Drawn(similarity_figure(self.evaluator.similarity, title=title), title),
        }
        words = [(pair.source, pair.target) for pair in self.pairs]
        tokenizer = self.evaluator.tokenizer
        cosines = word_similarities(model, tokenizer, words, layer=self.layer)
        for pair, similarities, links in zip(self.pairs, cosines, self._links(model, tokenizer, words), strict=True):
            title = f"Pair {pair.row} of the selection data ({pair.languages}), step {step}, layer {self.layer}"
            image = alignment_figure(pair.source, pair.target, similarities, links, pair.links, title=title)
            figures[f"figures/alignment_{pair.row}"] = Drawn(image, title)
        return figures

    def _links(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        words: Sequence[tuple[Sequence[str], Sequence[str]]],
    ) -> list[list[tuple]]:
        aligner = load_aligner("simalign", model=model, tokenizer=tokenizer, layer=self.layer, method=METHOD)
        return aligner.align(words)
