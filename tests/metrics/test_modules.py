"""The metrics as modules of evaluate: opened from their folders without a network, equal to the plain functions."""

from __future__ import annotations

import doctest
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from hf_xalign import evaluation
from hf_xalign.aligners.gold import GoldAlignment
from hf_xalign.errors import XAlignError
from hf_xalign.metrics import METRICS, metric_path


N, D = 24, 6


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """`evaluate.load` of a metric by name, its caches in a folder of the test."""
    import evaluate

    cache = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HF_EVALUATE_CACHE", "HF_METRICS_CACHE", "HF_MODULES_CACHE"):
            patch.setattr(evaluate.config, name, str(cache / name))
        yield lambda name, **settings: evaluate.load(metric_path(name), cache_dir=str(cache / "data"), **settings)


@pytest.fixture(scope="module")
def vectors():
    """Embeddings of sentences, translations and both transliterations."""
    rng = np.random.default_rng(0)
    source = rng.normal(size=(N, D)).astype(np.float32)
    sides = {"source": source}
    for name, noise in (("target", 0.8), ("source_latn", 0.3), ("target_latn", 1.0)):
        sides[name] = source + noise * rng.normal(size=(N, D)).astype(np.float32)
    return sides


def test_retrieval_equals_the_plain_function(load, vectors):
    groups = np.arange(N)
    groups[[3, 7]] = 3
    metric = load("bitext_retrieval")
    for settings in ({}, {"metric": "csls", "neighbours": 3, "k": (1, 3)}, {"metric": "margin", "groups": groups}):
        plain = evaluation.retrieval_accuracy(vectors["source"], vectors["target"], **settings)
        scores = metric.compute(predictions=vectors["source"], references=vectors["target"], **settings)
        assert scores.pop("n") == N
        for direction, accuracies in plain.accuracies().items():
            for name, value in accuracies.items():
                key = name if direction == "mean" else f"{name}_{direction}"
                assert scores.pop(key) == value
                assert scores.pop(f"{key}_low") <= value <= scores.pop(f"{key}_high")
        assert not scores
    assert 0 < plain.mean_accuracy(1) < 1


def test_similarities_equal_the_plain_function(load, vectors):
    metric = load("sentence_similarity")
    scores = metric.compute(
        predictions=vectors["source"],
        references=vectors["target"],
        predictions_latn=vectors["source_latn"],
        references_latn=vectors["target_latn"],
        seed=4,
    )
    plain = evaluation.sentence_similarities(**vectors, seed=4)
    assert len(scores) == 1 + len(plain) * 4 * 3
    for name, similarity in plain.items():
        assert scores[f"{name}_matched"] == pytest.approx(similarity.matched.mean(), rel=1e-6)
        assert scores[f"{name}_gap"] == pytest.approx(similarity.gap, abs=1e-6)
        assert scores[f"{name}_auroc"] == similarity.auroc
        assert scores[f"{name}_auroc_low"] == evaluation.auroc_interval(similarity, seed=4).low
    alone = metric.compute(predictions=vectors["source"], references=vectors["target"], seed=4)
    assert alone == {key: value for key, value in scores.items() if key == "n" or key.startswith("translation_")}


def test_alignment_error_rate_equals_the_plain_function(load):
    rng = np.random.default_rng(1)
    links = [sorted({(int(i), int(j)) for i, j in rng.integers(0, 6, (5, 2))}) for _ in range(3 * N)]
    predicted, sure, possible = links[:N], links[N : 2 * N], links[2 * N :]
    gold = [GoldAlignment(*both) for both in zip(sure, possible, strict=True)]
    plain = evaluation.alignment_scores(predicted, gold, seed=2)
    metric = load("alignment_error_rate")

    def text(cells, mark="-"):
        return " ".join(f"{i}{mark}{j}" for i, j in cells)

    references = [f"{text(cells)} {text(also, 'p')}" for cells, also in zip(sure, possible, strict=True)]
    expected = {"n": N}
    for name, estimate in plain.items():
        expected |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    for given in ([text(cells) for cells in predicted], predicted, [np.array(cells) for cells in predicted]):
        assert metric.compute(predictions=given, references=references, seed=2) == expected
    assert metric.compute(predictions=predicted, references=gold, seed=2) == expected
    assert expected["aer"] == evaluation.alignment_error_rate(predicted, gold).value
    # Lists are sure links.
    all_sure = evaluation.alignment_scores(predicted, [GoldAlignment(cells) for cells in sure], seed=2)
    assert metric.compute(predictions=predicted, references=sure, seed=2)["aer"] == all_sure["aer"].value


