"""Two processes with DDP give the loss and the gradient of one process with the whole batch, head by head."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.gradient_cache import cached_step
from hf_xalign.peft_adapters import own_modules
from tests.aligned_rows import aligned_rows
from tests.distributed.processes import run_on_two
from tests.tiny import tiny_config, word_tokenizer


HEADS = {
    "mlm": {"mlm": {}},
    "tcm": {"tcm": {}},
    "tcm-paper": {"tcm": {"preset": "paper"}},
    "tlm": {"tlm": {}},
    "transliteration": {"mlm": {}, "tcm": {"weight": 0.7}, "tlm": {"weight": 0.3}},
    "tr": {"tr": {"margin": 0.1, "learnable_temperature": True, "projection": "tanh"}},
    "wtr": {"wtr": {"learnable_temperature": True}},
    "awp": {"awp": {}},
    "awp-cross": {"awp": {"variant": "cross"}},
    "learnt": {"tr": {"learnable_temperature": True}, "awp": {}, "wtr": {"learnable_temperature": True}},
    "wacse": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
    "adapter": {"tr": {"learnable_temperature": True, "projection": "tanh"}, "awp": {}, "wtr": {}},
}

# How eight rows are spread: rows of the first process, and rows without a word link. With the last, the second process
# has no link at all.
SPLITS = {"even": (4, (2,)), "uneven": (3, (2,)), "no links": (4, (4, 5, 6, 7))}
CASES = [(heads, split) for heads in HEADS for split in SPLITS]


def _model(heads):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(), HEADS[heads]).double()
    return _adapted(model) if heads == "adapter" else model


def _adapted(model):
    import peft

    adapted = peft.get_peft_model(
        model, peft.LoraConfig(target_modules=["query", "value"], modules_to_save=own_modules(model))
    ).double()
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:  # 0 at first, and the gradient of the other half with it
            torch.nn.init.normal_(parameter)
    return adapted


def _batch(model, rows):
    # A row's masks depend on its draw, not on the batch it is in.
    heads = model.xalign_heads.values()
    return XAlignDataCollator(
        word_tokenizer(),
        views={view for head in heads for view in head.views},
        masked_views={view for head in heads for view in head.masked_views},
    )(rows)


def _rows(split):
    rows = aligned_rows(8, empty=SPLITS[split][1])
    # Equal sentences on different processes must not repel each other.
    same = {key: value for key, value in rows[1].items() if key not in ("draw", "row_id", "alignment")}
    rows[6] = {**rows[6], **same, "alignment": rows[1]["alignment"] if rows[6]["alignment"] else []}
    return rows


def _label_counts(batch):
    return {name: (view["labels"] != -100).sum().double() for name, view in batch.items() if "labels" in view}


def _all_halves():
    return {
        f"{heads}-{split}-{chunk_size}": _half(heads, split, chunk_size)
        for heads, split in CASES
        for chunk_size in (None, 2)
    }


def _own_half(model, split):
    """The batch of this process, and the label counts of both, on average."""
    rows, first = _rows(split), SPLITS[split][0]
    batch = _batch(model, rows[:first] if dist.get_rank() == 0 else rows[first:])
    counts = _label_counts({name: view for name, view in batch.items() if isinstance(view, dict)})
    for count in counts.values():
        dist.all_reduce(count)
        count /= 2
    return batch, counts


def _half(heads, split, chunk_size):
    model = _model(heads)
    # Contrastive losses alone reach neither the LM head nor the layers above their own.
    unused = not any(head.uses_lm_head for head in model.xalign_heads.values())
    parallel = DistributedDataParallel(model, find_unused_parameters=unused)
    batch, counts = _own_half(model, split)
    if chunk_size is None:
        loss = parallel(**batch, label_counts=counts).loss
        loss.backward()
    else:
        batch["label_counts"] = counts
        loss, _ = cached_step(parallel, batch, chunk_size=chunk_size, unwrapped=model, no_sync=parallel.no_sync)
    gradients = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), "gradients": gradients}


@pytest.fixture(scope="module")
def halves():
    return run_on_two(_all_halves)


@pytest.mark.parametrize("chunk_size", [None, 2], ids=["whole", "cached"])
@pytest.mark.parametrize(("heads", "split"), CASES)
def test_two_processes_equal_one(heads, split, chunk_size, halves):
    model = _model(heads)
    loss = model(**_batch(model, _rows(split))).loss
    loss.backward()
    expected = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    results = [half[f"{heads}-{split}-{chunk_size}"] for half in halves]
    for result in results:
        torch.testing.assert_close(result["gradients"], expected)
    torch.testing.assert_close(sum(result["loss"] for result in results) / 2, loss.detach())
