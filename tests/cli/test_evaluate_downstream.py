"""`xalign evaluate --task`: all four tasks from the command line, and what it refuses in one line."""

from __future__ import annotations

import pytest

from hf_xalign.cli import main
from hf_xalign.evaluation import read_downstream
from tests.evaluation.checkpoints import save_checkpoint
from tests.evaluation.downstream.factory import topic_rows, word_rows, write_rows


QUICK = ("--set", "training.max_steps=2", "--set", "training.learning_rate=0.01")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(save_checkpoint(tmp_path_factory.mktemp("models") / "a", layers=1))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    words = word_rows()
    names = [{**row, "tags": ["B-PER" if tag == "NOUN" else "O" for tag in row["upos"]]} for row in words]
    pairs = [
        {"split": "dev", "label": ("neutral", "entailment")[n % 2]}
        | {f"{part}_{code}": f"w{n} w{n + 1}" for part in ("premise", "hypothesis") for code in ("hi", "ur")}
        for n in range(30)
    ]
    tables = {"pos": words, "ner": names, "sib200": topic_rows(), "nli": pairs}
    return {task: write_rows(folder / f"{task}.jsonl", rows) for task, rows in tables.items()}


def evaluate(*arguments) -> int:
    return main(["evaluate", *map(str, arguments)])


@pytest.mark.parametrize("task", ["pos", "ner", "sib200", "nli"])
def test_a_task(model, files, tmp_path, capsys, task):
    options = ["--task", task, "--data", files[task], "--train-lang", "hin", "--test-langs", "hin,urd", "--seeds", 1]
    if task == "nli":
        options += [part for role in ("train", "validation", "test") for part in ("--set", f"{role}_split=dev")]
    out = ["--output", tmp_path / "out", "--markdown", tmp_path / "table.md", "--name", "Set", "--seed", 7]
    assert evaluate(model, *options, *out, *QUICK) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{task} on Set, trained on ")
    assert printed.out.endswith(f"\nwrote {tmp_path / 'out' / 'downstream.json'}\nwrote {tmp_path / 'table.md'}\n")
    assert "a, seed 7: " in printed.err
    results = read_downstream(tmp_path / "out")
    assert (results["task"], results["seeds"]) == (task, [7])
    assert [entry["language"] for entry in results["languages"]] == ["hin", "urd"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--data": None}, "--task needs --data"),
        ({"--train-lang": None}, "--task needs --train-lang"),
        ({"--test-langs": ","}, "names no language"),
        ({"--test-langs": "urd,ur"}, "names ur twice"),
        ({"--test-langs": "urd,urd_Arab"}, "names urd_Arab twice"),
        ({"--test-langs": "pol"}, "no rows of pol; its languages are hin, urd"),
        ({"--train-lang": "xx"}, "unknown language code 'xx'"),
        ({"--task": None}, "--train-lang goes with --task"),
        ({"--pair": "hin-urd"}, "--pair does not go with --task"),
        ({"--layer": "2"}, "--layer does not go with --task"),
        ({"--metrics": "csls"}, "--metrics does not go with --task"),
        ({"--gold-share": "0.5"}, "--gold-share does not go with --task"),
        ({"--seeds": "0"}, "--seeds 0 is too small"),
        ({"--limit": "0"}, "--limit 0"),
        ({"--set": "training.learning_rat=1"}, "did you mean 'training.learning_rate'"),
        ({"--set": "labels=[NOUN, VERB]"}, "row 1: label 'ADP' is not in the map"),
        ({"--set": "test_split=gold"}, "no split 'gold' of urd, only dev, test, train"),
        ({"--data": "none.jsonl"}, "no such file: none.jsonl"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(model, files, tmp_path, monkeypatch, capsys, changes, message):
    monkeypatch.chdir(tmp_path)
    options = {"--task": "pos", "--data": files["pos"], "--train-lang": "hin", "--test-langs": "urd"} | changes
    given = [part for key, text in options.items() if text is not None for part in (key, text)]
    assert evaluate(model, *given, "--output", tmp_path / "out") == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert len(printed.err.strip().splitlines()) == 1
    assert not printed.out
    assert not (tmp_path / "out").exists()
