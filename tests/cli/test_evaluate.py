from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForMaskedLM

from hf_xalign.cli import main
from hf_xalign.configuration import XAlignConfig
from hf_xalign.evaluation import read_results, retrieval_accuracy, sentence_embeddings
from hf_xalign.loading import load_encoder, load_tokenizer
from tests.tiny import tiny_config, word_tokenizer


PAIRS = 40


def save(folder, seed: int, **fields):
    torch.manual_seed(seed)
    AutoModelForMaskedLM.from_config(tiny_config("xlm-roberta", **fields)).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run: a model, its alignment settings and two checkpoints."""
    folder = tmp_path_factory.mktemp("run")
    save(folder, 0)
    XAlignConfig(alignment_layer=1, pooling="cls").save_beside(folder)
    save(folder / "checkpoint-20", 1)
    save(folder / "checkpoint-100", 0)
    (folder / "checkpoint-tmp").mkdir()
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "verses.jsonl"
    draw = random.Random(0)
    rows = []
    for _ in range(PAIRS):
        words = [f"w{draw.randrange(55)}" for _ in range(draw.randint(3, 9))]
        rows.append({"hin_Deva": " ".join(words), "urd": " ".join([*words[1:], words[0], "حرف"])})
    rows.insert(3, {"hin_Deva": None, "urd": "w1"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def evaluate(*arguments) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_end_to_end(run, data, tmp_path, capsys):
    options = ["--metrics", "margin,csls", "--checkpoints", "--label", "Tiny", "--name", "verses of words"]
    assert evaluate(run, "--data", data, "--pair", "hin_Deva-urd_Arab", "--output", tmp_path / "out", *options) == 0
    printed = capsys.readouterr()
    assert "1 rows of verses.jsonl left out" in printed.err
    assert f"wrote {tmp_path / 'out' / 'results.json'}" in printed.out
    assert "Tiny on verses of words (n = 40), layer 1 of 3, cls pooling" in printed.out
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["results.json"]

    results = read_results(tmp_path / "out")
    assert results["dataset"] | {"fingerprint": ""} == {
        "name": "verses of words",
        "file": "verses.jsonl",
        "fingerprint": "",
        "n": PAIRS,
        "synthetic": False,
    }
    assert results["pair"] == ["hin_Deva", "urd_Arab"]
    assert (results["layer"], results["num_layers"], results["pooling"]) == (1, 3, "cls")
    assert list(results["retrieval"]) == ["cosine", "csls", "margin"]
    assert [entry["layer"] for entry in results["layers"]] == [0, 1, 2, 3]
    assert results["layers"][1]["mean_top1"] == results["retrieval"]["cosine"]["mean_top1"]

    # Every figure against the plain functions, on sentences read here.
    rows = [row for row in map(json.loads, data.read_text(encoding="utf-8").splitlines()) if row["hin_Deva"]]
    model, tokenizer = load_encoder(str(run)), load_tokenizer(str(run))
    source, target = (
        sentence_embeddings(model, tokenizer, [row[column] for row in rows], pooling="cls", layers=[1])[1]
        for column in ("hin_Deva", "urd")
    )
    for metric, figures in results["retrieval"].items():
        expected = retrieval_accuracy(source, target, metric=metric).accuracies()
        for direction in ("forward", "backward"):
            for top, estimate in figures[direction].items():
                assert estimate["value"] == pytest.approx(expected[direction][top], abs=1e-6)
                assert estimate["low"] <= estimate["value"] <= estimate["high"]
                assert estimate["n"] == PAIRS

    # The same steps by number, not by name; the last checkpoint is the model itself.
    assert [point["step"] for point in results["dynamics"]] == [20, 100]
    last = results["dynamics"][1]
    assert last["mean_top1"] == results["retrieval"]["cosine"]["mean_top1"]
    for name, means in last["similarities"].items():
        for kind, value in means.items():
            assert value == pytest.approx(results["similarities"][name][kind]["value"], abs=2e-6)
    assert results["dynamics"][0]["similarities"] != last["similarities"]

    # Latin text is its own transliteration; the Arabic word is unknown to the tokenizer until it is romanised.
    assert results["similarities"]["transliteration"]["matched"]["value"] == pytest.approx(1, abs=1e-5)
    assert results["overlap"]["original"]["shared"] <= results["overlap"]["original"]["total"] <= 55

    ranks = retrieval_accuracy(source, target)
    wrong = (ranks.forward.ranks > 1).sum() + (ranks.backward.ranks > 1).sum()
    assert len(results["errors"]) == min(20, wrong) > 0
    texts = {row["hin_Deva"]: row["urd"] for row in rows}
    for error in results["errors"]:
        assert error["rank"] > 1
        assert error["score_nearest"] >= error["score_answer"]
        forward = error["direction"] == "forward"
        query, answer = (error["query"], error["answer"]) if forward else (error["answer"], error["query"])
        assert texts[query] == answer
        assert error["nearest"] != error["answer"]
        assert "حرف" not in error["query_latn"] + error["answer_latn"] + error["nearest_latn"]


def test_a_second_run_gives_the_same_figures_and_options_win(run, data, tmp_path):
    for name in ("a", "b"):
        assert evaluate(run, "--data", data, "--pair", "hin-urd", "--output", tmp_path / name, "--seed", 7) == 0
    first, second = (read_results(tmp_path / name) for name in ("a", "b"))
    assert first | {"date": ""} == second | {"date": ""}
    options = ["--layer", 3, "--pooling", "mean", "--synthetic", "--limit", 10, "--max-length", 4, "--seed", 8]
    assert evaluate(run, "--data", data, "--pair", "hin-urd", "--output", tmp_path / "b", *options) == 0
    third = read_results(tmp_path / "b")
    assert (third["layer"], third["pooling"], third["seed"]) == (3, "mean", 8)
    assert (third["dataset"]["n"], third["dataset"]["synthetic"]) == (10, True)
    assert third["truncated"]["source"] > 0
    assert third["label"] == run.name
    assert third["dataset"]["fingerprint"] != first["dataset"]["fingerprint"]


def test_another_encoder_has_the_default_layer(data, tmp_path):
    save(tmp_path / "plain", 0, layers=6)
    assert evaluate(tmp_path / "plain", "--data", data, "--pair", "hin-urd", "--output", tmp_path / "out") == 0
    results = read_results(tmp_path / "out")
    assert (results["layer"], results["pooling"], results["label"]) == (4, "mean", "plain")
    assert "dynamics" not in results


@pytest.fixture
def broken(tmp_path, run):
    (tmp_path / "no_model").mkdir()
    save(tmp_path / "no_weights", 0)
    (tmp_path / "no_weights" / "model.safetensors").unlink()
    save(tmp_path / "torn", 0)
    (tmp_path / "torn" / "model.safetensors").write_bytes(b"\x00" * 40)
    save(tmp_path / "deeper", 0)
    config = json.loads((tmp_path / "deeper" / "config.json").read_text())
    (tmp_path / "deeper" / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 5}))
    (tmp_path / "file").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"MODEL": "no_model"}, "is not a model folder: it has no config.json"),
        ({"MODEL": "./none"}, "no such model folder"),
        ({"MODEL": "file"}, "is a file"),
        ({"MODEL": "no_weights"}, "cannot open the model"),
        ({"MODEL": "torn"}, "cannot open the model"),
        ({"MODEL": "deeper"}, "lacks 32 weights of its encoder"),
        ({"--data": "none.tsv"}, "no such file"),
        ({"--pair": "hin-pol"}, "no column for pol"),
        ({"--pair": "hin-qqqq"}, "unknown language code 'qqqq'"),
        ({"--pair": "hin"}, "cannot read the language pair"),
        ({"--layer": "4"}, "layer 4 is out of range"),
        ({"--metrics": "cosine,dot"}, "unknown retrieval metric 'dot'"),
        ({"--limit": "1"}, "at least 2"),
        ({"--max-length": "200"}, "max_length 200 is more than the 128 tokens"),
        ({"--max-length": "0"}, "--max-length 0 is too small"),
        ({"--seed": "-1"}, "--seed -1 is too small"),
        ({"--output": "file"}, "is a file: give a folder"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(run, data, broken, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(broken)
    before = sorted(broken.iterdir())
    given = {"MODEL": str(run), "--data": str(data), "--pair": "hin-urd", "--output": "out"} | arguments
    model = given.pop("MODEL")
    assert evaluate(model, *(part for option in given.items() for part in option)) == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.startswith("xalign evaluate: error:") or "left out" in errors.splitlines()[0]
    assert sum("error:" in line for line in errors.splitlines()) == 1
    assert "Traceback" not in errors
    assert sorted(broken.iterdir()) == before


def test_checkpoints_that_are_not_there(run, data, tmp_path, capsys):
    folder = run / "checkpoint-20"
    assert evaluate(folder, "--data", data, "--pair", "hin-urd", "--output", tmp_path / "out", "--checkpoints") == 2
    assert "has no checkpoint-STEP folders" in capsys.readouterr().err


def test_the_synthetic_corpus(run, tmp_path, capsys):
    options = ["--pair", "hin_Deva-urd_Arab", "--output", tmp_path / "out", "--limit", 30]
    assert evaluate(run, "--data", "minicorpus:test", *options) == 0
    results = read_results(tmp_path / "out")
    assert results["dataset"]["synthetic"]
    assert (results["dataset"]["name"], results["dataset"]["n"]) == ("minicorpus_test", 30)
    assert evaluate(run, "--data", "minicorpus:nothing", *options) == 2
    assert evaluate(run, "--data", "minicorpus:test", "--pair", "hin-swh", "--output", tmp_path / "out") == 2


def test_help_needs_no_heavy_import():
    code = (
        "import sys, argparse, hf_xalign.cli.evaluate as command, hf_xalign.evaluation\n"
        "command.add_arguments(argparse.ArgumentParser())\n"
        "heavy = {'torch', 'transformers', 'numpy', 'datasets', 'pyarrow', 'uroman'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
