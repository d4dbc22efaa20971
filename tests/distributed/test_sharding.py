"""FSDP2 gives the loss, the gradient and the checkpoint of DDP.

accelerate has no FSDP for CPUs. Told that the processes have GPUs, it does there what it does with GPUs.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch
import torch.distributed as dist
from accelerate import DistributedType, PartialState
from accelerate.state import AcceleratorState
from datasets import Dataset
from torch.distributed.fsdp import MixedPrecisionPolicy, StateDictType, fully_shard
from transformers import AutoModelForMaskedLM

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments, views
from hf_xalign.backbones import encoder_layers
from hf_xalign.checkpoints import missing_part
from hf_xalign.errors import XAlignError
from hf_xalign.sharding import check_sharding, is_sharded
from tests.aligned_rows import aligned_rows
from tests.distributed.processes import run_on_two
from tests.distributed.test_same_gradient import _batch, _model, _own_half, _rows
from tests.tiny import tiny_config, word_tokenizer


CASES = [("transliteration", "uneven"), ("wacse", "uneven"), ("wacse", "no links"), ("awp-cross", "no links")]
HEADS = {"tr": {"projection": "tanh"}, "awp": {}, "wtr": {}, "mlm": {}}
BF16 = {"bf16": True, "heads": HEADS | {"tr": {}}}
REFUSED = {
    "FSDP 1 is not supported": ({"fsdp_version": 1}, {}, {}),
    "gradient_cache_chunk_size and FSDP do not go together": ({}, {"gradient_cache_chunk_size": 1}, {}),
    "set it to FULL_STATE_DICT": ({"state_dict_type": StateDictType.SHARDED_STATE_DICT}, {}, {}),
    "fsdp_cpu_ram_efficient_loading": ({"cpu_ram_efficient_loading": True}, {}, {}),
    "leave learnable_temperature out": ({}, {}, {"tr": {"learnable_temperature": True}}),
    "leave the projection out": ({"mixed_precision_policy": MixedPrecisionPolicy(torch.bfloat16)}, {}, {}),
}


def _sharded_half(heads, split):
    model = _model(heads)
    for layer in encoder_layers(model.base_model):
        fully_shard(layer)
    fully_shard(model)
    batch, counts = _own_half(model, split)
    loss = model(**batch, label_counts=counts).loss
    loss.backward()
    gradients = {name: p.grad.full_tensor() for name, p in model.named_parameters() if p.grad is not None}
    return {"loss": loss.detach(), "gradients": gradients}


@contextmanager
def _said_to_have_gpus():
    PartialState._shared_state["distributed_type"] = DistributedType.MULTI_GPU
    try:
        yield
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)
        os.environ.pop("ACCELERATE_USE_FSDP", None)


@contextmanager
def _trainer(folder, heads=HEADS, fsdp=None, **settings):
    os.environ |= {"RANK": str(dist.get_rank()), "LOCAL_RANK": str(dist.get_rank()), "WORLD_SIZE": "2"}
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(layers=2), heads)
    rows = [{name: value for name, value in row.items() if name != "draw"} for row in aligned_rows(16)]
    if fsdp is not None:
        fsdp = {"version": 2, "cpu_ram_efficient_loading": False} | fsdp
        settings = {"fsdp": True, "fsdp_config": fsdp} | settings
    args = XAlignTrainingArguments(
        str(folder),
        max_steps=3,
        save_steps=2,
        per_device_train_batch_size=4,
        use_cpu=True,
        disable_tqdm=True,
        report_to="none",
        **settings,
    )
    with _said_to_have_gpus() if fsdp is not None else nullcontext():
        yield XAlignTrainer(
            model,
            args,
            train_dataset=Dataset.from_list(rows),
            evaluator=lambda model: {"norm": float(model.base_model(torch.tensor([[0, 7, 2]]))[0].detach().norm())},
            eval_dataset=Dataset.from_list(rows[:4]),
            data_collator=XAlignDataCollator(word_tokenizer(), views=model.views, masked_views=model.masked_views),
            processing_class=word_tokenizer(),
        )


def _train(folder, resume=None, **settings):
    with _trainer(folder, logging_steps=1, **settings) as trainer:
        trainer.train(resume_from_checkpoint=resume)
        norm = trainer.evaluate()["eval_norm"]
        trainer.save_model()
        log = [(entry["loss"], entry["grad_norm"]) for entry in trainer.state.log_history if "loss" in entry]
        return {"log": torch.tensor(log), "norm": norm, "sharded": is_sharded(trainer.model)}


def _everything(folder):
    views.CPU_PASS_TOKENS = 8  # by themselves, the processes would make different numbers of passes
    folder = Path(folder)
    return {
        "halves": {f"{heads}-{split}": _sharded_half(heads, split) for heads, split in CASES},
        "ddp": _train(folder / "ddp"),
        "fsdp": _train(folder / "fsdp", fsdp={}),
        "resumed": _train(folder / "fsdp", fsdp={}, resume=str(folder / "fsdp" / "checkpoint-2")),
        "ddp in bf16": _train(folder / "ddp16", **BF16),
        "fsdp in bf16": _train(folder / "fsdp16", fsdp={}, **BF16),
    }


@pytest.fixture(scope="module")
def runs():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder), run_on_two(_everything, folder)


@pytest.mark.parametrize(("heads", "split"), CASES)
def test_sharded_processes_equal_one(heads, split, runs):
    model = _model(heads)
    loss = model(**_batch(model, _rows(split))).loss
    loss.backward()
    expected = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    results = [run["halves"][f"{heads}-{split}"] for run in runs[1]]
    for result in results:
        torch.testing.assert_close(result["gradients"], expected)
    torch.testing.assert_close(sum(result["loss"] for result in results) / 2, loss.detach())


def test_a_sharded_run_is_that_of_ddp(runs):
    for run in runs[1]:
        assert run["fsdp"]["sharded"] and not run["ddp"]["sharded"]
        torch.testing.assert_close(run["fsdp"]["log"], run["ddp"]["log"])
        assert run["fsdp"]["norm"] == pytest.approx(run["ddp"]["norm"], rel=1e-4)


def test_a_sharded_run_in_bf16_is_that_of_ddp_but_for_rounding(runs):
    for run in runs[1]:
        (losses, norms), (expected, expected_norms) = (
            run[f"{how} in bf16"]["log"].unbind(1) for how in ("fsdp", "ddp")
        )
        torch.testing.assert_close(losses, expected, rtol=1e-3, atol=0)
        assert not torch.equal(losses, losses.bfloat16().float()), "losses themselves are not rounded"
        torch.testing.assert_close(norms, expected_norms, rtol=1e-2, atol=0)


def test_a_sharded_run_is_resumed(runs):
    for run in runs[1]:
        torch.testing.assert_close(run["resumed"]["log"][-1], run["fsdp"]["log"][-1])
    assert missing_part(runs[0] / "fsdp" / "checkpoint-3") is None


@pytest.mark.parametrize("place", ["", "checkpoint-2"])
def test_its_checkpoint_is_a_vanilla_one(place, runs):
    folder, other = runs[0] / "fsdp" / place, runs[0] / "ddp" / place
    for file in ("model.safetensors", "xalign_heads.safetensors"):
        mine, theirs = (safetensors.torch.load_file(one / file) for one in (folder, other))
        assert mine.keys() == theirs.keys()
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)
    assert json.loads((folder / "config.json").read_text())["architectures"] == ["XLMRobertaForMaskedLM"]
    _, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not any(info.values())


@pytest.mark.parametrize("told", REFUSED)
def test_what_cannot_be_sharded_is_said_at_the_start(told, tmp_path):
    plugin, settings, heads = REFUSED[told]
    settled = {"fsdp_version": 2, "state_dict_type": StateDictType.FULL_STATE_DICT, "cpu_ram_efficient_loading": False}
    settled["mixed_precision_policy"] = None
    accelerator = SimpleNamespace(state=SimpleNamespace(fsdp_plugin=SimpleNamespace(**settled | plugin)))
    args = XAlignTrainingArguments(str(tmp_path), use_cpu=True, **settings)
    model = XAlignModel.from_encoder(tiny_config(layers=1), HEADS | heads)
    with pytest.raises(XAlignError, match=told):
        check_sharding(accelerator, args, model)
