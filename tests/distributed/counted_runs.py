"""Whole training runs of a process, with the exchanges of gradients counted."""

from __future__ import annotations

import os
import tempfile

import torch
import torch.distributed as dist
from datasets import Dataset
from transformers import TrainerCallback

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from tests.aligned_rows import aligned_rows
from tests.tiny import tiny_config, word_tokenizer


HEADS = {
    "mlm+tcm": {"mlm": {}, "tcm": {}},
    "wacse": {"tr": {"learnable_temperature": True}, "awp": {}, "wtr": {}},
    "contrastive": {"tr": {}, "wtr": {"learnable_temperature": True, "projection": "tanh"}},
    "awesome": {"so": {"guide": "links"}, "co": {}, "tlm": {}},
}
SETTINGS = {
    "whole": {},
    "cache": {"gradient_cache_chunk_size": 1},
    "both": {"gradient_cache_chunk_size": 1, "gradient_accumulation_steps": 2},
}
# A step takes 8 rows (16 with accumulation), so the last one has a single row; and no row but the first has a link.
ROWS = 9


class _Count(TrainerCallback):
    """How many scalars DDP exchanges, exchange by exchange and step by step."""

    def __init__(self):
        self.steps: list[list[int]] = []

    def watch(self, trainer: XAlignTrainer) -> None:
        self.trainer = trainer
        trainer.add_callback(self)

    def on_train_begin(self, args, state, control, **kwargs):
        self.trainer.model_wrapped.register_comm_hook(None, self._exchange)

    def on_step_begin(self, args, state, control, **kwargs):
        self.steps.append([])

    def _exchange(self, _, bucket):
        buffer = bucket.buffer()
        self.steps[-1].append(buffer.numel())
        reduced = dist.all_reduce(buffer.div_(dist.get_world_size()), async_op=True)
        return reduced.get_future().then(lambda done: done.value()[0])


def counted_runs() -> dict[str, dict]:
    """By heads and setting: the exchanges of each step, how many scalars are trained, and what they sum up to."""
    os.environ |= {"RANK": str(dist.get_rank()), "LOCAL_RANK": str(dist.get_rank()), "WORLD_SIZE": "2"}
    return {f"{name}-{setting}": _run(HEADS[name], SETTINGS[setting]) for name in HEADS for setting in SETTINGS}


def _run(heads, settings):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(layers=1), heads)
    rows = aligned_rows(ROWS, empty=range(1, ROWS))
    count = _Count()
    with tempfile.TemporaryDirectory() as folder:
        trainer = XAlignTrainer(
            model,
            XAlignTrainingArguments(
                folder,
                num_train_epochs=1,
                per_device_train_batch_size=4,
                dataloader_drop_last=False,
                save_strategy="no",
                use_cpu=True,
                disable_tqdm=True,
                report_to="none",
                **settings,
            ),
            train_dataset=Dataset.from_list([{k: v for k, v in row.items() if k != "draw"} for row in rows]),
            data_collator=XAlignDataCollator(word_tokenizer(), views=model.views, masked_views=model.masked_views),
            processing_class=word_tokenizer(),
        )
        count.watch(trainer)
        trainer.train()
    trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    weights = sum(parameter.detach().double().sum() for parameter in model.parameters())
    return {"steps": count.steps, "trained": trained, "weights": weights}
