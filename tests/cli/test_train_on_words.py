"""`xalign train` on word alignments: a run, its restart, and wrong input: one clear line, status 2."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.torch import load_file

from hf_xalign.cli import main
from hf_xalign.data.minicorpus import load_parallel


ROWS = load_parallel("train", ("eng_Latn", "hin_Deva"), seed=3, sizes={"train": 64}).to_list()
HELD_OUT = load_parallel("test", ("eng_Latn", "hin_Deva"), seed=3, sizes={"train": 64, "test": 12}).to_list()
MODEL = {
    "model_type": "xlm-roberta",
    "num_hidden_layers": 2,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
COLUMNS = {
    "source": "source",
    "target": "target",
    "source_words": "source_words",
    "target_words": "target_words",
    "alignment": "alignment",
}


def _recipe(**changes) -> dict:
    languages = {"source_lang": "eng_Latn", "target_lang": "hin_Deva"}
    return {
        "train_data": [{"path": "train.parquet", "columns": COLUMNS, **languages}],
        "selection_data": [{"path": "test.parquet", "columns": COLUMNS, **languages}],
        "prepared_dir": "prepared",
        "output_dir": "out",
        "vocab_size": 200,
        "max_length": 40,
        "model_config": MODEL,
        "heads": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
        "max_steps": 4,
        "per_device_train_batch_size": 16,
        "gradient_cache_chunk_size": 6,
        "eval_strategy": "steps",
        "eval_steps": 2,
        "save_steps": 2,
        "logging_steps": 1,
        "report_to": "none",
        "disable_tqdm": True,
        **changes,
    }


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a file of aligned pairs, one without alignments, and a recipe; the tests stand in it."""
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "train.parquet")
    pq.write_table(pa.Table.from_pylist(HELD_OUT), tmp_path / "test.parquet")
    monkeypatch.chdir(tmp_path)
    _write(_recipe())
    return tmp_path


def _write(recipe: dict) -> None:
    with open("recipe.yaml", "w") as file:
        yaml.safe_dump(recipe, file, sort_keys=False)


def _rewrite(rows: list[dict], **columns) -> None:
    pq.write_table(
        pa.Table.from_pylist([{**row, **{name: make(row) for name, make in columns.items()}} for row in rows]),
        "train.parquet",
    )


def _train(*overrides: str) -> int:
    return main(["train", "recipe.yaml", "--use_cpu", *overrides])


def _error(capsys) -> str:
    written = capsys.readouterr().err
    assert "Traceback" not in written
    lines = written.splitlines()
    assert lines[-1].startswith("xalign train: error: "), lines[-1]
    return lines[-1].removeprefix("xalign train: error: ")


def test_a_run_with_gold_alignments_restarts_where_it_was(place):
    assert _train() == 0
    whole = load_file("out/model.safetensors")
    history = json.loads((place / "out/trainer_state.json").read_text())["log_history"]
    losses = [entry for entry in history if "loss" in entry]
    assert len(losses) == 4
    for entry in losses:
        total = 0.8 * entry["loss_tr"] + 0.1 * entry["loss_awp"] + 0.1 * entry["loss_wtr"]
        assert entry["loss"] == pytest.approx(total, rel=1e-4)
    assert any("eval_retrieval_top1" in entry and "eval_loss" in entry for entry in history)
    (place / "out/checkpoint-2").rename(place / "kept")
    (place / "out").rename(place / "first")
    (place / "out").mkdir()
    (place / "kept").rename(place / "out/checkpoint-2")
    assert _train("--resume_from_checkpoint", "true") == 0
    again = load_file("out/model.safetensors")
    assert whole.keys() == again.keys() and all((whole[name] == again[name]).all() for name in whole)


def test_an_aligner_of_the_recipe_aligns_what_brings_no_alignment(place):
    assert _train("--heads", "{mlm: {}}", "--max_steps", "2") == 0  # an encoder to align with
    (place / "out").rename(place / "encoder")
    plain = {"path": "train.parquet", "columns": {"source": "source", "target": "target"}}
    languages = {"source_lang": "eng_Latn", "target_lang": "hin_Deva"}
    _write(
        _recipe(
            train_data=[{**plain, **languages}],
            selection_data=[{**plain, **languages, "path": "test.parquet"}],
            prepared_dir="aligned",
            aligner={"name": "simalign", "model": "encoder", "method": "inter"},
            alignment_threshold=0.1,
            model_config={},
            model_name_or_path="encoder",
            languages=["eng_Latn", "hin_Deva"],
            max_steps=2,
        )
    )
    assert _train() == 0
    rows = pq.read_table("aligned/train.parquet").to_pylist()
    assert len(rows) > 50 and all(row["alignment"] for row in rows)
    assert all(0 <= score <= 1 for row in rows for score in row["alignment_score"])
    card = (place / "aligned/README.md").read_text()
    assert "their word links (`alignment`, counted from 0)" in card and "by simalign" in card
    assert pq.read_table("aligned/selection.parquet").to_pylist()[0]["alignment"]
    config = json.loads((place / "out/xalign_config.json").read_text())
    assert config["languages"] == ["eng_Latn", "hin_Deva"]


