"""One fine-tuning with one seed: the transformers Trainer, the epoch chosen on the validation set, tests after it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import (
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    EvalPrediction,
    PrinterCallback,
    TrainingArguments,
    set_seed,
)

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.encoding import EncodedExamples
from hf_xalign.evaluation.downstream.measures import counts, value
from hf_xalign.evaluation.downstream.models import open_model
from hf_xalign.evaluation.downstream.settings import OF_WORDS, TaskSettings
from hf_xalign.evaluation.downstream.trainer import DownstreamTrainer
from hf_xalign.loading import quiet
from hf_xalign.vocabulary import check_token_ids


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class FineTuned:
    """What one model and seed came to: the labels predicted for each test set, and the step that was chosen."""

    seed: int
    validation: float
    chosen_step: int
    predictions: list[list[list[str]]]


def fine_tune(
    name_or_path: str,
    tokenizer: PreTrainedTokenizerBase,
    settings: TaskSettings,
    train: EncodedExamples,
    validation: EncodedExamples,
    tests: Sequence[EncodedExamples],
    *,
    seed: int,
    progress: bool = False,
) -> FineTuned:
    """Train a fresh copy of a checkpoint and predict the test sets with its best epoch.

    The seed is that of the head's first weights, of dropout and of the order of examples: on one machine's CPU the
    same seed gives the same numbers.

    Raises:
        XAlignError: a checkpoint or a setting that does not work out, or a loss that is no number.
    """
    set_seed(seed)
    model = open_model(name_or_path, settings)
    check_token_ids(max(max(row["input_ids"]) for part in (train, validation, *tests) for row in part.features), model)
    words = settings.task in OF_WORDS
    collator = (DataCollatorForTokenClassification if words else DataCollatorWithPadding)(tokenizer)

    def score(prediction: EvalPrediction) -> dict[str, float]:
        return {settings.best_by: figure(settings, validation, _labels(validation, prediction.predictions))}

    # Checkpoints of all epochs would fill a disk; those of the best and the last are enough, and go when it is over.
    with tempfile.TemporaryDirectory(prefix="xalign-downstream-") as folder:
        try:
            arguments = _arguments(folder, settings, seed, progress)
        except ValueError as error:
            raise XAlignError(f"training of {settings.task}: {' '.join(str(error).split())[:300]}") from error
        trainer = DownstreamTrainer(
            model=model,
            args=arguments,
            data_collator=collator,
            train_dataset=train.features,
            eval_dataset=[validation.features[place] for place in _by_length(validation)],
            compute_metrics=score,
            preprocess_logits_for_metrics=_classes,
        )
        trainer.remove_callback(PrinterCallback)
        with quiet():
            trainer.train()
        if trainer.state.best_metric is None or not _finite(trainer):
            raise XAlignError(
                f"fine-tuning {name_or_path} on {settings.task} with seed {seed} broke down: its weights are no "
                "numbers; lower training.learning_rate"
            )
        trainer.compute_metrics = None
        predictions = [
            _labels(test, trainer.predict([test.features[place] for place in _by_length(test)]).predictions)
            for test in tests
        ]
        return FineTuned(seed, float(trainer.state.best_metric), int(trainer.state.best_global_step), predictions)


def figure(settings: TaskSettings, examples: EncodedExamples, predicted: list[list[str]]) -> float:
    """The measure that chooses the epoch."""
    measure = settings.best_by
    return float(value(measure, counts(measure, examples.gold, predicted, settings.labels).sum(axis=0)))


def _by_length(examples: EncodedExamples) -> np.ndarray:
    """Places of the examples, the shortest first: batches of like lengths hold no padding to speak of."""
    return np.argsort([len(feature["input_ids"]) for feature in examples.features], kind="stable")


def _labels(examples: EncodedExamples, classes: np.ndarray) -> list[list[str]]:
    """The labels, in the order of the examples, of classes that were predicted in that of their lengths."""
    return examples.labels_of(classes[np.argsort(_by_length(examples), kind="stable")])


def _arguments(folder: str, settings: TaskSettings, seed: int, progress: bool) -> TrainingArguments:
    return TrainingArguments(
        output_dir=folder,
        seed=seed,
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model=settings.best_by,
        greater_is_better=True,
        label_names=["labels"],
        logging_strategy="no",
        report_to="none",
        disable_tqdm=not progress,
        dataloader_pin_memory=torch.cuda.is_available(),
        **settings.training,
    )


def _classes(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """`(N, C)` or `(N, L, C)` scores as classes: the scores of a test set would not fit into memory."""
    return (logits[0] if isinstance(logits, tuple) else logits).argmax(dim=-1)


def _finite(trainer: DownstreamTrainer) -> bool:
    return bool(np.all([torch.isfinite(weights).all().item() for weights in trainer.model.parameters()]))
