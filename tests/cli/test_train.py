"""`xalign train` and wrong input: one clear line, status 2, nothing half-written."""

from __future__ import annotations

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from hf_xalign import train as train_module
from hf_xalign.cli import main
from hf_xalign.data.minicorpus import generate
from tests.small_recipe import small_config


LANGS = ("hin_Deva", "urd_Arab")
SENTENCES = generate(seed=11, sizes={"train": 160, "validation": 12})


def _lines(lang: str, split: str = "train") -> list[str]:
    return [sentence.text(lang) for sentence in SENTENCES[split]]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with two text files and a recipe of a small run; the tests stand in it."""
    for lang in LANGS:
        (tmp_path / f"{lang}.txt").write_text("\n".join(_lines(lang)[LANGS.index(lang) :: 2]) + "\n")
    recipe = {
        "train_data": [{"path": f"{lang}.txt", "lang": lang} for lang in LANGS],
        "prepared_dir": "prepared",
        "output_dir": "out",
        "vocab_size": 200,
        "max_length": 24,
        "model_config": small_config(),
        "heads": {"mlm": {}, "tcm": {}},
        "max_steps": 1,
        "per_device_train_batch_size": 4,
        "report_to": "none",
        "disable_tqdm": True,
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _train(*overrides: str) -> int:
    return main(["train", "recipe.yaml", "--use_cpu", *overrides])


def _error(capsys) -> str:
    """The one line that says what is wrong; the last of what was written."""
    written = capsys.readouterr().err
    assert "Traceback" not in written
    lines = written.splitlines()
    assert [line for line in lines if "error" in line.lower()] == lines[-1:]
    assert lines[-1].startswith("xalign train: error: ")
    return lines[-1].removeprefix("xalign train: error: ")


def _left(place) -> set[str]:
    """What a failed run has left behind, its input and lock files put aside."""
    given = {"recipe.yaml", *(f"{lang}.txt" for lang in LANGS)}
    return {path.name for path in place.iterdir() if not path.name.endswith(".lock")} - given


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["--learning_rat", "1e-4"], "--learning_rat: unknown key 'learning_rat'; did you mean 'learning_rate'?"),
        (["--max_steps", "many"], "recipe.yaml: max_steps: invalid int value: 'many'"),
        (["--train_data.0.path", "gone.txt"], "gone.txt: no such file"),
        (["--train_data.0.lang", "hin_Latin"], "cannot read 'Latin' in the language code 'hin_Latin'"),
        (["--train_data.1.lang", "urdu"], "unknown language code 'urdu'"),
        (["--train_data", "[]"], "train_data is empty"),
        (["--heads.tcn", "{}"], "unknown head 'tcn'; did you mean 'tcm'?"),
        (["--heads.tcm.temprature", "0.1"], "heads.tcm.temprature; did you mean 'temperature'?"),
        (["--heads", "{}"], "there are no heads: name at least one objective"),
        (["--model_config", "{}"], "the recipe names no encoder: set model_name_or_path, or model_config"),
        (["--model_name_or_path", "xlm-roberta-base"], "model_name_or_path and model_config are both set"),
        (["--eval_strategy", "steps", "--eval_steps", "1"], "the recipe has no selection_data to evaluate on"),
        (["--metric_for_best_model", "retreival_top1"], "did you mean 'retrieval_top1'?"),
        (["--vocab_size", "5000"], "set vocab_size to "),
        (["--num_processes", "0"], "--num_processes is 0; it must be at least 1"),
    ],
)
def test_wrong_recipes(place, capsys, overrides, message):
    assert _train(*overrides) == 2
    assert message in _error(capsys)
    assert _left(place) == set()


def test_unknown_keys_in_the_file(place, capsys):
    with open("recipe.yaml", "a") as file:
        file.write("warmup_step: 3\n")
    assert _train() == 2
    assert _error(capsys) == "recipe.yaml: unknown key 'warmup_step'; did you mean 'warmup_steps'?"
    assert main(["train", "recipy.yaml"]) == 2
    assert "recipy.yaml: no such file" in _error(capsys)
    assert _left(place) == set()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["--alignment_layer", "3"], "alignment_layer is 3, but the encoder has 2 layers"),
        (["--model_config.hiden_size", "32"], "model_config.hiden_size; did you mean 'hidden_size'?"),
        (["--model_config.model_type", "gpt2"], "model_config.model_type is 'gpt2'; choose one of "),
        # XLM-R counts positions from 2.
        (
            ["--model_config.max_position_embeddings", "20"],
            "max_length is 24, but the encoder takes at most 18 tokens: lower max_length",
        ),
        (["--per_device_train_batch_size", "1"], "'tcm' needs other sentences in its batch as negatives"),
        (["--per_device_train_batch_size", "512"], "rows, but one step takes 512"),
        (["--resume_from_checkpoint", "out/checkpoint-9"], "there is no folder out/checkpoint-9"),
    ],
)
def test_wrong_models_and_batches(place, capsys, overrides, message):
    """Known only beside the data; what has been prepared by then is complete."""
    assert _train(*overrides) == 2
    assert message in _error(capsys)
    assert _left(place) <= {"prepared", "out"}
    if (place / "prepared").exists():
        assert json.loads((place / "prepared" / "preparation.json").read_text())["rows"] == {"train": 160}
    assert not (place / "out").exists() or not list((place / "out").iterdir())


def test_a_missing_column_is_named_with_those_there_are(place, capsys):
    pq.write_table(pa.table({"sentence": _lines("hin_Deva"), "id": range(160)}), place / "hindi.parquet")
    assert _train("--train_data.0.path", "hindi.parquet") == 2
    assert _error(capsys) == "hindi.parquet: no column 'text'; it has sentence, id"
    assert _left(place) == {"hindi.parquet"}


def test_an_empty_file(place, capsys):
    (place / "hin_Deva.txt").write_text("")
    assert _train() == 2
    assert _error(capsys) == "hin_Deva.txt is empty"
    assert _left(place) == set()


def test_a_file_of_blanks_alone(place, capsys):
    (place / "hin_Deva.txt").write_text(" \n\t\n\u200b\n\u00a0\n")
    assert _train() == 2
    assert _error(capsys) == "hin_Deva.txt: no row is left of 4 (4 empty, 0 filtered out)"
    assert _left(place) == set()


def test_sentences_of_blanks_are_skipped_and_counted(place, capsys, caplog):
    with open("hin_Deva.txt", "a") as file:
        file.write(" \n\n\u200b\n")
    assert _train("--dry_run", "true") == 0
    assert "hin_Deva.txt: skipped 3 empty sentences of 83" in caplog.text
    shown = capsys.readouterr()
    assert "dry run of recipe.yaml: all built, one step done, loss " in shown.err and "error" not in shown.err
    assert "training on 1 process (cpu)" in shown.err
    info = json.loads((place / "prepared" / "preparation.json").read_text())
    assert info["rows"] == {"train": 160} and info["sources"]["train_data"][0]["counts"]["empty"] == 3
    assert not list(place.glob("out/*"))


def test_two_files_of_unequal_length(place, capsys):
    for lang in LANGS:
        (place / f"{lang}.dev").write_text("\n".join(_lines(lang, "validation")[LANGS.index(lang) :]) + "\n")
    pairs = "[{path: hin_Deva.dev, target_path: urd_Arab.dev, format: txt, source_lang: hin, target_lang: urd}]"
    assert _train("--selection_data", pairs) == 2
    assert _error(capsys) == "hin_Deva.dev has 12 lines, urd_Arab.dev has 11; they must be equally long"
    assert "prepared" not in _left(place)


def test_invalid_utf_8_names_the_line(place, capsys):
    lines = [line.encode() for line in _lines("urd_Arab")]
    lines[41] = lines[41][:-1]  # half a character
    (place / "urd_Arab.txt").write_bytes(b"\n".join(lines))
    assert _train() == 2
    assert "urd_Arab.txt, line 42: not UTF-8" in _error(capsys)
    assert _left(place) == set()


def test_a_loss_that_is_not_finite_stops_the_run(place, capsys):
    steps = ["--max_steps", "9", "--save_strategy", "steps", "--save_steps", "1"]
    assert _train(*steps, "--optim", "sgd", "--learning_rate", "1e38", "--max_grad_norm", "0") == 2
    error = _error(capsys)
    assert error.startswith("the loss is nan in step 2 (rows ") and "checkpoint in out is kept" in error
    assert {path.name for path in (place / "out").iterdir()} == {"checkpoint-1", "provenance.json", "recipe.yaml"}


def test_a_failure_leaves_the_data_of_an_earlier_run(place, capsys):
    assert main(["prepare", "recipe.yaml"]) == 0
    before = (place / "prepared" / "preparation.json").read_bytes()
    (place / "hin_Deva.txt").write_text("")
    capsys.readouterr()
    assert _train() == 2
    assert _error(capsys) == "hin_Deva.txt is empty"
    assert (place / "prepared" / "preparation.json").read_bytes() == before


def test_the_module_under_accelerate_says_it_too(place, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["hf_xalign.train", "recipe.yaml", "--heads", "[mlm]"])
    assert train_module.main() == 2
    assert capsys.readouterr().err == "hf_xalign.train: error: recipe.yaml: heads must not be a list\n"
    monkeypatch.setattr(sys, "argv", ["hf_xalign.train"])
    assert train_module.main() == 2
    assert capsys.readouterr().err.startswith("usage: accelerate launch -m hf_xalign.train RECIPE")
