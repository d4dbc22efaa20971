"""The part of the report that is of many languages."""

from __future__ import annotations

import copy
import re

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.document import build_report, write_report
from hf_xalign.evaluation.report.markdown import markdown_tables
from tests.evaluation.browser import needs_chromium, widths_on_a_phone
from tests.evaluation.languages_factory import make_languages, write_made
from tests.evaluation.report_factory import make_results, write
from tests.evaluation.report_page import Page


HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert('&amp;')</script>"


@pytest.fixture
def folder(tmp_path):
    return write_made(tmp_path / "flores", make_languages(metrics=("cosine", "margin")))


def test_a_folder_with_languages_alone(folder):
    page = Page(build_report([folder]))
    text = page.text()
    assert page.all("h1")[0][1] == "Crosslingual alignment in 4 languages"
    assert "2 runs · 1 data set" in text
    assert "flores200_devtest, 4 languages" in text
    # A drawing for each language and for the mean of each of the three groups.
    drawings = page.all("svg", role="img")
    assert len(drawings) == 4 + 3
    for attributes, _ in drawings:
        for target in attributes["aria-labelledby"].split():
            assert page.by_id(target).strip()
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    # Two metrics, three directions.
    assert len(page.all("table", class_="languages")) == 6
    assert "By ratio margin, language → eng_Latn" in text
    assert [title for _, title in page.all("h4")] == ["Low-resource languages", "Other languages", "All languages"]


def test_shades_and_differences(folder):
    page = Page(build_report([folder]))
    shades = [float(attributes["style"].removeprefix("--shade:")) for attributes, _ in page.all("td", class_="shaded")]
    assert 0 <= min(shades) < max(shades) == 1
    table = page.all("table", class_="languages")[0][1]
    assert table.count("difference to A") == 3
    assert "+10.0" in table
    assert "[+8.0, +12.0]" in table


def test_a_paired_difference_decides_where_intervals_overlap(tmp_path):
    close = make_languages(levels=(0.50, 0.51), n=300)
    text = Page(build_report([write_made(tmp_path / "close", close)])).text()
    assert "No clear winner: Model-2 has the highest mean top-1 accuracy over 4 languages" in text
    assert "no clear difference; likewise in the low-resource languages." in text
    apart = make_languages(levels=(0.50, 0.525), n=300)
    page = Page(build_report([write_made(tmp_path / "apart", apart)]))
    assert page.all("h2", id="summary")[0][1] == "Model-2 aligned best"
    assert "Model-2 clearly better; likewise in the low-resource languages." in page.text()
    turned = make_languages(("Model-2", "Model-1"), (0.525, 0.50), n=300)
    page = Page(build_report([write_made(tmp_path / "turned", turned)]))
    assert page.all("h2", id="summary")[0][1] == "Model-2 aligned best"
    assert "Model-1 clearly worse" in page.text()


def test_one_model_is_compared_with_nothing(tmp_path):
    alone = make_languages(("one",), (0.4,), languages={"swh_Latn": False, "tgl_Latn": False})
    page = Page(build_report([write_made(tmp_path / "alone", alone)]))
    assert page.all("h2", id="summary")[0][1].startswith("Nothing to compare")
    assert [title for _, title in page.all("h4")] == ["All languages"]
    assert "difference to" not in page.text()


def test_a_model_keeps_its_letter_and_colour_beside_its_other_results(folder, tmp_path):
    first = write(tmp_path / "other", make_results("another", 0.4))
    second = write(tmp_path / "pair", make_results("Model-2", 0.5))
    page = Page(build_report([first, second, folder]))
    assert page.all("h1")[0][1] == "Crosslingual alignment of hin_Deva and urd_Arab"
    bars = {
        re.search(r"c\d", attributes["class"])[0]: text.split(":")[0]
        for attributes, text in page.all("rect", class_="bar")
    }
    assert bars == {"c1": "Model-2", "c2": "Model-1"}
    summary = page.all("table", class_="numbers")[0][1]
    assert summary.count("not measured") == 2
    assert page.text().count("not evaluated on these sentences: Model-1") == 0


def test_pairs_without_one_common_language_are_called_pairs(tmp_path):
    names = {"eng_Latn-swh_Latn": False, "deu_Latn-rus_Cyrl": False}
    made = make_languages(languages=names)
    for entry in made["languages"]:
        entry["pair"] = entry["language"].split("-")
    text = Page(build_report([write_made(tmp_path / "pairs", made)])).text()
    assert "mean top-1 accuracy over 2 pairs of languages" in text and "mean of 2 pairs of languages" in text


