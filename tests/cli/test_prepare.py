from __future__ import annotations

import json

import pytest

from hf_xalign.cli import main


RECIPE = """\
train_data:
- {path: "${PLACE}/hin.txt", lang: hin_Deva}
- {path: "${PLACE}/urd.txt", lang: urd_Arab}
tokenizer_name: anything
heads: {mlm: {}, tcm: {temperature: 0.1}}
learning_rate: 1e-4
output_dir: runs/x
bf16: true
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "hin.txt").write_text("यह घर है।\nयह घर है\n\nपानी ठंडा है।\n")
    (tmp_path / "urd.txt").write_text("یہ گھر ہے۔\n")
    (tmp_path / "small.yaml").write_text(RECIPE)
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_prepare_prints_counts_and_folder(place, capsys):
    assert main(["prepare", "small.yaml"]) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["train", "hin.txt", "4", "0", "1", "0", "3"] in lines
    assert ["hin_Deva", "3", "0", "1", "2", "6"] in lines and ["urd_Arab", "1", "0", "0", "1", "3"] in lines
    assert out.endswith("prepared data: prepared/small\n")
    assert json.loads((place / "prepared" / "small" / "preparation.json").read_text())["rows"] == {"train": 3}


def test_a_second_time_uses_what_is_there_unless_told_otherwise(place, capsys, caplog):
    main(["prepare", "small.yaml"])
    capsys.readouterr()
    assert main(["prepare", "small.yaml", "--learning_rate", "1e-3"]) == 0
    assert "using prepared data in prepared/small" in caplog.text
    assert main(["prepare", "small.yaml", "--deduplicate", "false", "--prepared_dir=elsewhere"]) == 0
    assert capsys.readouterr().out.endswith("prepared data: elsewhere\n")
    caplog.clear()
    assert main(["prepare", "--overwrite", "small.yaml"]) == 0
    assert "using" not in caplog.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.yaml"], "missing.yaml: no such file"),
        (["small.yaml", "--vocab_sise", "3"], "--vocab_sise: unknown key 'vocab_sise'; did you mean 'vocab_size'?"),
        (["small.yaml", "--train_data.0.path", "gone.txt"], "gone.txt: no such file"),
        (["small.yaml", "--train_data.0.lang", "xx-1"], "unknown language code 'xx-1'"),
        (["small.yaml", "--tokenizer_name", "null"], "give at most"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(place, capsys, arguments, message):
    assert main(["prepare", *arguments]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("xalign prepare: error: ") and message in last
    assert not (place / "prepared" / "small").exists()


def test_an_unset_variable_is_named(place, capsys, monkeypatch):
    monkeypatch.delenv("PLACE")
    assert main(["prepare", "small.yaml"]) == 2
    assert "train_data.0.path needs the environment variable PLACE, which is not set" in capsys.readouterr().err
