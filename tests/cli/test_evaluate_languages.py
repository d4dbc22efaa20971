"""`xalign evaluate --pairs` as a user meets it."""

from __future__ import annotations

import json

import pytest

from hf_xalign.cli import main
from hf_xalign.evaluation import read_languages
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


LANGUAGES = ("eng_Latn", "swh_Latn", "tgl_Latn", "deu_Latn")
PAIRS = "eng_Latn-swh_Latn,eng_Latn-tgl_Latn,eng_Latn-deu_Latn"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [str(save_checkpoint(folder / name, seed)) for seed, name in enumerate(("a", "b"))]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "set.jsonl"
    rows = parallel_rows(30, LANGUAGES)
    rows[4]["deu_Latn"] = ""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def long_file(tmp_path_factory, file):
    path = tmp_path_factory.mktemp("data") / "long.jsonl"
    with open(file, encoding="utf-8") as handle:
        rows = [json.loads(line) for line in handle]
    with path.open("w", encoding="utf-8") as out:
        for language in LANGUAGES[1:]:
            for row in rows:
                line = {"lang": language[:3], "sentence": row[language], "english": row["eng_Latn"]}
                out.write(json.dumps(line) + "\n")
    return str(path)


def evaluate(*arguments) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_two_models_in_three_languages(models, file, tmp_path, capsys):
    markdown = tmp_path / "tables" / "languages.md"
    options = [
        "--low-resource",
        "swh,tgl",
        "--metrics",
        "csls",
        "--markdown",
        markdown,
        "--label",
        "A",
        "--label",
        "B",
    ]
    assert evaluate(*models, "--data", file, "--pairs", PAIRS, "--output", tmp_path / "out", *options) == 0
    printed = capsys.readouterr()
    assert printed.err == "1 rows of eng_Latn-deu_Latn in set.jsonl left out: a side is null or empty\n"
    assert printed.out.endswith(f"\nwrote {tmp_path / 'out' / 'languages.json'}\nwrote {markdown}\n")
    assert "mean of both directions" in printed.out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["languages.json"]
    results = read_languages(tmp_path / "out")
    assert [model["label"] for model in results["models"]] == ["A", "B"]
    assert [entry["n"] for entry in results["languages"]] == [30, 30, 29]
    assert list(results["groups"][0]["scores"]) == ["cosine", "csls"]
    assert markdown.read_text(encoding="utf-8").count("| **mean of 3** |") == 2


def test_the_long_form_and_the_star(models, file, long_file, tmp_path, capsys):
    columns = ["--lang-column", "lang", "--source-column", "english", "--target-column", "sentence"]
    options = [
        "--pairs",
        "eng-*",
        *columns,
        "--direction",
        "backward",
        "--limit",
        20,
        "--name",
        "pairs",
        "--synthetic",
    ]
    assert evaluate(models[0], "--data", long_file, "--output", tmp_path / "long", "--synthetic", *options) == 0
    assert "language > eng" in capsys.readouterr().out
    long = read_languages(tmp_path / "long")
    assert [entry["language"] for entry in long["languages"]] == ["swh", "tgl", "deu"]
    assert long["dataset"] | {"fingerprint": ""} == {
        "name": "pairs",
        "file": "long.jsonl",
        "fingerprint": "",
        "synthetic": True,
    }
    assert (
        evaluate(models[0], "--data", file, "--output", tmp_path / "wide", "--pairs", "eng_Latn-*", "--limit", 20) == 0
    )
    wide = read_languages(tmp_path / "wide")
    assert [entry["scores"] for entry in wide["languages"]] == [entry["scores"] for entry in long["languages"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"--pairs": "eng_Latn-fra_Latn"}, "no column for fra_Latn"),
        ({"--pairs": ","}, "--pairs names no pair of languages"),
        ({"--pair": "eng-swh"}, "either --pair A-B or --pairs"),
        ({"--pairs": None}, "either --pair A-B or --pairs"),
        ({"--data": None}, "give --data FILE"),
        ({"--low-resource": "fra"}, "low-resource language fra is in none of the pairs"),
        ({"--source-column": "english"}, "--source-column needs --lang-column beside it"),
        ({"--lang-column": "lang"}, "no column 'lang'"),
        ({"--label": "one"}, "1 labels for 2 models"),
        ({"--metrics": "dot"}, "unknown retrieval metric 'dot'"),
        ({"--pairs": None, "--pair": "eng-swh"}, "--pair takes one MODEL"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(models, file, tmp_path, capsys, arguments, message):
    given = {"--data": file, "--pairs": PAIRS, "--output": str(tmp_path / "out")} | arguments
    options = [part for option in given.items() for part in option if None not in option]
    assert evaluate(*models, *options) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert sum("error:" in line for line in errors.splitlines()) == 1
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()
