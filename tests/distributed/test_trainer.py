"""What the processes of a training run must agree on."""

from __future__ import annotations

import os
import tempfile

import pytest
import torch
import torch.distributed as dist
from datasets import Dataset

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.errors import XAlignError
from tests.distributed.counted_runs import HEADS, ROWS, SETTINGS, counted_runs
from tests.distributed.processes import run_on_two
from tests.tiny import random_rows, tiny_config, word_tokenizer


def _trainer(folder, **settings):
    os.environ |= {"RANK": str(dist.get_rank()), "LOCAL_RANK": str(dist.get_rank()), "WORLD_SIZE": "2"}
    torch.manual_seed(0)
    tokenizer, rows = word_tokenizer(), Dataset.from_list(random_rows(32))
    return XAlignTrainer(
        XAlignModel.from_encoder(tiny_config(), {"mlm": {}}),
        XAlignTrainingArguments(
            folder, per_device_train_batch_size=2, use_cpu=True, disable_tqdm=True, report_to="none", **settings
        ),
        train_dataset=rows,
        eval_dataset=rows.select(range(6)),
        evaluator=lambda model: {"rank": float(dist.get_rank())},
        data_collator=XAlignDataCollator(tokenizer),
        processing_class=tokenizer,
    )


def _one_process_breaks():
    with tempfile.TemporaryDirectory() as folder:
        accumulation = {"gradient_accumulation_steps": 2}
        trainer = _trainer(folder, max_steps=4, save_strategy="steps", save_steps=3, logging_steps=100, **accumulation)
        asked, agree = [], trainer.agree
        trainer.agree = lambda good: asked.append(trainer.state.global_step) or agree(good)

        def poison(module, inputs):
            # In the first of the two micro-batches.
            in_step_3 = trainer.state.global_step == 2 and not trainer.accelerator.sync_gradients
            if in_step_3 and dist.get_rank() == 1:
                return (inputs[0] * float("nan"),)

        trainer.model.lm_head.register_forward_pre_hook(poison)
        try:
            trainer.train()
        except XAlignError as error:
            said = {"said": str(error), "step": trainer.state.global_step, "saved": len(os.listdir(folder))}
            return said | {"asked": asked}


def _evaluate():
    with tempfile.TemporaryDirectory() as folder:
        return {"rank": _trainer(folder).evaluate()["eval_rank"]}


def _everything():
    return {"broken": _one_process_breaks(), "evaluated": _evaluate(), "counted": counted_runs()}


@pytest.fixture(scope="module")
def runs():
    return run_on_two(_everything)


def test_all_processes_stop_before_a_step_that_one_cannot_take(runs):
    first, second = (run["broken"] for run in runs)
    assert (first["step"], second["step"]) == (2, 2)
    assert "the loss of another process is not finite in step 3" in first["said"]
    assert "the loss is nan in step 3 (rows " in second["said"]
    assert first["saved"] == second["saved"] == 0
    assert first["asked"] == second["asked"] == [0, 1, 2], "one exchange a step, however many micro-batches"


def test_all_processes_take_the_metrics_of_the_first(runs):
    assert [run["evaluated"] for run in runs] == [{"rank": 0.0}, {"rank": 0.0}]


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_step_exchanges_its_gradients_once(heads, setting, runs):
    """Also the last step, of a single row, and steps in which only one process has word links."""
    first, second = (run["counted"][f"{heads}-{setting}"] for run in runs)
    step_rows = 8 * SETTINGS[setting].get("gradient_accumulation_steps", 1)
    assert len(first["steps"]) == -(-ROWS // step_rows)
    # One bucket holds all of a model so small: each gradient is exchanged, and is exchanged once.
    assert first["steps"] == second["steps"] == [[first["trained"]]] * len(first["steps"])
    assert first["weights"] == second["weights"] and torch.isfinite(first["weights"])
