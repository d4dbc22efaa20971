"""Fine-tune several models with several seeds on one task; what they come to in each test language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.division import TaskData
from hf_xalign.evaluation.downstream.encoding import EncodedExamples, encode_examples
from hf_xalign.evaluation.downstream.finetuning import FineTuned, fine_tune
from hf_xalign.evaluation.downstream.measures import counts, value
from hf_xalign.evaluation.downstream.models import check_model, length_of
from hf_xalign.evaluation.downstream.resampling import figure_estimate, gain_estimate, resampled_figures
from hf_xalign.evaluation.downstream.results import FORMAT
from hf_xalign.evaluation.downstream.settings import MEASURES_OF, TaskSettings
from hf_xalign.evaluation.json_files import stamp
from hf_xalign.evaluation.text_vectors import distinct_labels
from hf_xalign.peft_adapters import check_lora_settings


if TYPE_CHECKING:
    from hf_xalign.evaluation.downstream.examples import LabelledFile


def evaluate_downstream(
    models: Sequence[str],
    file: LabelledFile,
    data: TaskData,
    settings: TaskSettings,
    *,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    labels: Sequence[str] | None = None,
    name: str | None = None,
    synthetic: bool = False,
    progress: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Fine-tune every model with every seed, test it; the result is what `write_downstream` writes.

    Args:
        models: checkpoint folders or Hub ids; the others are compared with the first, paired.
        file, data: the file, and what `read_task` has read of it.
        settings: from `task_settings`.
        seeds: of the trainings; the first is that of the resamples, too.
        labels: the models' names in tables; None: their folders'.
        name: the name of the data; None: their file's.
        synthetic: mark the data as not written by people.
        progress: show bars.
        tell: called with a line after every training.

    Raises:
        XAlignError: a model that cannot be opened, or whose training breaks down; seeds that are not different.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise XAlignError(f"seeds should be different numbers, at least one: {list(seeds)}")
    labels = distinct_labels(models, labels)
    if settings.peft:
        check_lora_settings(settings.peft, "--set peft.r=...")
    # All are looked at before the first is trained.
    tokenizers = [check_model(model, settings) for model in models]
    lengths = [length_of(*pair, settings) for pair in zip(models, tokenizers, strict=True)]
    runs, tests = [], []
    for model, label, tokenizer, length in zip(models, labels, tokenizers, lengths, strict=True):
        train, validation, *encoded = (
            encode_examples(part.items, tokenizer, settings, length)
            for part in (data.train, data.validation, *data.tests)
        )
        tests.append(encoded)
        runs.append([])
        for seed in seeds:
            run = fine_tune(model, tokenizer, settings, train, validation, encoded, seed=seed, progress=progress)
            runs[-1].append(run)
            tell(
                f"{label}, seed {seed}: {settings.best_by} {run.validation:.3f} in validation, step {run.chosen_step}"
            )
    return {
        "format": FORMAT,
        "task": settings.task,
        "dataset": {
            "name": name or file.name,
            "file": file.file.rpartition("/")[2],
            "fingerprint": _fingerprint(data),
            "synthetic": synthetic,
        },
        "train_language": data.train.language,
        "train": {"n": len(data.train), "dropped": data.train.dropped},
        "validation": {"n": len(data.validation), "dropped": data.validation.dropped},
        "settings": settings.to_dict(),
        "measures": list(MEASURES_OF[settings.task]),
        "seeds": list(seeds),
        "models": [
            {
                "model": model,
                "label": label,
                "max_length": length,
                "validation": [run.validation for run in own],
                "chosen_steps": [run.chosen_step for run in own],
            }
            for model, label, length, own in zip(models, labels, lengths, runs, strict=True)
        ],
        "languages": [_language(place, data, settings, runs, tests, seeds[0]) for place in range(len(data.tests))],
        **stamp(),
    }


def _language(
    place: int,
    data: TaskData,
    settings: TaskSettings,
    runs: Sequence[Sequence[FineTuned]],
    tests: Sequence[Sequence[EncodedExamples]],
    seed: int,
) -> dict[str, Any]:
    """One test set: a score per model."""
    test = data.tests[place]
    scores: list[dict[str, Any]] = [{"cut": own[place].cut, "lost_words": own[place].lost} for own in tests]
    for measure in MEASURES_OF[settings.task]:
        counted = [
            [counts(measure, own[place].gold, run.predictions[place], settings.labels) for run in of_model]
            for own, of_model in zip(tests, runs, strict=True)
        ]
        by_seed = np.array([[value(measure, one.sum(axis=0)) for one in model] for model in counted])
        draws = resampled_figures(measure, counted, seed=seed)
        for model, score in enumerate(scores):
            score[measure] = {
                **figure_estimate(measure, by_seed[model], draws[:, model], len(test)).to_dict(),
                # Of one seed there is no deviation; 0 would claim that all seeds agree.
                "sd": float(by_seed[model].std(ddof=1)) if by_seed.shape[1] > 1 else None,
                "seeds": by_seed[model].tolist(),
            }
            if model:
                gain = gain_estimate(by_seed[model] - by_seed[0], draws[:, model] - draws[:, 0], len(test))
                score.setdefault("difference", {})[measure] = gain.to_dict()
    return {
        "language": test.language,
        "n": len(test),
        "words": sum(len(item.gold) for item in test.items),
        "dropped": test.dropped,
        "scores": scores,
    }


def _fingerprint(data: TaskData) -> str:
    parts = [f"{part.language} {part.fingerprint()}" for part in (data.train, data.validation, *data.tests)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
