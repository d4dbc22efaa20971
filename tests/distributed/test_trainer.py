"""What the processes of a training run must agree on."""

from __future__ import annotations

import os
import tempfile

import torch
import torch.distributed as dist
from datasets import Dataset

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.errors import XAlignError
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
        trainer = _trainer(folder, max_steps=4, save_strategy="steps", save_steps=3, logging_steps=100)

        def poison(module, inputs):
            if trainer.state.global_step == 2 and dist.get_rank() == 1:
                return (inputs[0] * float("nan"),)

        trainer.model.lm_head.register_forward_pre_hook(poison)
        try:
            trainer.train()
        except XAlignError as error:
            return {"said": str(error), "step": trainer.state.global_step, "saved": len(os.listdir(folder))}


def test_all_processes_stop_before_a_step_that_one_cannot_take():
    first, second = run_on_two(_one_process_breaks)
    assert (first["step"], second["step"]) == (2, 2)
    assert "the loss of another process is not finite in step 3" in first["said"]
    assert "the loss is nan in step 3 (rows " in second["said"]
    assert first["saved"] == second["saved"] == 0


def _evaluate():
    with tempfile.TemporaryDirectory() as folder:
        return {"rank": _trainer(folder).evaluate()["eval_rank"]}


def test_all_processes_take_the_metrics_of_the_first():
    assert run_on_two(_evaluate) == [{"rank": 0.0}, {"rank": 0.0}]
