"""Word alignment by layer: through the command, into results.json, its table and the report."""

from __future__ import annotations

import json
import random

import pytest
import torch
from transformers import AutoModelForMaskedLM

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.gold import read_gold
from hf_xalign.cli import main
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import alignment_by_layer, alignment_scores, read_results
from hf_xalign.evaluation.alignment_layers import of_languages
from hf_xalign.evaluation.report.document import build_report
from tests.evaluation.report_factory import make_results, measure, write
from tests.evaluation.report_page import Page
from tests.tiny import tiny_config, word_tokenizer


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(tiny_config("xlm-roberta")).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Sentences that are their own translations, with the diagonal as gold; a blank word in one."""
    folder = tmp_path_factory.mktemp("data")
    draw = random.Random(0)
    rows, texts = [], []
    for number in range(12):
        words = [f"w{i}" for i in draw.sample(range(55), draw.randint(2, 8))]
        texts.append({"hin_Deva": " ".join(words), "urd_Arab": " ".join(words)})
        target = [*words, "\u3000"] if number == 0 else words
        sure = [f"{i}-{i}" for i in range(len(words))]
        label = "hin-urd" if number % 3 else "eng-hin"
        rows.append({"source_words": words, "target_words": target, "sure": sure, "pair": label, "split": "test"})
    for name, lines in (("gold", rows), ("data", texts)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines), encoding="utf-8")
    return folder


def evaluate(encoder, files, output, *options, pair="hin_Deva-urd_Arab") -> int:
    data = files / "data.jsonl"
    return main(["evaluate", str(encoder), "--data", str(data), "--pair", pair, "--output", str(output), *options])


def test_each_layer_against_the_aligner_alone(encoder, files):
    model = AutoModelForMaskedLM.from_pretrained(encoder)
    gold = of_languages(read_gold(files / "gold.jsonl"), ("urd_Arab", "hin"))
    assert set(gold.labels) == {"hin-urd"}
    layers = alignment_by_layer(model, word_tokenizer(), gold, "inter")
    assert len(layers) == 4
    # The same words at the same places: the embeddings align all of them.
    assert layers[0]["aer"].value == 0
    for layer, scores in enumerate(layers):
        aligner = load_aligner("simalign", model=model, tokenizer=word_tokenizer(), layer=layer, method="inter")
        assert alignment_scores(aligner.align(gold.pairs), gold.alignments) == scores
    every = read_gold(files / "gold.jsonl")
    assert alignment_by_layer(model, word_tokenizer(), every)[0]["recall"].n == 12
    with pytest.raises(XAlignError, match="itermax"):
        alignment_by_layer(model, word_tokenizer(), gold, "itermix")


def test_through_the_command(encoder, files, tmp_path, capsys):
    gold = str(files / "gold.jsonl")
    assert evaluate(encoder, files, tmp_path / "run", "--alignment", gold, "--alignment-split", "test") == 0
    printed = capsys.readouterr().out
    assert "words (itermax), %" in printed and "on gold.jsonl (n = 8)" in printed
    part = read_results(tmp_path / "run")["alignment_layers"]
    assert [point["layer"] for point in part["layers"]] == [0, 1, 2, 3]
    assert (part["gold"]["file"], part["gold"]["n"], part["method"]) == ("gold.jsonl", 8, "itermax")
    page = Page(build_report([tmp_path / "run"]))
    assert "Word alignment by layer" in [text for _, text in page.all("h3")]


def test_runs_held_against_one_gold_share_a_figure(tmp_path):
    folders = []
    for name, fingerprint in (("one", "aa"), ("two", "aa"), ("three", "bb"), ("none", None)):
        results = make_results(name)
        if fingerprint:
            scores = dict.fromkeys(("precision", "recall", "f1", "aer"), measure(0.3))
            points = [{"layer": layer, **scores} for layer in (0, 1)]
            gold = {"file": "gold<b>.jsonl", "fingerprint": fingerprint, "n": 9}
            results["alignment_layers"] = {"gold": gold, "method": "itermax", "layers": points}
        folders.append(write(tmp_path / name, results))
    page = Page(build_report(folders))
    captions = [text for _, text in page.all("figcaption") if "gold<b>.jsonl" in text]
    assert len(captions) == 2


@pytest.mark.parametrize(
    ("options", "pair", "message"),
    [
        (["--alignment", "{files}/none.jsonl"], "hin-urd", "none.jsonl: no such file"),
        (["--alignment", "{files}/gold.jsonl", "--alignment-split", "dev"], "hin-urd", "has no split 'dev'"),
        (["--alignment-split", "dev"], "hin-urd", "--alignment-split goes with --alignment GOLD"),
        (["--alignment", "{files}/data.jsonl"], "hin-urd", "no column 'source_words'"),
    ],
)
def test_bad_input_is_one_line(encoder, files, tmp_path, capsys, options, pair, message):
    options = [option.format(files=files) for option in options]
    assert evaluate(encoder, files, tmp_path / "out", *options, pair=pair) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("xalign evaluate: error: ") and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_other_languages_are_named(files):
    gold = read_gold(files / "gold.jsonl")
    with pytest.raises(XAlignError, match=r"no gold alignment of pol and ukr; it has eng-hin, hin-urd"):
        of_languages(gold, ("pol", "ukr"))
