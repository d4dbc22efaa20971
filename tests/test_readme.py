"""The README's Python runs as it is written, but for the names of the model and the folders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from transformers import AutoModelForMaskedLM

from hf_xalign.data import minicorpus
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from tests.tiny import tiny_config


README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
def base_model(tmp_path):
    sentences = minicorpus.load_monolingual("train", langs=("hin_Deva",), sizes={"train": 300})["text"]
    (tmp_path / "hindi.txt").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    pairs = minicorpus.load_parallel("train", sizes={"train": 50}).select_columns(["source", "target"])
    pairs.to_json(tmp_path / "pairs.jsonl", force_ascii=False)
    folder = tmp_path / "base"
    train_sentencepiece_tokenizer(sentences, folder, 300)
    AutoModelForMaskedLM.from_config(tiny_config(vocab_size=400)).save_pretrained(folder)
    return folder


def test_python_of_the_readme_runs(base_model, tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 3
    code = "\n".join(blocks)
    # A run of an epoch on a tiny model instead of one of three on a large one.
    for name, stand_in in {
        "xlm-roberta-base": str(base_model),
        "layer=8": "layer=1",
        "per_device_train_batch_size=1024, gradient_cache_chunk_size=64": "per_device_train_batch_size=16, "
        "gradient_cache_chunk_size=4, max_steps=2, use_cpu=True",
        "per_device_train_batch_size=64": "per_device_train_batch_size=64, num_train_epochs=1, use_cpu=True",
    }.items():
        assert name in code
        code = code.replace(name, stand_in)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, str(README), "exec"), names)
    assert (tmp_path / "runs/my-model/checkpoint-4").is_dir()
    names["trainer"].train()
    (logged,) = [entry for entry in names["trainer"].state.log_history if "train_loss" in entry]
    assert names["trainer"].state.global_step == 2 and logged["train_loss"] > 0
    assert set(names["trainer"].model.xalign_heads) == {"tr", "awp", "wtr"}
    assert type(names["masked_lm"]).__name__ == "XLMRobertaForMaskedLM"
