from __future__ import annotations

import json

import numpy as np
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import mining_evaluation
from hf_xalign.evaluation.mining import mine_bitext
from hf_xalign.evaluation.mining_evaluation import evaluate_mining
from hf_xalign.evaluation.mining_quality import mining_scores, tune_threshold
from hf_xalign.evaluation.mining_results import read_mining, validate_mining, write_mining
from hf_xalign.evaluation.mining_table import format_mining, mining_markdown
from hf_xalign.evaluation.mining_task import mining_tasks
from hf_xalign.evaluation.parallel_text import read_language_pairs
from hf_xalign.evaluation.text_vectors import embed_texts
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


PAIRS = ["eng_Latn-swh_Latn", "eng_Latn-deu_Latn"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [str(save_checkpoint(folder / name, seed)) for seed, name in enumerate(("a", "b"))]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "set.jsonl"
    rows = parallel_rows(90, ("eng_Latn", "swh_Latn", "deu_Latn"))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_language_pairs(str(path), PAIRS)


@pytest.fixture(scope="module")
def results(models, data):
    return evaluate_mining(models, data, low_resource=["swh"], gold_share=0.3, seed=2)


def test_scores_are_those_of_the_plain_functions(models, data, results):
    for text, entry in zip(data, results["languages"], strict=True):
        tuning, test = mining_tasks(text, gold_share=0.3, seed=2)
        assert (entry["tuning"], entry["test"]) == (tuning.describe(), test.describe())
        for model, score in zip(models, entry["scores"], strict=True):
            mined = []
            for task in (tuning, test):
                vectors = embed_texts(model, [*task.source, *task.target])
                mined.append(mine_bitext(vectors(task.source), vectors(task.target)))
            threshold = tune_threshold(mined[0].scores, mined[0].is_gold(tuning.gold), len(tuning.gold))
            found = mining_scores(mined[1], test.gold, threshold.value, seed=2)
            # Batches of other sentences round a vector's last digits otherwise.
            assert score["threshold"] == pytest.approx(threshold.value, abs=1e-5)
            assert score["tuned_f1"] == pytest.approx(threshold.f1)
            for figure in ("precision", "recall", "f1"):
                assert score[figure] == pytest.approx(getattr(found, figure).to_dict())
            assert (score["taken"], score["right"], score["gold"]) == (found.taken, found.right, found.gold)


def test_groups_and_differences(results):
    assert {group["name"]: group["languages"] for group in results["groups"]} == {
        "low-resource": ["swh_Latn"],
        "other": ["deu_Latn"],
        "all": ["swh_Latn", "deu_Latn"],
    }
    f1 = np.array([[score["f1"]["value"] for score in entry["scores"]] for entry in results["languages"]])
    for group, members in zip(results["groups"], ([0], [1], [0, 1]), strict=True):
        first, second = group["scores"]
        assert first["f1"]["value"] == pytest.approx(f1[members, 0].mean())
        assert second["difference"]["value"] == pytest.approx((f1[members, 1] - f1[members, 0]).mean())
        assert "difference" not in first
        for estimate in (first["f1"], second["f1"], second["difference"]):
            assert estimate["low"] <= estimate["value"] <= estimate["high"]
    # The mean of one language is that language: nearly the interval of its own, though of other draws.
    own = results["languages"][0]["scores"][0]["f1"]
    mean = results["groups"][0]["scores"][0]["f1"]
    assert [mean["low"], mean["high"]] == pytest.approx([own["low"], own["high"]], abs=0.08)


def test_the_difference_to_itself_is_nothing(models, data):
    twice = evaluate_mining([models[0]] * 2, data[:1], labels=["x", "y"])
    assert twice["groups"][0]["scores"][1]["difference"] | {"n": 0} == {"value": 0, "low": 0, "high": 0, "n": 0}


def test_items_are_what_f1_counts(models, data, results):
    _, test = mining_tasks(data[0], gold_share=0.3, seed=2)
    vectors = embed_texts(models[0], [*test.source, *test.target])
    mined = mine_bitext(vectors(test.source), vectors(test.target))
    score = results["languages"][0]["scores"][0]
    right, wrong, missed = mining_evaluation._items(mined, test, score["threshold"]).sum(axis=0)
    assert right == score["right"]
    assert right + missed == score["gold"]
    # A wrong pair of a gold sentence is both: taken and wrong, and the gold one is missed.
    assert right + wrong == score["taken"]


def test_written_read_and_shown(results, tmp_path):
    path = write_mining(results, tmp_path)
    assert path.name == "mining.json"
    assert read_mining(tmp_path)["languages"][0]["test"] == results["languages"][0]["test"]
    text = format_mining(results)
    assert "F1 of mined pairs, ratio margin of 4 neighbours" in text
    assert "  mean of 1 " in text
    assert "{gold} in {source} × {target}".format(**results["languages"][0]["test"]) in text
    assert "precision / recall, per cent" in text
    markdown = mining_markdown(results)
    assert {line.count("|") for line in markdown.splitlines() if line.startswith("|")} == {5, 4}
    broken = json.loads(path.read_text(encoding="utf-8"))
    broken["groups"][1]["scores"].pop()
    with pytest.raises(XAlignError, match=r"groups\[1\] has 1 scores for 2 models"):
        validate_mining(broken)
    del broken["languages"][0]["scores"][0]["f1"]["low"]
    with pytest.raises(XAlignError, match=r"lacks languages\[0\].scores\[0\].f1.low"):
        validate_mining(broken)
