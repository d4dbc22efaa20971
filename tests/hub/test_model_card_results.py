"""Scores as the Hub reads them."""

from __future__ import annotations

import copy
import json

import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries

from hf_xalign.hub import write_card
from hf_xalign.hub.run_results import read_scores
from tests.evaluation.downstream_factory import make_downstream
from tests.evaluation.languages_factory import make_languages
from tests.hub.card_factory import DATA, PROVENANCE, make_run, run_results, write_results


def entries(folder) -> dict[str, list]:
    return {
        path.name: parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted((folder / ".eval_results").glob("*.yaml"))
    }


def test_eval_results_hold_the_main_figures(tmp_path):
    folder = make_run(tmp_path, results=run_results(metrics=("cosine", "csls")))
    write_card(folder)
    results = json.loads((folder / "results.json").read_text())
    found = entries(folder)["xalign-flores200_devtest.yaml"]
    by_task = {entry.task_id: entry for entry in found}
    assert set(by_task) == {
        "retrieval-mean-cosine-hin_Deva-urd_Arab",
        "retrieval-mean-csls-hin_Deva-urd_Arab",
        "similarity-gap-hin_Deva-urd_Arab",
    }
    entry, estimate = by_task["retrieval-mean-cosine-hin_Deva-urd_Arab"], results["retrieval"]["cosine"]["mean_top1"]
    assert entry.value == estimate["value"] and entry.dataset_id == "flores200_devtest"
    assert entry.date == results["date"]
    assert f"95 % interval {estimate['low']} to {estimate['high']}, n = 100, layer 2" in entry.notes


def test_a_test_set_of_the_hub_goes_by_its_id(tmp_path):
    data = copy.deepcopy(DATA)
    data["sources"]["test_data"] = [
        {"label": "me/flores", "kind": "pairs", "hub_id": "me/flores", "files": [], "rows": 100, "license": None}
    ]
    folder = make_run(tmp_path, provenance=PROVENANCE | {"data": data}, results=run_results(dataset="flores"))
    card = ModelCard(write_card(folder).read_text(encoding="utf-8"))
    assert {entry.dataset_id for entry in entries(folder)["xalign-flores.yaml"]} == {"me/flores"}
    assert {result.dataset_type for result in card.data.eval_results} == {"me/flores"}


def test_files_of_former_results_go_and_those_of_others_stay(tmp_path):
    folder = make_run(tmp_path, results=run_results(dataset="first"))
    write_card(folder)
    (folder / ".eval_results" / "mine.yaml").write_text("[]")
    write_results(folder, run_results(dataset="second"))
    write_card(folder)
    assert set(entries(folder)) == {"xalign-second.yaml", "mine.yaml"}


def test_the_newest_of_two_measurements_counts(tmp_path):
    folder = make_run(tmp_path, results=run_results(top1=0.4))
    write_results(folder / "again", run_results(top1=0.6) | {"date": "2026-02-01T00:00:00+00:00"})
    scores = read_scores(folder).scores
    assert [score.value for score in scores if score.metric == "mean"] == [0.6]


def test_mining_sts_and_layers_are_read(tmp_path):
    folder = make_run(tmp_path)
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 20}
    model = {"model": "my-run", "layer": 2, "pooling": "mean", "truncated": 3}
    shared = {
        "dataset": {"name": "d", "file": "d.tsv", "fingerprint": "f", "synthetic": True},
        "models": [model | {"model": "other", "layer": 1}, model],
        "date": "2026-02-01T00:00:00+00:00",
    }
    scores = dict.fromkeys(("precision", "recall", "f1"), estimate)
    entry = {"pair": ["hin_Deva", "urd_Arab"], "scores": [{}, scores]}
    groups = [{"name": "all", "languages": ["urd_Arab"], "scores": [{}, {"f1": estimate}]}]
    write_results(
        folder, shared | {"format": "hf_xalign/mining-1", "languages": [entry], "groups": groups}, "mining.json"
    )
    correlations = [{}, {"spearman": estimate, "pearson": estimate}]
    write_results(folder, shared | {"format": "hf_xalign/sts-1", "scores": correlations}, "sts.json")
    layers = [{"layer": layer} | dict.fromkeys(("precision", "recall", "f1", "aer"), estimate) for layer in (0, 1)]
    gold = {"file": "gold.jsonl", "fingerprint": "g", "n": 20}
    write_results(folder, run_results() | {"alignment_layers": {"gold": gold, "method": "itermax", "layers": layers}})
    found = read_scores(folder)
    assert not found.left_out and found.truncated == {"flores200_devtest": 0, "d": 3}
    counts = {task: sum(score.task == task for score in found.scores) for task in ("mining", "sts", "layers")}
    assert counts == {"mining": 4, "sts": 2, "layers": 8}
    text = write_card(folder).read_text(encoding="utf-8")
    for line in (
        "| `hin_Deva-urd_Arab` | 20 | 50.0 [40.0, 60.0] | 50.0 [40.0, 60.0] | 50.0 [40.0, 60.0] |",
        "|  | 20 | 0.500 [0.400, 0.600] | 0.500 [0.400, 0.600] |",
        "| 1 | 20 | " + " | ".join(["50.0 [40.0, 60.0]"] * 4) + " |",
        "**gold** (fingerprint `g`): word alignment by itermax, by layer, per cent",
        "**d**, synthetic (fingerprint `f`): bitext mining, per cent, mean of layer 2",
        "- Some test data are synthetic",
        "- 3 sentences of d were cut",
    ):
        assert line in text