def test_files_on_the_same_sentences_are_one_table(folder, tmp_path):
    more = write_made(
        tmp_path / "more", make_languages(("Model-2", "Model-9"), (0.5, 0.6), metrics=("cosine", "margin"))
    )
    page = Page(build_report([folder, more]))
    assert "4 runs · 1 data set" in page.text()
    assert "Model-2 (more)" in page.text()
    assert "not all differences between them are paired" in page.text()
    assert page.all("table", class_="languages")[0][1].count("not paired") == 6
    other = write_made(tmp_path / "other", make_languages(("Model-9",), (0.6,), fingerprint="ffff"))
    assert "2 data sets" in Page(build_report([folder, other])).text()


def test_subfolders_and_settings(folder, tmp_path):
    results = make_languages()
    results["models"][1] |= {"layer": 12, "pooling": "cls", "truncated": 7}
    write_made(tmp_path / "run" / "sub", results)
    notes = " ".join(text for _, text in Page(build_report([tmp_path / "run"])).all("p", class_="note"))
    assert "layer 8 of 12 (A) and layer 12 of 12 (B)" in notes
    assert "mean pooling (A) and cls pooling (B)" in notes
    assert "B 7" in notes


def test_hostile_strings_stay_text(tmp_path):
    def hostile(value, key=""):
        if isinstance(value, dict):
            names = {f"{HOSTILE}{name}" if key == "scores" else name: item for name, item in value.items()}
            return {name: hostile(item, name) for name, item in names.items()}
        if isinstance(value, list):
            return [hostile(item, key) for item in value]
        if not isinstance(value, str) or key == "format":
            return value
        return value if key == "name" and value in ("all", "other", "low-resource") else f"{value}{HOSTILE}"

    page = Page(build_report([write_made(tmp_path / "run", hostile(make_languages()))]))
    assert not {tag for tag, _, _ in page.elements} & {"script", "img"}
    assert not [name for _, attributes, _ in page.elements for name in attributes if name.startswith("on")]
    assert page.text().count(HOSTILE) > 20


def test_very_many_bars_are_folded(tmp_path):
    codes = [f"{a}{b}x" for a in "abcdefghij" for b in "abcdefghijklm"]
    many = make_languages(languages={code: place < 20 for place, code in enumerate(codes)})
    page = Page(build_report([write_made(tmp_path / "many", many)]))
    assert [text.strip() for _, text in page.all("summary") if "languages" in text] == [
        "20 languages",
        "110 languages",
    ]


def test_markdown_has_the_table(folder, tmp_path):
    pair = write(tmp_path / "pair", make_results("Model-1", 0.5))
    markdown = markdown_tables([pair, folder])
    assert "(1,000 pairs), per cent" in markdown
    assert "| swh_Latn | 1,000 | " in markdown
    assert "| difference to Model-1 |  |  | +10.0 [+8.0, +12.0] |" in markdown
    assert markdown_tables([folder]).startswith("**flores200_devtest, 4 pairs of languages**")


def _broken(edit):
    results = copy.deepcopy(make_languages())
    edit(results)
    return results


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda r: r.update(format="x"), "format is 'x', expected 'hf_xalign/languages-1'"),
        (lambda r: r.update(models=[]), "models is empty"),
        (lambda r: r["languages"][0].update(pair=["eng"]), "languages[0].pair must name two languages, not 1"),
        (lambda r: r["languages"][1]["scores"]["cosine"].pop(), "languages[1].scores.cosine must hold 2 scores"),
        (
            lambda r: r["languages"][1]["scores"]["cosine"][0]["mean"].update(value=1.5),
            "languages[1].scores.cosine[0].mean.value must be between 0 and 1",
        ),
        (lambda r: r["groups"][0]["languages"].append("fra"), "groups names fra in entry 0"),
        (lambda r: r["groups"].pop(), "groups must end with the group all"),
        (lambda r: r["groups"][1]["scores"].update(csls=r["groups"][1]["scores"]["cosine"]), "the same metrics"),
    ],
)
def test_malformed_files_are_refused_by_name(tmp_path, edit, complaint):
    folder = write_made(tmp_path / "run", _broken(edit))
    with pytest.raises(XAlignError) as caught:
        build_report([folder])
    assert str(folder / "languages.json") in str(caught.value)
    assert complaint in str(caught.value)


@needs_chromium
def test_the_page_fits_a_phone(folder, tmp_path):
    six = make_languages(tuple(f"a model with a name {place}" for place in range(6)), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6))
    report = write_report([folder, write_made(tmp_path / "six", six)], tmp_path / "report.html")
    client, scroll = widths_on_a_phone(report, tmp_path)
    assert 370 <= client <= 390
    assert scroll <= client
