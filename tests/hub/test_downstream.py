"""What others do with our checkpoints, in one process that cannot import hf_xalign."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from hf_xalign import XAlignModel
from hf_xalign.adapter_files import save_adapter
from hf_xalign.evaluation.embeddings import sentence_embeddings
from hf_xalign.hub.export import ExportOptions, export_model
from hf_xalign.peft_adapters import add_lora
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


SCRIPT = Path(__file__).with_name("without_hf_xalign.py")
CHECKS = (
    "of_transformers",
    "of_masked_lm",
    "of_sequence_classification",
    "of_token_classification",
    "of_feature_extraction",
    "of_fill_mask",
    "of_sentence_transformer_of_the_checkpoint",
    "of_the_cut_encoder",
    "of_the_exported_sentence_transformer",
    "of_the_card",
    "of_onnx",
    "of_the_adapter",
)

# BERT pools CLS and its tokenizer numbers the halves of a pair; the others take the mean.
POOLINGS = {"bert": "cls"}
# A graph takes long to draw: one of each pooling here, the others with `make slow`.
ONNX = ("bert", "xlm-roberta")
SENTENCES = ["w1 w2 w3 w4 w5 w6 w7", "w8", "", "w3 w3 w9 <mask> nowhere", "w40 w41 w42 w43"]
LAYER = 2


def make_case(backbone: str, folder: Path, *, onnx: bool) -> None:
    """A checkpoint of three layers, aligned at the second, its export, and what both must give."""
    torch.manual_seed(0)
    pooling = POOLINGS.get(backbone, "mean")
    heads = {"mlm": {}, "tr": {"pooling": pooling, "projection": "tanh"}}
    model = XAlignModel.from_encoder(tiny_config(backbone), heads, alignment_layer=LAYER).eval()
    with torch.no_grad():
        for parameter in model.parameters():  # a fresh model's norms and biases would hide those left out
            parameter.add_(torch.randn(parameter.shape) * 0.1)
    tokenizer = word_tokenizer(token_types=backbone == "bert")
    model.save_pretrained(folder / "whole")
    tokenizer.save_pretrained(folder / "whole")
    export_model(folder / "whole", folder / "export", ExportOptions(sentence_transformers=True, onnx=onnx))
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    with torch.no_grad():
        output = model(**batch, output_hidden_states=True)
    vectors = sentence_embeddings(model, tokenizer, SENTENCES, layers=[LAYER], pooling=pooling)[LAYER]
    case = {
        "sentences": SENTENCES,
        "batch": dict(batch),
        "states": output.hidden_states,
        "logits": output.logits,
        "vectors": torch.tensor(vectors),
        "layer": LAYER,
        "limit": tokenizer.model_max_length,
    }
    case["adapted"] = make_adapter(folder, dict(batch))
    torch.save(case, folder / "case.pt")


def make_adapter(folder: Path, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """An adapter of the checkpoint, heads and all; the states that it gives."""
    heads = {"mlm": {}, "tr": {"projection": "tanh", "learnable_temperature": True}}
    adapted = add_lora(XAlignModel.from_encoder(str(folder / "whole"), heads), {"r": 4}).eval()
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:  # 0 at first
                parameter.copy_(torch.randn(parameter.shape) * 0.1)
        save_adapter(adapted, folder / "adapter")
        return adapted(**batch, output_hidden_states=True).hidden_states[-1]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    root = tmp_path_factory.mktemp("downstream")
    for backbone in BACKBONES:
        make_case(backbone, root / backbone, onnx=backbone in ONNX)
    # Away from the repository, whose folder would be on the path.
    done = subprocess.run([sys.executable, SCRIPT, root], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_opens_without_hf_xalign(backbone, check, found):
    assert set(found[backbone]) == set(CHECKS)
    assert not found[backbone][check], found[backbone][check]
