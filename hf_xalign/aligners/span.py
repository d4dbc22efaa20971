"""WSPAlign: word alignment as span prediction, by any extractive question-answering model trained for it.

The question is a sentence in which one word stands between pilcrows (`the ¶ house ¶ is big`), the context is its
translation, and the answer is the word's translation (Wu et al., 2023, "WSPAlign: Word Alignment Pre-training via
Large-Scale Weakly Supervised Span Prediction"; Nagata et al., 2020, for the task).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from tqdm.auto import tqdm
from transformers import PreTrainedModel

from hf_xalign.aligners.base import Aligner, Link, WordPair
from hf_xalign.aligners.encoder_source import encoder_source
from hf_xalign.aligners.span_inputs import Rows, SpanInputs
from hf_xalign.aligners.span_model import check_question_answering, load_question_answering
from hf_xalign.aligners.span_scores import SYMMETRIZATIONS, best_spans, best_windows
from hf_xalign.backbones import has_token_types
from hf_xalign.encoding import evaluation_mode, length_sorted_batches
from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean
from hf_xalign.vocabulary import check_token_ids


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

# What WSPAlign's scripts keep, by what they compare it with.
_THRESHOLDS = {"average": 0.4, "sum": 0.1, "min": 0.4}
# Questions whose rows are held at a time.
_CHUNK_QUESTIONS = 8192


class WSPAlign(Aligner):
    """Word alignment by span prediction (Wu et al., ACL 2023): one question for each word of either side, batched.

    An answer's probability p is that of its first token times that of its last one, each from a softmax over the
    context and "no answer" (the CLS token). An answer links its question's word to the words that lie fully within
    it. No language is treated apart: words are joined by spaces on both sides, in any script.

    How both directions' p become a link is `symmetrization`:

    - `"average"`, as in WSPAlign's evaluation: the score is the mean of both p, 0 for a direction that has not the
      link. The default threshold 0.4 keeps links that one direction alone is at least 0.8 sure of.
    - `"sum"`, as in WSPAlign's `inference.py`: an answer of k words gives each p/k; the sum of both directions, 0 to
      2, is compared with the threshold, 0.1 by default; links that only the target-to-source direction has are
      dropped, so that swapping the sides changes the links. The score is half the sum, 0 to 1.
    - `"min"`: the score is the smaller p, so both directions must be as sure as the threshold says (0.4 by default).

    A threshold of 0.9, which the literature names without the rule that it belongs to, thus means for `"average"` that
    both directions are sure (neither p is below 0.8), for `"min"` that neither is below 0.9, and for `"sum"` no more
    than a mean of 0.45, which one sure direction reaches.

    What remains different: the evaluation script turns the scores of its ten best answers into p by a softmax of their
    own and allows answers of 158 tokens; `inference.py` never takes "no answer" (`null_answers=False`), stops at 15
    tokens, and widens an answer to the whole words that it touches (`partial_words=True`).

    Args:
        model: a Hub id such as `"qiyuw/WSPAlign-xlm-base"` (its weights are CC BY-NC-SA), a folder, or a model of
            transformers with a question-answering head. Weights are read from safetensors, never from pickle.
        symmetrization: `"average"`, `"sum"` or `"min"`, as above.
        threshold: what is kept, as above; None: the default of the symmetrisation.
        split_score: whether an answer of k words gives each of them p/k rather than p; None: for `"sum"` only, as the
            scripts do.
        partial_words: whether an answer links words that it covers in part, too.
        null_answers: whether a word has no link where "no answer" is more probable than the best answer.
        max_answer_tokens: tokens of the longest answer.
        max_length: tokens of a question and its context together, as far as the model takes as many. A longer context
            is read in overlapping windows, and the best answer of all counts. A question that leaves no room for its
            context is cut to the words around the one it asks for; their number is said.
        overlap: tokens that two windows share.
        tokenizer: the tokenizer of a model given as an object; a Hub id or folder where it is not the model's own.
        batch_tokens: padded tokens of a forward pass.
        device: where to run; None: on the GPU if there is one.

    Raises:
        XAlignError: the model cannot be opened, has no question-answering head, or its tokenizer will not do; a
            setting is out of range.
    """

    def __init__(
        self,
        model: str | os.PathLike | PreTrainedModel,
        *,
        symmetrization: str = "average",
        threshold: float | None = None,
        split_score: bool | None = None,
        partial_words: bool = False,
        null_answers: bool = True,
        max_answer_tokens: int = 32,
        max_length: int = 384,
        overlap: int = 64,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        batch_tokens: int = 8192,
        device: str | torch.device | None = None,
    ) -> None:
        if symmetrization not in SYMMETRIZATIONS:
            raise XAlignError(
                f"wspalign: unknown symmetrization {symmetrization!r}{did_you_mean(symmetrization, SYMMETRIZATIONS)}"
            )
        threshold = _THRESHOLDS[symmetrization] if threshold is None else threshold
        most = 2 if symmetrization == "sum" else 1
        if not isinstance(threshold, int | float) or not 0 <= threshold <= most:
            raise XAlignError(
                f"wspalign: threshold is {threshold!r}; for symmetrization {symmetrization!r} it is 0 to {most}"
            )
        lowest = {"max_answer_tokens": 1, "max_length": 1, "overlap": 0, "batch_tokens": 1}
        for name, value in zip(lowest, (max_answer_tokens, max_length, overlap, batch_tokens), strict=True):
            if not isinstance(value, int) or value < lowest[name]:
                raise XAlignError(f"wspalign: {name} is {value!r}; it must be a whole number, {lowest[name]} or more")
        # The base class compares scores, and a sum's score is half of it.
        super().__init__(threshold=threshold / most)
        if isinstance(model, PreTrainedModel):
            check_question_answering(model)
        self._source = encoder_source(model, tokenizer, device, load=load_question_answering)
        self.symmetrization = symmetrization
        self.split_score = symmetrization == "sum" if split_score is None else split_score
        self.partial_words = partial_words
        self.null_answers = null_answers
        self.max_answer_tokens = max_answer_tokens
        self.max_length = max_length
        self.overlap = overlap
        self.batch_tokens = batch_tokens
        self._inputs: SpanInputs | None = None

    @property
    def id(self) -> str:
        names = ("symmetrization", "threshold", "split_score", "partial_words", "null_answers", "max_answer_tokens")
        settings = {name: getattr(self, name) for name in (*names, "max_length", "overlap")}
        settings = {"model": self._source.fingerprint(), **settings}
        return f"wspalign({', '.join(f'{name}={value}' for name, value in settings.items())})"

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_inputs": None}

    def _links(self, pairs: Sequence[WordPair], *, progress: bool) -> list[list[Link]]:
        model, tokenizer = self._source.open()
        if self._inputs is None:
            length = min(self.max_length, self._source.limit())
            self._inputs = SpanInputs(tokenizer, max_length=length, overlap=self.overlap)
        counts = _Counts()
        links: list[list[Link]] = []
        words = sum(len(source) + len(target) for source, target in pairs)
        bar = tqdm(total=words, desc="aligning", unit="word", leave=False, disable=not progress)
        with bar, evaluation_mode(model), torch.no_grad():
            for chunk in _chunks(pairs):
                links += self._links_of(chunk, model, counts, bar)
        counts.say()
        return links

    def _links_of(
        self, pairs: Sequence[WordPair], model: PreTrainedModel, counts: _Counts, bar: tqdm
    ) -> list[list[Link]]:
        """The links of so many pairs as are asked about at a time."""
        sentences = self._inputs.sentences([words for pair in pairs for words in pair])
        rows, questions = Rows(), []
        for pair in range(len(pairs)):
            for side in (0, 1):
                asked, context = sentences[2 * pair + side], sentences[2 * pair + 1 - side]
                counts.words += len(pairs[pair][side])
                for word in range(len(pairs[pair][side])):
                    # A word that the tokenizer drops cannot be asked for, nor can there be an answer in nothing.
                    if asked.bounds[word] == asked.bounds[word + 1]:
                        counts.dropped += 1
                    elif context.ids:
                        self._inputs.add(rows, len(questions), asked, word, context)
                        questions.append((pair, side, word, context))
        counts.cut += rows.cut
        probabilities = [np.zeros((2, len(source), len(target))) for source, target in pairs]
        if questions:
            answers = self._answers(rows, len(questions), model, bar)
            for (pair, side, word, context), (probability, first, last, window) in zip(
                questions, answers, strict=True
            ):
                if probability == 0:
                    continue
                if self.partial_words:
                    words = context.words_touching(first, last)
                else:
                    words = context.words_in(first, last, window)
                share = probability / max(1, len(words)) if self.split_score else probability
                direction = probabilities[pair][side]
                (direction if side == 0 else direction.T)[word, words] = share
        merge = SYMMETRIZATIONS[self.symmetrization]
        return [_as_links(merge(forward, reverse)) for forward, reverse in probabilities]

    def _answers(
        self, rows: Rows, count: int, model: PreTrainedModel, bar: tqdm
    ) -> Iterator[tuple[float, int, int, tuple[int, int]]]:
        """For each question the probability of its answer (0: none), first and last token, and the window."""
        scores, firsts, lasts, no_answers = (
            np.empty(len(rows.ids), dtype=kind) for kind in (np.float64, np.int64, np.int64, np.float64)
        )
        starts, sizes = np.array(rows.starts), np.array([end - first for first, end in rows.windows])
        words_done = count / len(rows.ids)
        for batch in length_sorted_batches([len(ids) for ids in rows.ids], self.batch_tokens):
            inputs, context = _padded(rows, batch, starts[batch], sizes[batch], model, self._inputs.with_types)
            output = model(**inputs)
            answer = best_spans(
                output.start_logits,
                output.end_logits,
                context,
                null=self._inputs.null,
                max_tokens=self.max_answer_tokens,
            )
            for column, values in zip((scores, firsts, lasts, no_answers), answer, strict=True):
                column[batch] = values.cpu().numpy()
            bar.update(len(batch) * words_done)
        best, answered = best_windows(np.array(rows.questions), scores, no_answers, count)
        for row, has_answer in zip(best, answered, strict=True):
            window = rows.windows[row]
            # From positions of the row to tokens of the context.
            shift = window[0] - starts[row]
            probability = np.exp(scores[row]) if has_answer or not self.null_answers else 0.0
            yield float(probability), int(firsts[row] + shift), int(lasts[row] + shift), window


@dataclass
class _Counts:
    """What there is to say after all pairs."""

    words: int = 0
    dropped: int = 0
    cut: int = 0

    def say(self) -> None:
        if self.cut:
            logger.warning("%d of %d questions were too long and cut around their word", self.cut, self.words)
        if self.dropped:
            logger.warning("%d of %d words have no token and so no link", self.dropped, self.words)


def _chunks(pairs: Sequence[WordPair]) -> Iterator[list[WordPair]]:
    chunk, questions = [], 0
    for source, target in pairs:
        chunk.append((source, target))
        questions += len(source) + len(target)
        if questions >= _CHUNK_QUESTIONS:
            yield chunk
            chunk, questions = [], 0
    if chunk:
        yield chunk


def _padded(
    rows: Rows, batch: np.ndarray, starts: np.ndarray, sizes: np.ndarray, model: PreTrainedModel, with_types: bool
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """The model's inputs for some rows, `(B, L)` each, and where their contexts are, bool."""
    lengths = np.array([len(rows.ids[row]) for row in batch])
    positions = np.arange(lengths.max())
    real = positions < lengths[:, None]

    def tensor(values: list[list[int]], padding: int) -> torch.Tensor:
        array = np.full(real.shape, padding)
        array[real] = np.concatenate([values[row] for row in batch])
        return torch.from_numpy(array).to(model.device)

    check_token_ids(max(max(rows.ids[row]) for row in batch), model)
    inputs = {"input_ids": tensor(rows.ids, model.config.pad_token_id or 0)}
    inputs["attention_mask"] = torch.from_numpy(real.astype(np.int64)).to(model.device)
    if with_types and has_token_types(model.config):
        inputs["token_type_ids"] = tensor(rows.types, 0)
    context = (positions >= starts[:, None]) & (positions < (starts + sizes)[:, None])
    return inputs, torch.from_numpy(context).to(model.device)


def _as_links(scores: np.ndarray) -> list[Link]:
    source, target = scores.nonzero()
    return list(zip(source.tolist(), target.tolist(), scores[source, target].clip(0, 1).tolist(), strict=True))
