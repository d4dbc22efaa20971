"""`xalign train` with `peft`, and `xalign evaluate` of what it saves; wrong input: one clear line, status 2."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.torch import load_file

from hf_xalign.cli import main
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


PAIR = {"source_lang": "hin_Deva", "target_lang": "urd_Arab"}
COLUMNS = {"source": "hin_Deva", "target": "urd_Arab"}
RECIPE = {
    "train_data": [{"path": "train.parquet", "columns": COLUMNS, **PAIR}],
    "selection_data": [{"path": "selection.parquet", "columns": COLUMNS, **PAIR}],
    "test_data": [{"path": "test.parquet", "columns": COLUMNS, **PAIR}],
    "prepared_dir": "prepared",
    "output_dir": "out",
    "max_length": 24,
    "model_name_or_path": "base",
    "heads": {"mlm": {}, "tr": {"projection": "tanh", "learnable_temperature": True}},
    "languages": ["hin_Deva", "urd_Arab"],
    "peft": {"r": 4, "lora_alpha": 8},
    "max_steps": 4,
    "per_device_train_batch_size": 8,
    "gradient_cache_chunk_size": 3,
    "learning_rate": 1.0e-2,
    "eval_strategy": "steps",
    "eval_steps": 2,
    "save_steps": 2,
    "load_best_model_at_end": True,
    "metric_for_best_model": "retrieval_top1",
    "report_to": "none",
    "disable_tqdm": True,
}
FROM_SCRATCH = {"model_name_or_path": None, "model_config": {"model_type": "xlm-roberta"}}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a base model, pairs and a recipe; the tests stand in it."""
    monkeypatch.chdir(tmp_path)
    save_checkpoint(tmp_path / "base")
    for seed, (name, count) in enumerate({"train": 64, "selection": 12, "test": 12}.items()):
        rows = parallel_rows(count, ("hin_Deva", "urd_Arab"), seed)
        pq.write_table(pa.Table.from_pylist(rows), f"{name}.parquet")
    _write(RECIPE)
    return tmp_path


def _write(recipe: dict) -> None:
    with open("recipe.yaml", "w") as file:
        yaml.safe_dump(recipe, file, sort_keys=False)


def _train(*overrides: str) -> int:
    return main(["train", "recipe.yaml", "--use_cpu", *overrides])


def test_a_run_its_restart_and_its_evaluation(place, capsys, caplog):
    assert _train() == 0
    assert "parameters are trained (" in capsys.readouterr().err
    assert "the base model is the local folder base" in caplog.text
    names = {path.name for path in (place / "out").iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "tokenizer.json", "recipe.yaml"} <= names
    assert {"xalign_config.json", "xalign_heads.safetensors", "results.json", "trainer_state.json"} <= names
    assert not names & {"config.json", "model.safetensors"}
    told = json.loads((place / "out/provenance.json").read_text())["architecture"]["parameters"]
    assert told == sum(weights.numel() for weights in load_file("base/model.safetensors").values())

    whole = load_file("out/checkpoint-4/adapter_model.safetensors")
    shutil.rmtree("out/checkpoint-4")
    assert _train("--resume_from_checkpoint", "true") == 0
    again = load_file("out/checkpoint-4/adapter_model.safetensors")
    assert whole.keys() == again.keys() and all((whole[name] == again[name]).all() for name in whole)
    first = json.loads((place / "out/results.json").read_text())
    # A third start finds nothing left to do.
    assert _train("--resume_from_checkpoint", "true") == 0
    assert "nothing is left to train" in capsys.readouterr().err
    assert json.loads((place / "out/results.json").read_text())["retrieval"] == first["retrieval"]

    options = ["--data", "test.parquet", "--pair", "hin_Deva-urd_Arab", "--output", "evaluated", "--checkpoints"]
    assert main(["evaluate", "out", *options]) == 0
    evaluated = json.loads((place / "evaluated/results.json").read_text())
    assert evaluated["retrieval"] == first["retrieval"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"peft": {"rank": 4}}, "unknown option peft.rank"),
        ({"peft": 16}, "recipe.yaml: peft must be a mapping, not a number"),
        (FROM_SCRATCH, "peft is set, but the recipe trains an encoder from scratch (model_config)"),
        ({"output_dir": "base"}, "output_dir base holds a whole model"),
        ({"peft": {"target_modules": ["qeury"]}}, "no module 'qeury'; did you mean 'query'?"),
    ],
)
def test_wrong_recipes(place, capsys, changes, message):
    _write({key: value for key, value in (RECIPE | changes).items() if value is not None})
    assert _train() == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("xalign train: error: ") and message in last
    assert not (place / "out").exists() or not list((place / "out").iterdir())


def test_the_command_line_reaches_into_it(place, capsys):
    _write({key: value for key, value in RECIPE.items() if key != "peft"})
    assert _train("--peft.r", "2", "--dry_run", "true") == 0
    assert "parameters are trained (" in capsys.readouterr().err
