"""The report: what it says, what it refuses, and that nothing in a file can break out of it."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.document import build_report, write_report
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.words import Verdict, overall
from tests.evaluation.browser import needs_chromium, rendered, widths_on_a_phone
from tests.evaluation.report_factory import TEXTS, make_results, make_trainer_state, write
from tests.evaluation.report_page import Page


MODELS = {"Model-1": 0.50, "Model-2": 0.49, "Model-3": 0.72, "Model-4": 0.52, "Model-5": 0.80}
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert('&amp;')</script>"


@pytest.fixture
def five(tmp_path):
    """Five models on two data sets, one of them synthetic."""
    folders = []
    for name, top1 in MODELS.items():
        losses = ("loss", "loss_mlm", "loss_tcm") if name in ("Model-3", "Model-5") else ("loss", "loss_mlm")
        folder = write(tmp_path / name, state=make_trainer_state(losses))
        write(folder / "flores", make_results(name, top1, dynamics=5, metrics=("cosine", "csls")))
        write(
            folder / "mini", make_results(name, 0.6, dataset="minicorpus", fingerprint="feed", synthetic=True, n=300)
        )
        folders.append(folder)
    return folders


def test_page_needs_nothing_but_itself(five):
    html = build_report(five)
    page = Page(html)
    for tag, attributes, text in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "action", "xlink:href"}
            assert name != "href" or value.startswith("#")
            assert "url(" not in (value or "")
        if tag == "style":
            assert not re.search(r"url\(|@import|https?:|//", "".join(text))
    assert not re.search(r"https?://", html)


def test_ids_are_unique_and_every_reference_has_its_target(five):
    page = Page(build_report(five))
    ids = Counter(attributes["id"] for _, attributes, _ in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    for _, attributes, _ in page.elements:
        for target in (attributes.get("aria-labelledby") or "").split():
            assert target in ids
        if "href" in attributes:
            assert attributes["href"][1:] in ids


def test_every_drawing_has_a_title_and_a_description(five):
    page = Page(build_report(five))
    drawings = page.all("svg", role="img")
    # Per data set: 5 rows at a glance, 6 panels of averages, 5 x 6 histograms, layers, overlap; over checkpoints,
    # top-1 and 6 similarities; in training, 2 validation figures and 3 losses.
    assert len(drawings) == 2 * (5 + 6 + 30 + 1 + 1) + 7 + 2 + 3
    for attributes, _ in drawings:
        for target in attributes["aria-labelledby"].split():
            assert page.by_id(target).strip()


def test_figures_and_captions(five):
    page = Page(build_report(five))
    # At a glance, retrieval by cosine, averages, histograms, layers, overlap in both; CSLS and two figures over
    # checkpoints in one; two figures of training.
    assert len(page.all("figure")) == 2 * 6 + 3 + 2
    captions = page.all("figcaption")
    assert len(captions) == len(page.all("figure"))
    assert all(text.strip().endswith(".") for _, text in captions)


def test_all_labels_and_numbers_are_there(five):
    page = Page(build_report(five, title="Five models"))
    text = page.text()
    assert page.all("h1")[0][1] == "Five models"
    for name in MODELS:
        assert text.count(name) > 10
    assert "[69.2, 74.8]" in text
    assert "1,000 sentence pairs" in text
    for section in ("Retrieval at a glance", "Average similarity", "Matched and random pairs", "Accuracy by layer"):
        assert text.count(section) == 2
    for section in ("CSLS", "Accuracy over training", "Similarity over training", "TCM loss", "Provenance"):
        assert section in text


def test_a_run_keeps_its_colour_in_every_figure(five):
    page = Page(build_report(five))
    for index, name in enumerate(MODELS):
        tooltips = [
            mark["class"]
            for (_, mark, _), (_, _, tooltip) in pairwise(page.elements)
            if "mark" in (mark.get("class") or "") and "".join(tooltip).startswith(name)
        ]
        assert len(tooltips) > 20
        assert {re.search(r"c\d", classes)[0] for classes in tooltips} == {f"c{index}"}


@pytest.mark.parametrize(("count", "where"), [(1, ""), (2, " on both data sets"), (3, " on all 3 data sets")])
def test_the_headline_counts_the_data_sets(count, where):
    run = Run(0, "best", ())
    assert overall([("data", Verdict(run, True, ""))] * count) == f"best aligned best{where}"


def test_the_winner_is_named_only_where_its_interval_is_apart(tmp_path):
    first = write(tmp_path / "a", make_results("low", 0.4))
    close = write(tmp_path / "b", make_results("close", 0.78))
    best = write(tmp_path / "c", make_results("best", 0.8))
    clear = Page(build_report([first, best]))
    assert clear.all("h2", id="summary")[0][1] == "best aligned best"
    unclear = Page(build_report([first, close, best]))
    assert unclear.all("h2", id="summary")[0][1] == "No clear winner"
    text = unclear.text()
    assert "its interval overlaps that of close" in text
    assert "Wholly above the first run, low: close and best." in text
    alone = Page(build_report([best]))
    assert alone.all("h2", id="summary")[0][1].startswith("Nothing to compare")


def test_comparison_with_the_first_run_and_the_best_of_each_column(tmp_path):
    folders = [
        write(tmp_path / name, make_results(name, top1))
        for name, top1 in (("a", 0.6), ("b", 0.3), ("c", 0.61), ("d", 0.9))
    ]
    page = Page(build_report(folders))
    words = [text for _, text in page.all("td", class_="words")]
    assert words == ["reference", "wholly below", "overlaps", "wholly above"]
    best = [text.split()[0] for _, text in page.all("td", class_="best")]
    assert best[0] == best[-1] == "90.0"
    assert len(best) == 1 + 7


def test_data_sets_are_grouped_by_name_content_and_pair(tmp_path):
    one = write(tmp_path / "one")
    write(one / "x", make_results("one", dataset="set", fingerprint="aaaa"))
    write(one / "y", make_results("one", dataset="set", fingerprint="bbbb"))
    write(one / "z", make_results("one", dataset="set", fingerprint="aaaa", pair=("pol_Latn", "ukr_Cyrl")))
    two = write(tmp_path / "two", make_results("two", dataset="set", fingerprint="aaaa"))
    page = Page(build_report([one, two]))
    assert [page.by_id(f"data-{place}") is not None for place in (1, 2, 3, 4)] == [True, True, True, False]
    notes = " ".join(text for _, text in page.all("p", class_="note"))
    assert notes.count("other sentences; the two cannot be compared") == 2
    assert notes.count("Not evaluated on these sentences: two.") == 2


def test_runs_that_were_measured_differently_are_said_to_be(tmp_path):
    one, two = make_results("one"), make_results("two")
    two["layer"], two["pooling"], two["truncated"]["target"] = 12, "cls", 7
    page = Page(build_report([write(tmp_path / "one", one), write(tmp_path / "two", two)]))
    notes = " ".join(text for _, text in page.all("p", class_="note"))
    assert "layer 8 of 12 (A) and layer 12 of 12 (B)" in notes
    assert "mean pooling (A) and cls pooling (B)" in notes
    assert "B 7" in notes


def test_checkpoints_on_one_data_set_are_runs_of_their_own(tmp_path):
    for step in (2, 10):
        write(tmp_path / "run" / f"checkpoint-{step}", make_results("model", 0.5, seed=step))
    text = Page(build_report([tmp_path / "run"])).text()
    assert text.index("model (checkpoint-2)") < text.index("model (checkpoint-10)")


def test_runs_with_one_label_are_told_apart_by_folder(tmp_path):
    folders = [write(tmp_path / name, make_results("same", 0.5)) for name in ("left", "right")]
    text = Page(build_report(folders)).text()
    assert "same (left)" in text
    assert "same (right)" in text
    deeper = [write(tmp_path / name / "flores", make_results("same", 0.5)) for name in ("one", "two")]
    assert f"same ({tmp_path / 'one' / 'flores'})" in Page(build_report(deeper)).text()


def test_synthetic_data_are_marked(five, tmp_path):
    page = Page(build_report(five))
    assert page.by_id("data-1").split() == ["flores200_devtest"]
    assert page.by_id("data-2").split() == ["minicorpus", "synthetic"]
    assert 'class="badge"' not in build_report([write(tmp_path / "real", make_results())])


def test_sentences_run_in_their_direction(tmp_path):
    page = Page(build_report([write(tmp_path / "run", make_results(errors=2))]))
    urdu = page.all("p", lang="ur-Arab")
    hindi = page.all("p", lang="hi-Deva")
    assert len(urdu) == len(hindi) == 3
    assert {(attributes["dir"], text) for attributes, text in urdu} == {("rtl", TEXTS["urd_Arab"][0])}
    assert {(attributes["dir"], text) for attributes, text in hindi} == {("ltr", TEXTS["hin_Deva"][0])}
    assert all("script-Arab" in attributes["class"] for attributes, _ in urdu)
    for attributes, text in page.all("p", lang="ur-Latn"):
        assert attributes["dir"] == "ltr"
        assert text == TEXTS["urd_Arab"][1]


def test_direction_is_left_to_the_reader_where_no_script_is_named(tmp_path):
    page = Page(build_report([write(tmp_path / "run", make_results(pair=("hin", "urd"), errors=1))]))
    assert {attributes["dir"] for attributes, _ in page.all("p", class_="sentence")} == {"auto"}


def hostile(value, key=""):
    """The same results with every free string, and every name that is free, replaced."""
    if isinstance(value, dict):
        free = key in ("similarities", "versions", "truncated")
        return {f"{name}{HOSTILE}" if free else name: hostile(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return HOSTILE if isinstance(value, str) and key not in ("format", "direction") else value


def test_hostile_strings_stay_text(tmp_path):
    results = hostile(make_results(dynamics=3, errors=2))
    results["retrieval"][HOSTILE] = results["retrieval"]["cosine"]
    state = make_trainer_state(("loss", f"loss_{HOSTILE}"))
    folders = [write(tmp_path / name, results, state) for name in ("a", f"<b onload='x'>{'&'}")]
    html = build_report(folders, title=HOSTILE)
    page = Page(html)
    tags = {tag for tag, _, _ in page.elements}
    assert not tags & {"script", "img"}
    assert not [name for _, attributes, _ in page.elements for name in attributes if name.startswith("on")]
    assert HOSTILE in page.all("h1")[0][1]
    assert page.text().count(HOSTILE) > 50


def test_strings_that_utf8_cannot_hold_are_replaced(tmp_path):
    results = make_results()
    results["label"] = "bell \x07 and \ud800 half"
    folders = [write(tmp_path / name, results, make_trainer_state(("loss_\udcff",))) for name in ("one", "two")]
    text = write_report(folders, tmp_path / "report.html", title="\udcff").read_text(encoding="utf-8")
    assert "bell \ufffd and \ufffd half (one)" in text
    assert "<h1>\ufffd</h1>" in text


def test_same_input_same_bytes(five):
    assert build_report(five) == build_report(five)


def test_only_retrieval_is_needed(tmp_path):
    results = make_results()
    for part in ("layers", "similarities", "overlap", "errors", "versions", "truncated", "date"):
        del results[part]
    page = Page(build_report([write(tmp_path / "run", results)]))
    assert len(page.all("figure")) == 2


def test_twenty_runs_on_four_data_sets(tmp_path):
    folders = []
    for index in range(20):
        folder = write(tmp_path / f"run-{index}")
        for place in range(4):
            write(folder / str(place), make_results(f"run {index}", 0.3 + 0.03 * index, dataset=f"set {place}", n=200))
        folders.append(folder)
    html = build_report(folders)
    assert len(html) < 8_000_000
    colours = {(a["class"], tag) for tag, a, _ in Page(html).elements if "mark" in (a.get("class") or "")}
    assert {f"c{index}" for index in range(8)} <= {word for classes, _ in colours for word in classes.split()}
    assert ">T<" in html


def test_training_log_skips_what_is_not_a_number_and_keeps_the_later_entry(tmp_path):
    state = {
        "log_history": [
            {"step": 10, "loss": 3.0},
            {"step": 20, "loss": float("nan")},
            {"step": 20, "loss_mlm": float("inf")},
            {"step": 30, "loss": 2.5},
            {"step": 30, "loss": 1.5, "note": "resumed"},
        ]
    }
    page = Page(build_report([write(tmp_path / "run", make_results("m"), state)]))
    assert page.by_id("training-loss-0-d") == "m: 3 at 10, 1.5 at 30"
    assert page.by_id("training-loss-1-d") is None


def test_report_is_written_whole_or_not_at_all(tmp_path):
    good = write(tmp_path / "good", make_results())
    bad = write(tmp_path / "bad", {"format": "other"})
    output = tmp_path / "new" / "report.html"
    with pytest.raises(XAlignError):
        write_report([good, bad], output)
    assert not output.parent.exists()
    assert write_report([good], output) == output
    assert [path.name for path in output.parent.iterdir()] == ["report.html"]
    with pytest.raises(XAlignError, match="is a folder"):
        write_report([good], tmp_path / "good")
    with pytest.raises(XAlignError, match="cannot be written"):
        write_report([good], good / "results.json" / "report.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "good", "new"]


@needs_chromium
def test_page_opens_from_a_file_and_fits_a_phone(five, tmp_path):
    report = write_report(five, tmp_path / "report.html", title="A title as long as titles of reports tend to become")
    assert "A title as long as" in Page(rendered(report, tmp_path)).all("h1")[0][1]
    client, scroll = widths_on_a_phone(report, tmp_path)
    assert 370 <= client <= 390
    assert scroll <= client
