"""Two processes with DDP give the loss and the gradient of one process with the whole batch, head by head."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from hf_xalign import XAlignDataCollator, XAlignModel
from tests.distributed.processes import run_on_two
from tests.tiny import random_rows, tiny_config, word_tokenizer


HEADS = {
    "mlm": {"mlm": {}},
    "tcm": {"tcm": {}},
    "tcm-paper": {"tcm": {"preset": "paper"}},
    "tlm": {"tlm": {}},
    "all": {"mlm": {}, "tcm": {"weight": 0.7}, "tlm": {"weight": 0.3}},
}

# Rows of the first process, of eight.
SPLITS = (4, 3)


def _model(heads):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(), heads).double()


def _batch(rows):
    # A row's masks depend on its draw, not on the batch it is in.
    return XAlignDataCollator(word_tokenizer(), views=("source", "target", "pair"))(rows)


def _rows():
    rows = [{**row, "draw": i} for i, row in enumerate(random_rows(8))]
    # Equal sentences on different processes must not repel each other.
    rows[6] = {**rows[1], "draw": 6}
    return rows


def _label_counts(batch):
    return {view: (batch[view]["labels"] != -100).sum().double() for view in ("source", "target", "pair")}


def _all_halves():
    return {f"{name}-{split}": _half(heads, split) for name, heads in HEADS.items() for split in SPLITS}


def _half(heads, split):
    model = _model(heads)
    # TCM alone reaches neither the LM head nor the layers above its own.
    unused = not any(head.uses_lm_head for head in model.xalign_heads.values())
    model = DistributedDataParallel(model, find_unused_parameters=unused)
    rows = _rows()
    batch = _batch(rows[:split] if dist.get_rank() == 0 else rows[split:])
    counts = _label_counts(batch)
    for count in counts.values():
        dist.all_reduce(count)
        count /= 2
    loss = model(**batch, label_counts=counts).loss
    loss.backward()
    gradients = {name: p.grad for name, p in model.module.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), "gradients": gradients}


@pytest.fixture(scope="module")
def halves():
    return run_on_two(_all_halves)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("split", SPLITS)
def test_two_processes_equal_one(heads, split, halves):
    model = _model(HEADS[heads])
    loss = model(**_batch(_rows())).loss
    loss.backward()
    expected = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    results = [half[f"{heads}-{split}"] for half in halves]
    for result in results:
        torch.testing.assert_close(result["gradients"], expected)
    torch.testing.assert_close(sum(result["loss"] for result in results) / 2, loss.detach())
