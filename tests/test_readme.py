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
    folder = tmp_path / "base"
    train_sentencepiece_tokenizer(sentences, folder, 300)
    AutoModelForMaskedLM.from_config(tiny_config(vocab_size=400)).save_pretrained(folder)
    return folder


def test_python_of_the_readme_runs(base_model, tmp_path, monkeypatch):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 2
    code = "\n".join(blocks)
    # A run of an epoch on a tiny model instead of one of three on a large one.
    for name, stand_in in {
        "xlm-roberta-base": str(base_model),
        "per_device_train_batch_size=64": "per_device_train_batch_size=64, num_train_epochs=1, use_cpu=True",
    }.items():
        assert name in code
        code = code.replace(name, stand_in)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, str(README), "exec"), names)
    assert names["trainer"].state.global_step == 4
    assert type(names["masked_lm"]).__name__ == "XLMRobertaForMaskedLM"
