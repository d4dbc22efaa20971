"""Checkpoints whose weights are no numbers are refused by whatever opens them."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file, save_file

from hf_xalign import XAlignModel
from hf_xalign.adapter_files import save_adapter
from hf_xalign.errors import XAlignError
from hf_xalign.finite import check_finite
from hf_xalign.loading import load_encoder
from hf_xalign.peft_adapters import add_lora
from tests.tiny import tiny_config, word_tokenizer


HEADS = {"mlm": {}, "tr": {"projection": "tanh"}}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e5m2])
def test_one_value_that_is_not_finite_is_enough(value, dtype):
    weights = torch.zeros(3, 4)
    check_finite([("a", weights.to(dtype)), ("b", torch.empty(0, 2)), ("c", torch.tensor([1]))], "run")
    weights[1, 2] = value
    with pytest.raises(XAlignError, match=r"^run: a holds values that are not finite"):
        check_finite([("a", weights.to(dtype))], "run")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finite")
    torch.manual_seed(0)
    XAlignModel.from_encoder(tiny_config(layers=1), heads=HEADS).save_pretrained(folder / "base")
    word_tokenizer().save_pretrained(folder / "base")
    save_adapter(add_lora(XAlignModel.from_encoder(str(folder / "base"), HEADS), {"r": 2}), folder / "adapter")
    return folder


def _spoil(file) -> bytes:
    """One value of each tensor of a file; returns what it held before."""
    whole = file.read_bytes()
    weights = load_file(file)
    for tensor in weights.values():
        tensor.view(-1)[-1] = float("nan")
    save_file(weights, file, metadata={"format": "pt"})
    return whole


def _own(folder):
    XAlignModel.from_pretrained(folder)


def _further(folder):
    XAlignModel.from_encoder(str(folder), {"mlm": {}})


def _plain(folder):
    load_encoder(str(folder))


@pytest.mark.parametrize(
    ("file", "opened"),
    [
        ("base/model.safetensors", (_own, _further, _plain)),
        ("base/xalign_heads.safetensors", (_own,)),
        ("adapter/adapter_model.safetensors", (_own, _plain)),
        ("adapter/xalign_heads.safetensors", (_own,)),
    ],
)
def test_whatever_opens_a_checkpoint_refuses_it(file, opened, folders):
    whole = _spoil(folders / file)
    try:
        for open_it in opened:
            with pytest.raises(XAlignError, match=r"holds values that are not finite \(NaN or infinite\)"):
                open_it((folders / file).parent)
    finally:
        (folders / file).write_bytes(whole)
    for open_it in opened:
        open_it((folders / file).parent)
