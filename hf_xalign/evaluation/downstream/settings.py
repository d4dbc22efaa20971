"""What a task is fine-tuned with: the YAML file of its defaults, and changes to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean, kind_of
from hf_xalign.yaml_files import load_yaml


TASKS = ("sib200", "ner", "pos", "nli")
# The measures of each task, in the order of tables.
MEASURES_OF = {
    "sib200": ("accuracy", "macro_f1"),
    "ner": ("entity_f1",),
    "pos": ("accuracy",),
    "nli": ("accuracy", "macro_f1"),
}
# The tasks that label words; the others label sentences, or pairs of them.
OF_WORDS = ("ner", "pos")


@dataclass(frozen=True)
class TaskSettings:
    """One task, its labels, and how it is learnt.

    Args:
        task: one of `TASKS`.
        labels: the map of labels: the place of each is its class.
        best_by: the measure on the validation set that chooses the epoch.
        max_length: tokens, special ones included, at which sentences are cut.
        train_split, validation_split, test_split: names in the column `split`; one that serves twice is divided.
        training: what goes to `transformers.TrainingArguments`.
        peft: what goes to `peft.LoraConfig`, for all linear layers if it names none; empty: all weights are trained.
    """

    task: str
    labels: list[str]
    best_by: str
    max_length: int
    train_split: str
    validation_split: str
    test_split: str
    training: dict[str, Any]
    peft: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, as they stand in result files."""
        return asdict(self)


def task_settings(task: str, changes: Mapping[str, Any] | None = None) -> TaskSettings:
    """The defaults of a task (`defaults/TASK.yaml`) with `changes`, such as `{"training.max_steps": 100}`.

    Raises:
        XAlignError: an unknown task or key (the nearest is named), or a value of another kind than the default.
    """
    if task not in TASKS:
        raise XAlignError(f"unknown task {task!r}{did_you_mean(task, TASKS)}")
    values = load_yaml(Path(__file__).parent / "defaults" / f"{task}.yaml") | {"peft": {}}
    for key, value in (changes or {}).items():
        section, dot, name = key.partition(".")
        if section == "peft" and name:
            values["peft"][name] = value
            continue
        place = values[section] if dot and section == "training" else values
        name = name if place is not values else key
        if name not in place or isinstance(place[name], dict):
            known = [
                *(k for k in values if k not in ("training", "peft")),
                *(f"training.{k}" for k in values["training"]),
            ]
            raise XAlignError(f"--set {key}: no such setting of {task}{did_you_mean(key, [*known, 'peft.r'])}")
        place[name] = _like(place[name], value, key)
    _check(task, values)
    return TaskSettings(task=task, **{f.name: values[f.name] for f in fields(TaskSettings) if f.name != "task"})


def _like(default: Any, value: Any, key: str) -> Any:
    """The value, if it is of the kind of the default."""
    kinds = {int: int, float: (int, float), str: str, list: list}[type(default)]
    # Epochs may be a part of one; steps and batches may not.
    kinds = (int, float) if key == "training.num_train_epochs" else kinds
    if isinstance(value, bool) or not isinstance(value, kinds):
        kind = {int: "a whole number", float: "a number", str: "text", list: "a list"}[type(default)]
        raise XAlignError(f"--set {key}: {value!r} is {kind_of(value)}, not {kind}")
    return float(value) if isinstance(default, float) else value


def _check(task: str, values: dict[str, Any]) -> None:
    labels = values["labels"]
    if len(labels) < 2 or not all(isinstance(label, str) for label in labels) or len(set(labels)) < len(labels):
        raise XAlignError(f"labels of {task} should be two or more different texts, not {labels!r}")
    if values["best_by"] not in MEASURES_OF[task]:
        raise XAlignError(f"best_by of {task} is {values['best_by']!r}: one of {', '.join(MEASURES_OF[task])}")
    if task == "ner" and ("O" not in labels or any(label[:2] not in ("B-", "I-") for label in labels if label != "O")):
        raise XAlignError(f"labels of ner should be IOB2 tags, O and B-TYPE and I-TYPE, not {labels!r}")
    if values["max_length"] < 4:
        raise XAlignError(f"max_length {values['max_length']} is too small: at least 4 tokens")
    training = values["training"]
    for key in ("learning_rate", "num_train_epochs"):
        if training[key] <= 0:
            raise XAlignError(f"training.{key} is {training[key]}: it should be above 0")
    for key in ("per_device_train_batch_size", "gradient_accumulation_steps", "per_device_eval_batch_size"):
        if training[key] < 1:
            raise XAlignError(f"training.{key} is {training[key]}: at least 1")
    for key in ("weight_decay", "warmup_steps", "max_grad_norm"):
        if training[key] < 0:
            raise XAlignError(f"training.{key} is {training[key]}: at least 0")
