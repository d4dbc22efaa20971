"""The heat-maps of the report: layers by measures, languages by languages."""

from __future__ import annotations

import json
import re

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.languages_results import validate_languages
from hf_xalign.evaluation.measure_shapes import BASELINES
from hf_xalign.evaluation.report.document import build_report, write_report
from hf_xalign.evaluation.results import validate_results
from tests.evaluation.browser import needs_chromium, widths_on_a_phone
from tests.evaluation.languages_factory import make_languages, write_made
from tests.evaluation.report_factory import cosine, make_results, measure, write
from tests.evaluation.report_page import Page


HOSTILE = "<script>alert(1)</script>"


def with_measures(results: dict) -> dict:
    def layer(index: int) -> dict:
        level = index / results["num_layers"]
        return {
            "layer": index,
            "cka": {"value": 0.2 + level / 2, "random": 0.123, "n": 1000},
            "anc": {"value": level, "random": 0.025, "n": 1000},
            "mean_cosine": {"source": cosine(-0.05 + level / 2), "target": cosine(0.4)},
            "partition": {"source": 0.5, "target": 0.25},
            "retrieval": {kind: measure(0.1 + place / 5, 500) for place, kind in enumerate(BASELINES)},
        }

    layers = [layer(index) for index in range(results["num_layers"] + 1)]
    results["measures"] = {"fit": {"n": 500, "test": 500, "ridge": 0.1}, "layers": layers}
    validate_results(results)
    return results


def with_similarity(results: dict, names: tuple[str, ...] = ("eng_Latn", "swh_Latn", "rus_Cyrl")) -> dict:
    def matrix(shift: float) -> list[list[float]]:
        return [
            [1.0 if i == j else 0.9 - abs(i - j) / 10 + shift for j in range(len(names))] for i in range(len(names))
        ]

    models = [{"value": matrix(0.0), "low": matrix(-0.01), "high": matrix(0.01)} for _ in results["models"]]
    for model in models:
        for name in ("low", "high"):
            for place in range(len(names)):
                model[name][place][place] = 1.0
    results["language_similarity"] = {"languages": list(names), "n": 321, "models": models}
    validate_languages(results)
    return results


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "a" / "eval", with_measures(make_results("Model-1", 0.6)))
    write(tmp_path / "b" / "eval", make_results("Model-2", 0.7))
    write_made(tmp_path / "languages", with_similarity(make_languages()))
    return tmp_path


def test_each_run_with_measures_has_a_table(folder):
    html = build_report([folder / "a", folder / "b"])
    assert html.count('aria-label="Alignment measures of') == 1
    assert "Alignment measures by layer" in html and "layer 8 (used)" in html and "random 0.123" in html
    table = html[html.index('aria-label="Alignment measures of') :].split("</table>")[0]
    assert table.count("<tr>") == 14 and table.count("<td") == 13 * 10
    shades = [float(shade) for shade in re.findall(r"--shade: ([\d.]+)", table)]
    assert len(shades) == 130 and all(0 <= shade <= 1 for shade in shades) and max(shades) == 1
    assert "\u22120.050" in table


def test_runs_without_measures_have_none(folder):
    html = build_report([folder / "b"])
    assert "Alignment measures" not in html
    html = build_report([write_made(folder / "plain", make_languages())])
    assert "Similarity of languages" not in html


def test_runs_by_layers(folder):
    html = build_report([folder / "a", folder / "b"])
    table = html[html.index('aria-label="Mean top-1 accuracy by layer"') :].split("</p>")[0]
    assert table.count("<tr>") == 3 and table.count("<td") == 2 * 13
    shades = [float(shade) for shade in re.findall(r"--shade: ([\d.]+)", table)]
    assert min(shades) == 0 and max(shades) == 1
    lowest, highest = re.search(r"Shade: ([\d.]+)\u202f% .* ([\d.]+)\u202f%$", table).groups()
    figures = [float(text) for text in re.findall(r'class="shaded"[^>]*>([\d.]+) ', table)]
    assert (float(lowest), float(highest)) == (min(figures), max(figures))


def test_aer_stands_beside_the_measures_of_its_layer(folder):
    results = with_measures(make_results("Model-1", 0.6))
    layers = [
        {"layer": layer, **dict.fromkeys(("precision", "recall", "f1", "aer"), measure(0.5 - layer / 100, 90))}
        for layer in range(1, 13)
    ]
    gold = {"file": "gold.parquet", "fingerprint": "g", "n": 90}
    results["alignment_layers"] = {"gold": gold, "method": "itermax", "layers": layers}
    html = build_report([write(folder / "words", results)])
    table = html[html.index('aria-label="Alignment measures of') :].split("</table>")[0]
    rows = [re.findall(r'class="shaded"[^>]*>([^ ]+) ', row)[-1] for row in table.split("<tr>")[2:]]
    assert rows[0] == "–" and rows[1] == "49.0" and rows[12] == "38.0"


def test_languages_by_languages(folder):
    html = build_report([folder / "languages"])
    assert html.count('class="numbers heatmap"') == 2 and "n = 321 sentences in every language" in html
    table = html[html.index('class="numbers heatmap"') :].split("</table>")[0]
    assert re.findall(r"--shade: ([\d.]+)", table) == ["0", "1", "0", "1", "0", "1", "0", "1", "0"]
    assert "0.800" in table and "[0.790, 0.810]" in table


def test_two_files_stand_side_by_side(folder):
    made = make_languages(labels=("Model-3", "Model-4"))
    html = build_report([folder / "languages", write_made(folder / "more", made)])
    assert html.count('class="numbers heatmap"') == 2
    html = build_report([write_made(folder / "more", with_similarity(made)), folder / "languages"])
    assert html.count('class="numbers heatmap"') == 4


def test_names_cannot_break_out(folder):
    made = with_similarity(make_languages(labels=(HOSTILE, "b")), names=(HOSTILE, "swh_Latn"))
    page = Page(build_report([write_made(folder / "hostile", made)]))
    assert "script" not in {tag for tag, _, _ in page.elements}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda part: part["models"].pop(), "must hold 2 matrices"),
        (lambda part: part["models"][1]["low"].pop(), "must be 3 by 3"),
        (lambda part: part["models"][0]["value"][0].__setitem__(1, 7), "between"),
        (lambda part: part["models"][0]["low"][0].__setitem__(1, "x"), "must be a number"),
        (lambda part: part.update(languages=["a", "a", "b"]), "two or more different languages"),
        (lambda part: part.pop("n"), "n is missing"),
    ],
)
def test_a_malformed_similarity_is_one_line(folder, change, words):
    made = with_similarity(make_languages())
    change(made["language_similarity"])
    with pytest.raises(XAlignError, match=words):
        build_report([write_made(folder / "bad", made)])


def test_malformed_measures_are_one_line(folder):
    path = next((folder / "a").rglob("results.json"))
    results = json.loads(path.read_text(encoding="utf-8"))
    results["measures"]["layers"][2]["anc"]["value"] = 3
    path.write_text(json.dumps(results), encoding="utf-8")
    with pytest.raises(XAlignError, match=r"measures\.layers\[2\]\.anc\.value must be between"):
        build_report([folder / "a"])


@needs_chromium
def test_a_phone_scrolls_the_tables_and_not_the_page(folder, tmp_path):
    page = write_report([folder / "a", folder / "languages"], tmp_path / "report.html")
    client, scroll = widths_on_a_phone(page, tmp_path)
    assert scroll <= client