def test_word_alignment_by_language(tmp_path):
    folder = make_run(tmp_path)
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 20}
    scores = dict.fromkeys(("precision", "recall", "aer"), estimate)
    groups = [{"pair": pair, "scores": scores} for pair in ("all", "eng-hin")]
    gold = {"file": "gold.parquet", "fingerprint": "g"}
    found = {"format": "hf_xalign/audit-1", "gold": gold, "groups": groups, "date": "2026-02-01T00:00:00+00:00"}
    aligner = "simalign(model=my-run@0123abcd, layer=3, method=itermax, token_type=bpe)"
    write_results(folder / "audit", found | {"aligner": aligner}, "audit.json")
    write_results(folder / "other", found | {"aligner": aligner.replace("my-run", "other")}, "audit.json")
    write_results(folder / "eflomal", found | {"aligner": "eflomal(runs=3)"}, "audit.json")
    text = write_card(folder).read_text(encoding="utf-8")
    assert "word alignment by simalign itermax, against links made by hand, per cent, layer 3" in text
    assert "| all pairs | 20 | 50.0 [40.0, 60.0] |" in text and "| `eng-hin` | 20 |" in text
    assert [entry.value for entry in entries(folder)["xalign-gold.yaml"]] == [0.5, 0.5]


def test_every_language_has_an_entry(tmp_path):
    folder = make_run(tmp_path)
    found = make_languages(("my-run",), (0.4,)) | {"date": "2026-01-03T00:00:00+00:00"}
    write_results(folder / "flores", found, "languages.json")
    card = ModelCard(write_card(folder).read_text(encoding="utf-8"))
    rows = [(result.dataset_config, result.metric_value) for result in card.data.eval_results]
    assert rows[:4] == [
        ("-".join(entry["pair"]), entry["scores"]["cosine"][0]["mean"]["value"]) for entry in found["languages"]
    ]
    assert len(entries(folder)["xalign-flores200_devtest.yaml"]) == len(rows) == 7


def test_downstream_tasks_have_their_seeds_and_split(tmp_path):
    folder = make_run(tmp_path)
    found = make_downstream(("other", "my-run"), (0.4, 0.5)) | {"date": "2026-02-01T00:00:00+00:00"}
    found["settings"]["test_split"] = "dev"
    write_results(folder / "sib200", found, "downstream.json")
    one_seed = make_downstream(("my-run",), (0.5,), task="ner", name="wikiann", seeds=1)
    write_results(folder / "ner", one_seed | {"date": "2026-02-01T00:00:00+00:00"}, "downstream.json")
    read = read_scores(folder)
    assert not read.left_out and [score.metric for score in read.scores].count("accuracy") == 2
    text = write_card(folder).read_text(encoding="utf-8")
    score = found["languages"][1]["scores"][1]["accuracy"]
    shown = (
        f"{100 * score['value']:.1f} ± {100 * score['sd']:.1f} [{100 * score['low']:.1f}, {100 * score['high']:.1f}]"
    )
    assert f"| `hin_Deva → urd_Arab` | 204 | {shown} |" in text
    assert "split `dev`, mean ± standard deviation of 3 seeds" in text and "entity F1 |" in text
    by_task = {entry.task_id: entry for entry in entries(folder)["xalign-sib200.yaml"]}
    entry = by_task["sib200-accuracy-hin_Deva-urd_Arab"]
    assert entry.value == score["value"]
    assert f"mean of 3 seeds, standard deviation {score['sd']}, split dev" in entry.notes
    (ner, _) = entries(folder)["xalign-wikiann.yaml"]
    assert "seeds" not in ner.notes
    results = {result.dataset_config: result for result in ModelCard(text).data.eval_results}
    assert results["hin_Deva → urd_Arab"].task_type in ("text-classification", "token-classification")
    assert {result.dataset_split for result in results.values()} <= {"dev", "test"}


def test_a_malformed_downstream_file_is_left_out(tmp_path):
    folder = make_run(tmp_path)
    found = make_downstream(("my-run",), (0.5,))
    found["languages"][0]["scores"] = []
    write_results(folder / "bad", found, "downstream.json")
    read = read_scores(folder)
    assert not read.scores and "0 scores for 1 models" in read.left_out[0]