def _one_based(row):
    return [[i + 1, j + 1] for i, j in row["alignment"]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"alignment": _one_based}, "is out of range in the pair"),
        ({"alignment": lambda row: ["0-0", "3-x"]}, "'3-x' is no word link: write i-j, or a pair of whole numbers"),
        ({"alignment": lambda row: [[0, 0, 0]]}, "[0, 0, 0] is no word link"),
        ({"alignment": lambda row: [[-1, 0]]}, "link -1-0 is out of range"),
        ({"source_words": lambda row: ["", *row["source_words"]]}, "a row of source_words has an empty word or none"),
        ({"source_words": lambda row: row["source"]}, "column source_words holds string, not lists of words"),
        ({"alignment": lambda row: []}, "no word link is left"),
    ],
)
def test_wrong_alignments(place, capsys, columns, message):
    _rewrite(ROWS, **columns)
    assert _train() == 2
    assert message in _error(capsys)
    assert not (place / "out").exists()


def test_scores_that_are_not_one_a_link(place, capsys):
    _rewrite(ROWS, score=lambda row: [0.5])
    _write(_recipe(train_data=[{**_recipe()["train_data"][0], "columns": {**COLUMNS, "alignment_score": "score"}}]))
    assert _train() == 2
    assert "train.parquet: 1 scores for" in _error(capsys)


def test_an_alignment_that_seems_counted_from_1_is_read_with_a_warning(place, caplog):
    shifted = [row for row in ROWS if len(row["source_words"]) > 4]
    _rewrite(shifted, alignment=lambda row: [[i, j] for i, j in row["alignment"] if i and j])
    assert main(["prepare", "recipe.yaml"]) == 0
    assert "no link of the alignment touches a first word (0): is it counted from 1?" in caplog.text


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["--aligner.name", "simalig"], "unknown aligner 'simalig'; did you mean 'simalign'?"),
        (["--aligner", "{model: encoder}"], "aligner: name is missing"),
        (
            ["--aligner", "{name: simalign, model: nowhere/at/all, laier: 3}"],
            "no setting 'laier'; did you mean 'layer'?",
        ),
        (["--aligner", "{name: simalign}"], "aligner 'simalign' needs the setting 'model'"),
        (["--aligner", "{name: simalign, model: ./none}"], "./none"),
        (["--alignment_threshold", "90"], "alignment_threshold is 90.0; it must lie in 0..1"),
        (["--awp_probability", "0"], "awp_probability is 0.0; it must lie between 0 and 1"),
        (["--heads.wtr.layr", "1"], "heads.wtr.layr; did you mean 'layer'?"),
        (["--gradient_cache_chunk_size", "0"], "gradient_cache_chunk_size is 0"),
        (["--train_data.0.columns.alignmnt", "x"], "unknown column 'alignmnt'; did you mean 'alignment'?"),
        (["--languages", "[eng_Latn]"], "the data have 'hin_Deva' (target_lang), but languages names eng_Latn alone"),
    ],
)
def test_wrong_recipes(place, capsys, overrides, message):
    assert _train(*overrides) == 2
    assert message in _error(capsys)
    assert not (place / "out").exists() or not list((place / "out").iterdir())


def test_objectives_that_the_data_cannot_serve(place, capsys):
    plain = {**_recipe()["train_data"][0], "columns": {"source": "source", "target": "target"}}
    _write(_recipe(train_data=[plain]))
    assert _train() == 2
    assert "the objectives need word alignments, but the pairs have none: set aligner" in _error(capsys)
    (place / "text.txt").write_text("\n".join(row["source"] for row in ROWS) + "\n")
    _write(_recipe(train_data=[{"path": "text.txt", "lang": "eng_Latn"}], selection_data=[], eval_strategy="no"))
    assert _train() == 2
    assert "the objectives need pairs of translations, but train_data has sentences without one" in _error(capsys)
