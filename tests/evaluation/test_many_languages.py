from __future__ import annotations

import json

import numpy as np
import pytest

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import (
    evaluate_languages,
    format_languages,
    languages_markdown,
    many_languages,
    read_language_pairs,
    read_languages,
    read_long_form,
    retrieval_accuracy,
    sentence_embeddings,
    text_groups,
    text_vectors,
    write_languages,
)
from hf_xalign.evaluation.model_evaluation import evaluate_model
from hf_xalign.evaluation.text_vectors import distinct_labels
from hf_xalign.loading import load_encoder, load_tokenizer
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


LANGUAGES = ("eng_Latn", "swh_Latn", "tgl_Latn", "deu_Latn")
PAIRS = ["eng_Latn-swh_Latn", "eng_Latn-tgl_Latn", "eng_Latn-deu_Latn"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    save_checkpoint(folder / "a", 0)
    save_checkpoint(folder / "b", 1)
    XAlignConfig(alignment_layer=1, pooling="cls").save_beside(folder / "b")
    return [str(folder / "a"), str(folder / "b")]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    rows = parallel_rows(50, LANGUAGES)
    rows[7] = rows[3]  # a sentence that occurs twice
    rows[9]["tgl_Latn"] = None
    path = tmp_path_factory.mktemp("data") / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_language_pairs(str(path), PAIRS)


@pytest.fixture(scope="module")
def results(models, data):
    return evaluate_languages(models, data, low_resource=["swh", "tgl_Latn"], metrics=["margin"], seed=5)


def hits(model, text, *, layer, pooling, metric="cosine"):
    encoder, tokenizer = load_encoder(model), load_tokenizer(model)
    source, target = (
        sentence_embeddings(encoder, tokenizer, side, layers=[layer], pooling=pooling)[layer]
        for side in (text.source, text.target)
    )
    found = retrieval_accuracy(source, target, metric=metric, groups=text_groups(text.source, text.target))
    return found.forward.hits(1), found.backward.hits(1), found.mean_hits(1)


def test_scores_are_those_of_the_plain_functions(models, data, results):
    settings = [{"layer": 2, "pooling": "mean"}, {"layer": 1, "pooling": "cls"}]
    assert [entry["layer"] for entry in results["models"]] == [2, 1]
    assert [entry["pooling"] for entry in results["models"]] == ["mean", "cls"]
    for metric in ("cosine", "margin"):
        for text, entry in zip(data, results["languages"], strict=True):
            assert (entry["pair"], entry["n"]) == (list(text.pair), len(text))
            for model, setting, score in zip(models, settings, entry["scores"][metric], strict=True):
                expected = hits(model, text, metric=metric, **setting)
                for way, values in zip(("forward", "backward", "mean"), expected, strict=True):
                    assert score[way]["value"] == pytest.approx(values.mean())
                    assert score[way]["n"] == len(text)
                    assert score[way]["low"] <= score[way]["value"] <= score[way]["high"]
    assert results["languages"][1]["n"] == 49


def test_a_language_has_the_figures_of_its_own_evaluation(models, data, results):
    alone = evaluate_model(models[0], data[0], seed=5)["retrieval"]["cosine"]
    together = results["languages"][0]["scores"]["cosine"][0]
    assert [together[way] for way in ("forward", "backward")] == [
        alone[way]["top1"] for way in ("forward", "backward")
    ]
    assert together["mean"] == alone["mean_top1"]


def test_groups_and_differences(models, data, results):
    assert [entry["low_resource"] for entry in results["languages"]] == [True, True, False]
    assert {group["name"]: group["languages"] for group in results["groups"]} == {
        "low-resource": ["swh_Latn", "tgl_Latn"],
        "other": ["deu_Latn"],
        "all": ["swh_Latn", "tgl_Latn", "deu_Latn"],
    }
    values = [[score["mean"]["value"] for score in entry["scores"]["cosine"]] for entry in results["languages"]]
    for group, members in zip(results["groups"], ([0, 1], [2], [0, 1, 2]), strict=True):
        first, second = group["scores"]["cosine"]
        means = np.mean([values[member] for member in members], axis=0)
        assert [first["mean"]["value"], second["mean"]["value"]] == pytest.approx(means.tolist())
        assert "difference" not in first
        gain = second["difference"]["mean"]
        assert gain["value"] == pytest.approx(means[1] - means[0])
        assert gain["low"] <= gain["value"] <= gain["high"]
    # All three languages weigh alike, though one has a row less.
    assert results["groups"][2]["scores"]["cosine"][0]["mean"]["n"] == 149


def test_the_difference_to_itself_is_nothing(models, data):
    twice = evaluate_languages([models[0], models[0]], data[:1], labels=["one", "two"])
    gain = twice["languages"][0]["scores"]["cosine"][1]["difference"]["mean"]
    assert gain == {"value": 0, "low": 0, "high": 0, "n": 50}
    assert [group["name"] for group in twice["groups"]] == ["all"]


def test_no_hit_anywhere_still_has_an_interval(models, data, monkeypatch):
    monkeypatch.setattr(many_languages, "_hits", lambda vectors, text, metric, groups: np.zeros((len(text), 3)))
    results = evaluate_languages(models[:1], data)
    share = results["groups"][0]["scores"]["cosine"][0]["mean"]
    assert (share["value"], share["low"]) == (0, 0)
    assert share["high"] == pytest.approx(1 - 0.025 ** (1 / 50), rel=0.02)


def test_each_model_embeds_each_sentence_once(models, data, monkeypatch):
    seen = []
    original = text_vectors.tokenize_sentences
    monkeypatch.setattr(
        text_vectors, "tokenize_sentences", lambda *a, **k: seen.append(list(a[1])) or original(*a, **k)
    )
    evaluate_languages(models, data)
    assert len(seen) == 2
    everything = {sentence for text in data for side in (text.source, text.target) for sentence in side}
    assert len(seen[0]) == len(everything)
    assert set(seen[0]) == everything


def test_written_and_read(results, tmp_path):
    path = write_languages(results, tmp_path / "new")
    assert path == tmp_path / "new" / "languages.json"
    assert read_languages(tmp_path / "new")["groups"][0]["languages"] == ["swh_Latn", "tgl_Latn"]


def test_the_table(results):
    text = format_languages(results)
    lines = text.splitlines()
    assert lines[0] == "set, 3 pairs of languages"
    assert "top-1 retrieval by cosine, mean of both directions, per cent [95 % bootstrap interval]" in lines
    assert "top-1 retrieval by margin, mean of both directions, per cent [95 % bootstrap interval]" in lines
    start = lines.index("low-resource")
    assert [line.split()[0] for line in lines[start : start + 5]] == [
        "low-resource",
        "swh_Latn",
        "tgl_Latn",
        "mean",
        "difference",
    ]
    assert "a: layer 2 of 3, mean pooling" in lines
    assert "eng_Latn > language" in format_languages(results, "forward")
    assert "language > eng_Latn" in format_languages(results, "backward")
    markdown = languages_markdown(results)
    tables = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {5}
    assert "| swh_Latn | 50 | " in markdown
    assert "| **mean of 3** |  | " in markdown
    assert markdown.count("| difference to a |  |  | ") == 6


def test_long_form_gives_the_same_shares(models, data, tmp_path):
    rows = [
        {"lang": text.pair[1], "sentence": target, "english": source}
        for text in data
        for source, target in zip(text.source, text.target, strict=True)
    ]
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    long = read_long_form(str(path), PAIRS, source_column="english", target_column="sentence")
    columns, rows = (evaluate_languages(models[:1], form) for form in (data, long))
    for first, second in zip(columns["languages"], rows["languages"], strict=True):
        assert first["scores"] == second["scores"]
    # The same figures, but sentences that are drawn apart.
    ends = [form["groups"][-1]["scores"]["cosine"][0]["mean"] for form in (columns, rows)]
    assert ends[0]["value"] == ends[1]["value"]
    assert ends[0] != ends[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low_resource": ["fra"]}, "low-resource language fra is in none of the pairs"),
        ({"low_resource": ["eng"]}, "low-resource language eng is in none of the pairs"),
        ({"low_resource": ["swh_Arab"]}, "did you mean 'swh_Latn'"),
        ({"metrics": ["dot"]}, "unknown retrieval metric 'dot'"),
        ({"labels": ["one"]}, "1 labels for 2 models"),
        ({"labels": ["x", "x"]}, "two models are both called x"),
        ({"layer": 9}, "layer 9 is out of range"),
    ],
)
def test_wrong_input(models, data, options, message):
    with pytest.raises(XAlignError) as caught:
        evaluate_languages(models, data, **options)
    assert message in str(caught.value)


def test_labels_are_as_short_as_they_can_be():
    assert distinct_labels(["runs/tr/final", "runs/wtr/final"]) == ["tr/final", "wtr/final"]
    assert distinct_labels(["runs/tr", "runs/wtr"]) == ["tr", "wtr"]
    assert distinct_labels(["runs/tr"]) == ["tr"]
    assert distinct_labels(["a", "b"], ["x", "y"]) == ["x", "y"]
    with pytest.raises(XAlignError, match="both called"):
        distinct_labels(["runs/tr", "runs/tr"])
    with pytest.raises(XAlignError, match="no model"):
        distinct_labels([])


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_layers_that_are_not_needed_are_not_run(models, layer):
    texts = ["w1 w2 w3", "w4", "w5 w6 w1"]
    encoder, tokenizer = load_encoder(models[0]), load_tokenizer(models[0])
    expected = sentence_embeddings(encoder, tokenizer, texts, layers=[layer])[layer]
    vectors = text_vectors.embed_texts(models[0], [*texts, "w4"], layer=layer)
    np.testing.assert_array_equal(vectors(texts), expected)
    assert vectors.vectors.shape == (3, 16)
