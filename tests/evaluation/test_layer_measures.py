"""The measures by layer in results.json and the similarity of languages in languages.json."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from hf_xalign.cli import main
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import (
    average_neuron_correlation,
    evaluate_languages,
    language_similarity,
    linear_cka,
    read_language_pairs,
    read_languages,
    read_results,
    retrieval_accuracy,
    sentence_embeddings,
    validate_languages,
    validate_results,
)
from hf_xalign.evaluation.layer_measures import RIDGE, held_out, layer_measures
from hf_xalign.evaluation.model_evaluation import evaluate_model
from hf_xalign.evaluation.multi_parallel import multi_parallel
from hf_xalign.loading import load_encoder, load_tokenizer
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


LANGUAGES = ("eng_Latn", "swh_Latn", "tgl_Latn")
PAIRS = ["eng_Latn-swh_Latn", "eng_Latn-tgl_Latn"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    save_checkpoint(folder, 0)
    return str(folder)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rows = parallel_rows(40, LANGUAGES)
    rows[9]["tgl_Latn"] = None
    path = tmp_path_factory.mktemp("data") / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def data(file):
    return read_language_pairs(file, PAIRS)


def rotated(n=300, width=12, seed=0):
    """A language that is the other one turned and moved away: hopeless as it is, perfect once it is mapped."""
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(n, width))
    turn = np.linalg.qr(rng.normal(size=(width, width)))[0]
    return source + 5, source @ turn - 3 + 0.01 * rng.normal(size=(n, width))


def test_what_each_measure_sees_of_a_language_that_is_turned_round():
    source, target = rotated()
    (found,) = layer_measures({4: source}, {4: target}, np.arange(300))["layers"]
    assert found["layer"] == 4
    assert found["cka"]["value"] > 0.99 > 0.3 > found["cka"]["random"]
    assert found["anc"]["value"] < 0.5 and found["anc"]["n"] == 300
    assert found["mean_cosine"]["source"]["value"] > 0.9 and found["partition"]["source"] < 0.5
    top1 = {name: estimate["value"] for name, estimate in found["retrieval"].items()}
    assert top1["plain"] < 0.1 and top1["centred"] < 0.2
    assert top1["orthogonal"] == 1 and top1["least_squares"] > 0.9
    assert {estimate["n"] for estimate in found["retrieval"].values()} == {150}


def test_what_centring_mends():
    source, _ = rotated()
    (found,) = layer_measures({0: source}, {0: 4 * np.eye(12)[0] - source}, np.arange(300))["layers"]
    (moved,) = layer_measures({0: source}, {0: source + 8 * np.eye(12)[0]}, np.arange(300))["layers"]
    assert found["retrieval"]["centred"]["value"] == 0
    assert moved["retrieval"]["centred"]["value"] > 0.95 > moved["retrieval"]["plain"]["value"]


def test_no_sentence_is_fitted_on_and_tested():
    groups = np.repeat(np.arange(20), 3)
    fit, test = held_out(groups, seed=1)
    assert sorted([*fit, *test]) == list(range(60)) and len(fit) == len(test) == 30
    assert not set(groups[fit]) & set(groups[test])
    assert held_out(groups, seed=1)[0].tolist() == fit.tolist() != held_out(groups, seed=2)[0].tolist()
    with pytest.raises(XAlignError, match="at least 4 different pairs"):
        held_out(np.array([0, 0, 1, 1, 2]))


def test_the_test_half_does_not_touch_the_map():
    source, target = rotated(60)
    _, test = held_out(np.arange(60), 0)
    moved = target.copy()
    moved[test] = moved[test][::-1]
    (found,) = layer_measures({0: source}, {0: moved}, np.arange(60))["layers"]
    assert found["retrieval"]["orthogonal"]["value"] < 0.2


def test_results_hold_the_measures_of_every_layer(model, data, file, tmp_path, capsys):
    command = ["evaluate", model, "--data", file, "--pair", PAIRS[0], "--output", str(tmp_path), "--measures"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "CKA (random)" in printed and "on 20 pairs; means and maps of 20 others" in printed
    results = read_results(tmp_path)
    measures = results["measures"]
    assert measures["fit"] == {"n": 20, "test": 20, "ridge": RIDGE}
    assert [point["layer"] for point in measures["layers"]] == list(range(results["num_layers"] + 1))
    encoder, tokenizer = load_encoder(model), load_tokenizer(model)
    sides = [sentence_embeddings(encoder, tokenizer, side) for side in (data[0].source, data[0].target)]
    test = held_out(np.arange(40), 0)[1]
    for point in measures["layers"]:
        source, target = (side[point["layer"]] for side in sides)
        assert point["cka"]["value"] == pytest.approx(linear_cka(source, target), abs=1e-5)
        assert point["anc"]["value"] == pytest.approx(average_neuron_correlation(source, target), abs=1e-5)
        plain = retrieval_accuracy(source[test], target[test]).mean_accuracy()
        assert point["retrieval"]["plain"]["value"] == pytest.approx(plain, abs=1e-6)
    del measures["layers"][1]["anc"]["random"]
    with pytest.raises(XAlignError, match=r"lacks measures\.layers\[1\]\.anc\.random"):
        validate_results(results)


def test_too_few_pairs_are_refused_before_the_model_is_opened(data):
    few = replace(data[0], source=data[0].source[:3], target=data[0].target[:3], rows=[0, 1, 2])
    with pytest.raises(XAlignError, match="--measures needs at least 4 different pairs"):
        evaluate_model("no/such/model", few, measures=True)


def test_languages_are_compared_by_the_rows_that_all_have(model, data):
    results = evaluate_languages([model], data, measures=True)
    validate_languages(results)
    part = results["language_similarity"]
    assert part["languages"] == list(LANGUAGES) and part["n"] == 39
    texts = multi_parallel(data)
    assert texts["eng_Latn"] == data[1].source and texts["swh_Latn"] == data[0].target[:9] + data[0].target[10:]
    encoder, tokenizer = load_encoder(model), load_tokenizer(model)
    layer = results["models"][0]["layer"]
    vectors = {
        name: sentence_embeddings(encoder, tokenizer, side, layers=[layer])[layer] for name, side in texts.items()
    }
    assert np.array(part["models"][0]["value"]) == pytest.approx(language_similarity(vectors).value, abs=1e-5)
    part["models"][0]["low"].pop()
    with pytest.raises(XAlignError, match=r"models\[0\]\.low is not 3 by 3"):
        validate_languages(results)


def test_the_command_line_writes_the_similarity(model, file, tmp_path):
    command = ["evaluate", model, "--data", file, "--pairs", "eng_Latn-*", "--output", str(tmp_path), "--measures"]
    assert main(command) == 0
    assert read_languages(tmp_path)["language_similarity"]["languages"] == list(LANGUAGES)


def test_pairs_without_common_rows_are_refused(data):
    apart = [data[0], replace(data[1], rows=[row + 1000 for row in data[1].rows])]
    with pytest.raises(XAlignError, match="that all 3 of them have: there are 0"):
        evaluate_languages(["no/such/model"], apart, measures=True)


@pytest.mark.parametrize("mode", [["--mining"], ["--sts"]])
def test_other_modes_refuse_it(model, file, tmp_path, capsys, mode):
    rest = ["--sts", file] if mode == ["--sts"] else [*mode, "--data", file, "--pair", PAIRS[0]]
    assert main(["evaluate", model, *rest, "--output", str(tmp_path / "out"), "--measures"]) == 2
    assert "--measures does not go with" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
