"""`xalign evaluate --mining` and `--sts`, and options that do not go together."""

from __future__ import annotations

import json

import pytest

from hf_xalign.cli import main
from hf_xalign.evaluation import read_mining, read_sts_results
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


LANGUAGES = ("eng_Latn", "swh_Latn", "deu_Latn")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [str(save_checkpoint(folder / name, seed)) for seed, name in enumerate(("a", "b"))]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rows = parallel_rows(60, LANGUAGES)
    tables = {
        "set": rows,
        "sts": [
            {"sentence1": row["eng_Latn"], "sentence2": row["deu_Latn"], "score": place % 6}
            for place, row in enumerate(rows)
        ],
    }
    tables["sts"].append({"sentence1": "w1", "sentence2": None, "score": 1})
    for name, table in tables.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in table), encoding="utf-8")
    return {name: str(folder / f"{name}.jsonl") for name in tables}


def evaluate(*arguments) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_mining_of_several_languages_and_of_one_pair(models, files, tmp_path, capsys):
    where = ["--data", files["set"], "--mining", "--output", tmp_path / "out", "--markdown", tmp_path / "mining.md"]
    options = ["--gold-share", 0.3, "--margin", "distance", "--neighbours", 3, "--low-resource", "swh", "--seed", 4]
    assert evaluate(*models, *where, "--pairs", "eng_Latn-*", *options) == 0
    printed = capsys.readouterr()
    assert "F1 of mined pairs, distance margin of 3 neighbours" in printed.out
    assert printed.out.endswith(f"\nwrote {tmp_path / 'out' / 'mining.json'}\nwrote {tmp_path / 'mining.md'}\n")
    results = read_mining(tmp_path / "out")
    assert [entry["language"] for entry in results["languages"]] == ["swh_Latn", "deu_Latn"]
    assert (results["margin"], results["neighbours"], results["gold_share"], results["seed"]) == (
        "distance",
        3,
        0.3,
        4,
    )
    assert results["languages"][0]["test"]["gold"] == 9
    assert evaluate(models[0], *where, "--pair", "eng-deu") == 0
    assert [entry["language"] for entry in read_mining(tmp_path / "out")["languages"]] == ["deu"]


def test_graded_similarity(models, files, tmp_path, capsys):
    options = [
        "--label",
        "One",
        "--label",
        "Two",
        "--name",
        "graded",
        "--synthetic",
        "--markdown",
        tmp_path / "sts.md",
    ]
    assert evaluate(*models, "--sts", files["sts"], "--output", tmp_path / "out", *options) == 0
    printed = capsys.readouterr()
    assert printed.err == "1 rows of sts.jsonl left out: a sentence or the score is missing\n"
    assert "graded (synthetic, n = 60), correlation of cosines with gold scores" in printed.out
    assert printed.out.endswith(f"\nwrote {tmp_path / 'out' / 'sts.json'}\nwrote {tmp_path / 'sts.md'}\n")
    results = read_sts_results(tmp_path / "out")
    assert [model["label"] for model in results["models"]] == ["One", "Two"]
    assert results["dataset"]["n"] == 60
    assert "| Two |" in (tmp_path / "sts.md").read_text(encoding="utf-8")


def test_the_long_form_of_one_pair(models, files, tmp_path, capsys):
    path = tmp_path / "long.jsonl"
    rows = [
        {"lang": "deu", "text": row["deu_Latn"], "english": row["eng_Latn"]} for row in parallel_rows(30, LANGUAGES)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    columns = ["--lang-column", "lang", "--source-column", "english", "--target-column", "text"]
    assert evaluate(models[0], "--data", path, "--pair", "eng-deu", "--output", tmp_path / "out", *columns) == 0
    assert "(n = 30)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"--sts": "sts", "--data": "set"}, "--data does not go with --sts"),
        ({"--sts": "sts", "--pair": "eng-deu"}, "--pair does not go with --sts"),
        ({"--sts": "none.tsv"}, "no such file: none.tsv"),
        ({"--sts": "set"}, "no column 'sentence1'"),
        ({"--sts": "sts", "--mining": ""}, "--mining does not go with --sts"),
        ({"--sts": "sts", "--metrics": "csls"}, "--metrics does not go with --sts"),
        ({"--mining": "", "--data": "set", "--pair": "eng-deu", "--direction": "forward"}, "--direction does not go"),
        ({"--data": "set", "--pairs": "eng-deu", "--neighbours": "8"}, "--neighbours does not go with --pairs"),
        ({"--data": "set", "--pair": "eng-deu", "--margin": "distance"}, "--margin does not go with --pair A-B"),
        ({"--mining": ""}, "give --data FILE"),
        ({"--mining": "", "--data": "set", "--pair": "eng-deu", "--gold-share": "0.01"}, "too few to hide 0.01"),
        ({"--mining": "", "--data": "set", "--pair": "eng-deu", "--neighbours": "0"}, "at least 1 neighbour"),
        ({"--mining": "", "--data": "set", "--pair": "eng-deu", "--checkpoints": ""}, "does not go with --mining"),
        ({"--data": "set", "--pairs": "eng-deu", "--checkpoints": ""}, "--checkpoints does not go with --pairs"),
        ({"--data": "set", "--pairs": "eng-deu", "--alignment": "gold.tsv"}, "--alignment does not go with --pairs"),
        (
            {"--data": "set", "--pair": "eng-deu", "--low-resource": "deu"},
            "--low-resource does not go with --pair",
        ),
        ({"--data": "set", "--pair": "eng-deu", "--markdown": "x.md"}, "--markdown does not go with --pair A-B"),
        ({"--data": "set", "--pair": "eng-*"}, "unknown language code '*'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(models, files, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    options = [files.get(part, part) for option in arguments.items() for part in option if part]
    assert evaluate(models[0], *options, "--output", "out") == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert sum("error:" in line for line in errors.splitlines()) == 1
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())
