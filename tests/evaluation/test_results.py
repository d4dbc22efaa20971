from __future__ import annotations

import copy
import json

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import read_results, validate_results, write_results
from hf_xalign.evaluation.results import SIMILARITIES
from hf_xalign.evaluation.table import format_results


@pytest.fixture
def results() -> dict:
    estimate = {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8}
    top = {"top1": estimate}
    direction = dict.fromkeys(("top1", "top5", "top10"), estimate)
    similarity = dict.fromkeys(("matched", "random", "gap", "auroc"), estimate)
    similarity["histogram"] = {"edges": [0.0, 0.5, 1.0], "matched": [1, 7], "random": [8, 0]}
    overlap = {"shared": 3, "total": 6, "ratio": estimate}
    parts = {
        "format": "hf_xalign/results-1",
        "model": "runs/a",
        "label": "a",
        "dataset": {"name": "set", "file": "set.tsv", "fingerprint": "0" * 16, "n": 8, "synthetic": True},
        "pair": ["hin_Deva", "urd_Arab"],
        "layer": 2,
        "num_layers": 3,
        "pooling": "mean",
        "seed": 0,
        "versions": dict.fromkeys(("hf_xalign", "transformers", "torch", "uroman"), "1"),
        "date": "2024-01-01T00:00:00+00:00",
        "truncated": {"source": 0, "target": 0},
        "retrieval": {"cosine": {"forward": direction, "backward": direction, "mean_top1": estimate}},
        "layers": [{"layer": 0, "forward": top, "backward": top, "mean_top1": estimate}],
        "similarities": dict.fromkeys(SIMILARITIES, similarity),
        "overlap": {"original": overlap, "transliterated": overlap},
        "errors": [],
    }
    return json.loads(json.dumps(parts))  # no part is shared with another


def test_written_and_read_again(tmp_path, results):
    results["similarities"]["translation"]["gap"]["value"] = 0.1234567891
    path = write_results(results, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "results.json"
    assert [file.name for file in path.parent.iterdir()] == ["results.json"]
    assert read_results(path) == read_results(path.parent)
    assert read_results(path)["similarities"]["translation"]["gap"]["value"] == 0.123457


def test_a_failed_write_leaves_the_old_file(tmp_path, results):
    write_results(results, tmp_path)
    broken = copy.deepcopy(results)
    broken["retrieval"]["cosine"]["mean_top1"]["value"] = float("nan")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_results(broken, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
    assert read_results(tmp_path) == results


def test_output_that_cannot_be_a_folder(tmp_path, results):
    (tmp_path / "file").write_text("")
    with pytest.raises(XAlignError, match=r"results.json: cannot be written"):
        write_results(results, tmp_path / "file" / "below")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(format="hf_xalign/results-9"), "is not in the format hf_xalign/results-1"),
        (lambda r: r.pop("layers"), "lacks layers"),
        (lambda r: r["dataset"].pop("n"), "lacks dataset.n"),
        (lambda r: r["dataset"].update(n=True), "dataset.n should be int, is bool"),
        (lambda r: r["dataset"].update(n=8.0), "dataset.n should be int, is float"),
        (lambda r: r["layers"][0]["mean_top1"].update(low="0"), r"layers\[0\].mean_top1.low should be float, is str"),
        (lambda r: r["similarities"].pop("translation"), "lacks similarities.translation"),
        (lambda r: r["retrieval"].update(csls={}), "lacks retrieval.csls.forward"),
        (lambda r: r.update(dynamics=[{"step": 5}]), r"lacks dynamics\[0\].mean_top1"),
        (lambda r: r.update(errors=[{}]), r"lacks errors\[0\].query"),
    ],
)
def test_the_first_thing_wrong_is_named(results, change, message):
    validate_results(results)
    change(results)
    with pytest.raises(XAlignError, match=message):
        validate_results(results)


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_files_that_are_no_results(tmp_path, content):
    (tmp_path / "results.json").write_bytes(content)
    with pytest.raises(XAlignError):
        read_results(tmp_path)
    with pytest.raises(XAlignError):
        read_results(tmp_path / "none.json")


def test_the_table_shows_figures_with_intervals(results):
    results["dynamics"] = [
        {
            "step": 200,
            "mean_top1": {"value": 0.125, "low": 0.1, "high": 0.2, "n": 8},
            "similarities": {name: {"matched": 0.4, "random": 0.1, "gap": 0.3} for name in SIMILARITIES},
        }
    ]
    text = format_results(results)
    assert "a on set (synthetic, n = 8), layer 2 of 3, mean pooling" in text
    assert "cosine top-1   50.0 [25.0, 75.0]    50.0 [25.0, 75.0]    50.0 [25.0, 75.0]" in text
    assert "transliteration translation reversed  0.500 [0.250, 0.750]" in text
    assert "3 of 6" in text
    assert "200   12.5 [10.0, 20.0]  0.300" in text