def test_what_was_added_batch_by_batch_gives_the_same(load, vectors):
    metric = load("bitext_retrieval", keep_in_memory=True)
    whole = metric.compute(predictions=vectors["source"], references=vectors["target"])
    for start in (0, 10):
        rows = slice(start, 10 if start == 0 else N)
        metric.add_batch(predictions=vectors["source"][rows], references=vectors["target"][rows])
    assert metric.compute() == whole
    # The lists of JSON, and an addition before the rest.
    metric.add(prediction=vectors["source"][0].tolist(), reference=vectors["target"][0].tolist())
    rest = metric.compute(predictions=vectors["source"][1:].tolist(), references=vectors["target"][1:].tolist())
    assert rest == whole
    words = load("alignment_error_rate", keep_in_memory=True)
    for kind in (["0-0 1-1", "0-1"], [[[0, 0], [1, 1]], [[0, 1]]]):
        words.add_batch(predictions=kind, references=kind)
        assert words.compute()["aer"] == 0


@pytest.mark.parametrize(
    ("name", "predictions", "references", "settings", "message"),
    [
        ("bitext_retrieval", None, [[1.0]], {}, "bitext_retrieval needs both predictions and references: predictions"),
        ("bitext_retrieval", None, None, {}, "bitext_retrieval has nothing to compute: give predictions and"),
        ("bitext_retrieval", [[1.0], [1.0, 2.0]], [[1.0]] * 2, {}, "predictions are not rows of equally many numbers"),
        ("bitext_retrieval", [[1.0]] * 2, [["a"]] * 2, {}, "references are not rows of equally many numbers"),
        ("bitext_retrieval", [[1.0]] * 2, [[1.0]] * 3, {}, "row i must translate row i"),
        ("bitext_retrieval", [[1.0]] * 2, [[1.0]] * 2, {"metric": "l2"}, "unknown retrieval metric 'l2'"),
        ("bitext_retrieval", [[float("nan")]] * 2, [[1.0]] * 2, {}, "values that are not finite"),
        ("sentence_similarity", [[1.0]], [[1.0]], {}, "random pairs need at least 2 sentences"),
        ("sentence_similarity", [[1.0]] * 2, [[1.0]] * 2, {"references_latn": [[1.0]] * 2}, "predictions_latn"),
        ("alignment_error_rate", ["0-0"], ["0-0", "1-1"], {}, "1 predicted alignments, but 2 gold ones"),
        ("alignment_error_rate", ["0-0", "0_1"], ["0-0"] * 2, {}, "predictions, row 1: '0_1' is no link"),
        ("alignment_error_rate", ["0p0"], ["0-0"], {}, "predictions, row 0: '0p0' is no link; possible links"),
        ("alignment_error_rate", [[(0, "a")]], ["0-0"], {}, "predictions, row 0: \"(0, 'a')\" is no link"),
        ("alignment_error_rate", ["0-0"], [[(0, -1)]], {}, "references, row 0: '[0, -1]' is no link"),
        ("alignment_error_rate", ["0-0"], ["0p0"], {}, "the gold alignments have no sure link"),
        ("alignment_error_rate", [7], ["0-0"], {}, "predictions, row 0: 7 is no list of links"),
    ],
)
def test_wrong_input_is_one_clear_line(load, name, predictions, references, settings, message):
    with pytest.raises(XAlignError) as caught:
        load(name).compute(predictions=predictions, references=references, **settings)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_unknown_metrics_name_the_nearest():
    with pytest.raises(XAlignError, match="unknown metric 'bitext_retreival'; did you mean 'bitext_retrieval'"):
        metric_path("bitext_retreival")


@pytest.mark.parametrize("name", METRICS)
def test_the_example_of_each_description_is_true(load, name):
    example = doctest.DocTestParser().get_doctest(load(name).inputs_description, {}, name, None, 0)
    assert len(example.examples) >= 5
    doctest.DebugRunner().run(example)


@pytest.mark.parametrize("name", METRICS)
def test_each_folder_is_a_space(name, load, monkeypatch):
    """Settings that the Hub reads, what the module needs, and a page that computes its own example."""
    folder = Path(metric_path(name))
    assert {path.name for path in folder.iterdir() if path.is_file()} == {
        "README.md",
        "app.py",
        f"{name}.py",
        "requirements.txt",
    }
    _, settings, text = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    settings = yaml.safe_load(settings)
    assert settings["sdk"] == "gradio" and (folder / settings["app_file"]).exists()
    assert {"evaluate", "metric"} <= set(settings["tags"])
    assert f'metric_path("{name}")' in text
    assert "hf_xalign" in (folder / "requirements.txt").read_text().split()
    # evaluate reads the imports line by line, and takes a comma for a part of a name.
    code = (folder / f"{name}.py").read_text(encoding="utf-8")
    assert not [line for line in code.splitlines() if line.startswith("import ") and "," in line]

    spec = importlib.util.spec_from_file_location(f"{name}_app", folder / "app.py")
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    page = app.metric_page(folder, app.EXAMPLE)
    (compute,) = [event.fn for event in page.fns.values()]
    scores = compute(*app.EXAMPLE)
    assert scores["n"] >= 2 and json.loads(json.dumps(scores)) == scores
    import gradio

    with pytest.raises(gradio.Error, match="line 1: '\\[1' is no list of numbers"):
        compute("[1", "[1]")
