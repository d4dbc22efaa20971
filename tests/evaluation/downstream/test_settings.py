"""The defaults of the tasks and changes to them."""

from __future__ import annotations

import pytest

from hf_xalign.cli.set_option import parse_settings
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import task_settings
from hf_xalign.evaluation.downstream.settings import TASKS


def test_the_papers_hyper_parameters():
    found = {
        task: (s.training["learning_rate"], s.training["num_train_epochs"], s.max_length, s.best_by, len(s.labels))
        for task in TASKS
        for s in [task_settings(task)]
    }
    assert found == {
        "sib200": (1e-5, 40, 160, "macro_f1", 7),
        "ner": (2e-5, 5, 256, "entity_f1", 7),
        "pos": (2e-5, 10, 256, "accuracy", 17),
        "nli": (2e-5, 5, 128, "accuracy", 3),
    }
    # SIB-200: 32 without clipping; tagging: 32 x 2.
    assert task_settings("sib200").training["max_grad_norm"] == 0
    assert task_settings("pos").training["gradient_accumulation_steps"] == 2


def test_changes():
    changes = _settings("training.learning_rate=1e-3", "peft.r=8", "labels=[O, B-X, I-X]", "test_split=dev")
    settings = task_settings("ner", changes)
    assert settings.training["learning_rate"] == 1e-3
    assert (settings.peft, settings.labels, settings.test_split) == ({"r": 8}, ["O", "B-X", "I-X"], "dev")
    assert task_settings("ner").peft == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("training.learning_rat=1", "no such setting of ner; did you mean 'training.learning_rate'"),
        ("learning_rate=1", "did you mean 'training.learning_rate'"),
        ("training.learning_rate=high", "'high' is text, not a number"),
        ("training.max_steps=1.5", "1.5 is a number, not a whole number"),
        ("training.learning_rate=0", "should be above 0"),
        ("training.per_device_train_batch_size=0", "at least 1"),
        ("max_length=2", "too small"),
        ("best_by=accuracy", "one of entity_f1"),
        ("labels=[O, PER]", "should be IOB2 tags"),
        ("labels=[O, O]", "two or more different texts"),
        ("peft=8", "no such setting"),
    ],
)
def test_changes_that_are_refused(text, message):
    with pytest.raises(XAlignError, match=message):
        task_settings("ner", _settings(text))


def _settings(*texts):
    return parse_settings(texts, example="max_length=8")
