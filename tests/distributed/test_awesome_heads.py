"""SO and CO are means over rows: two processes with unequal numbers of them equal one process with all."""

from __future__ import annotations

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.gradient_cache import cached_step
from hf_xalign.heads import HEADS as ALL_HEADS
from tests.aligned_rows import aligned_rows
from tests.distributed import test_same_gradient
from tests.distributed.processes import run_on_two
from tests.tiny import tiny_config, word_tokenizer


HEADS = {
    "so": {"so": {}},
    "so-links": {"so": {"guide": "links"}},
    "co": {"co": {}},
    "all": {"so": {"weight": 0.7}, "co": {}, "tlm": {"weight": 0.3}, "tr": {}},
}

# Rows of the first process, of eight. The second one has no links with a split of 5.
SPLITS = (4, 5)


def _model(heads):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(), heads).double()


def _batch(rows):
    return XAlignDataCollator(word_tokenizer(), views=("source", "target", "pair"), masked_views=("pair",))(rows)


def _rows():
    return aligned_rows(8, empty=(1, 5, 6, 7))


def _all_halves():
    return {
        f"{name}-{split}-{chunk_size}": _half(heads, split, chunk_size)
        for name, heads in HEADS.items()
        for split in SPLITS
        for chunk_size in (None, 2)
    }


def _half(heads, split, chunk_size):
    model = _model(heads)
    unused = not any(head.uses_lm_head for head in model.xalign_heads.values())
    model = DistributedDataParallel(model, find_unused_parameters=unused)
    batch = _batch(_rows()[:split] if dist.get_rank() == 0 else _rows()[split:])
    counts = torch.tensor([(batch["pair"]["labels"] != -100).sum(), len(batch["row_ids"])]).double()
    dist.all_reduce(counts)
    batch["label_counts"] = dict(zip(("pair", "rows"), counts / 2, strict=True))
    if chunk_size is None:
        loss = model(**batch).loss
        loss.backward()
    else:
        loss, _ = cached_step(model, batch, chunk_size=chunk_size, unwrapped=model.module, no_sync=model.no_sync)
    gradients = {name: p.grad for name, p in model.module.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), "gradients": gradients}


@pytest.fixture(scope="module")
def halves():
    return run_on_two(_all_halves)


@pytest.mark.parametrize("heads", HEADS)
@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_two_processes_equal_one(heads, split, chunk_size, halves):
    model = _model(HEADS[heads])
    loss = model(**_batch(_rows())).loss
    loss.backward()
    expected = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    results = [half[f"{heads}-{split}-{chunk_size}"] for half in halves]
    for result in results:
        torch.testing.assert_close(result["gradients"], expected)
    torch.testing.assert_close(sum(result["loss"] for result in results) / 2, loss.detach())


def test_no_head_is_left_out():
    """Here or in `test_same_gradient`, each with batches that give one process nothing to do."""
    assert {name for heads in (HEADS, test_same_gradient.HEADS) for head in heads.values() for name in head} == set(
        ALL_HEADS
    )
