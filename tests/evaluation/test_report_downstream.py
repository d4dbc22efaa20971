"""The downstream pages of the report: transfers, differences, what goes with alignment, and what is refused."""

from __future__ import annotations

import json
import re

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.document import build_report, write_report
from hf_xalign.evaluation.report.downstream import read_task_file, read_tasks, runs_of
from hf_xalign.evaluation.report.gains import gains_of
from hf_xalign.evaluation.report.markdown import markdown_tables
from hf_xalign.evaluation.report.runs import datasets_of, read_runs
from tests.evaluation.browser import needs_chromium, widths_on_a_phone
from tests.evaluation.downstream_factory import make_downstream, write_downstream_made
from tests.evaluation.report_factory import make_results, write
from tests.evaluation.report_page import Page


HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert('&amp;')</script>"
MODELS = {"Model-1": 0.40, "Model-2": 0.38, "Model-3": 0.52, "Model-4": 0.45, "Model-5": 0.60}


def downstream(folder, models=MODELS, **options):
    """Both directions between Hindi and Urdu, a folder each."""
    for train in ("hin_Deva", "urd_Arab"):
        made = make_downstream(tuple(models), tuple(models.values()), train=train, **options)
        write_downstream_made(folder / train, made)
    return folder


@pytest.fixture
def runs(tmp_path):
    """Five runs with retrieval; their models are those of the downstream files."""
    folders = []
    for label, top1 in MODELS.items():
        write(tmp_path / label / "flores", make_results(label, top1) | {"model": f"runs/{label}"})
        folders.append(tmp_path / label)
    return folders


def test_four_transfers_in_their_order(tmp_path):
    html = build_report([downstream(tmp_path / "down")])
    page = Page(html)
    heads = [text for _, text in page.all("th", scope="col") if "→" in text]
    named = ["hin_Deva → hin_Deva", "hin_Deva → urd_Arab", "urd_Arab → urd_Arab", "urd_Arab → hin_Deva"]
    assert [re.match(r"\w+ → \w+_(Deva|Arab)", head)[0] for head in heads] == named * 2
    assert ["zero-shot" in head for head in heads[:4]] == [False, True, False, True]
    assert "Crosslingual transfer between hin_Deva and urd_Arab" in page.text()
    assert "trained on 701 of hin_Deva and 701 of urd_Arab · 3 seeds" in page.text()


def test_one_language_by_two_names_is_not_zero_shot(tmp_path):
    write_downstream_made(tmp_path, make_downstream(train="urd", tests=("urd_Arab", "hin_Deva")))
    (task,) = read_tasks([tmp_path])
    assert [(transfer.test, transfer.is_zero_shot) for transfer in task.transfers] == [
        ("urd_Arab", False),
        ("hin_Deva", True),
    ]


def test_bars_have_a_mark_for_every_seed_and_a_text_alternative(tmp_path):
    html = build_report([downstream(tmp_path / "down")])
    assert html.count('class="seed"') == 4 * 5 * 3
    page = Page(html)
    told = page.by_id("task-1-1-d") or page.by_id("task-1-0-d")
    assert re.match(r"Model-1: \d\d\.\d\u202f% ± \d\.\d \[", told) and told.count(";") == 4


def test_differences_are_those_of_the_file(tmp_path):
    made = make_downstream(("a", "b"), (0.4, 0.5))
    text = Page(build_report([write_downstream_made(tmp_path / "down", made)])).text()
    gain = made["languages"][1]["scores"][1]["difference"]["accuracy"]
    assert f"+{100 * gain['value']:.1f} [+{100 * gain['low']:.1f}, +{100 * gain['high']:.1f}] to A" in text
    assert "hin_Deva → urd_Arab: b clearly above a" in text


def test_one_seed_has_no_deviation(tmp_path):
    text = Page(build_report([downstream(tmp_path / "down", seeds=1)])).text()
    assert "With one seed there is no telling how much" in text and "one training with one seed" in text
    assert not re.search(r"\d ± \d", text)


def test_files_that_were_written_apart_stand_side_by_side(tmp_path):
    first = write_downstream_made(tmp_path / "1", make_downstream(("a",), (0.4,)))
    second = write_downstream_made(tmp_path / "2", make_downstream(("a",), (0.5,), epochs=3))
    (task,) = read_tasks([first, second])
    assert [label for part in task.trained for label in part.labels] == ["a", "a (2)"]
    text = Page(build_report([first, second])).text()
    assert "not all differences between them are paired" in text
    assert "Not all were trained in hin_Deva with the same settings" in text
    assert "The runs were evaluated apart" in text


def test_a_reference_that_was_measured_twice_alike_is_shown_once(tmp_path):
    """Its figures depend on the seeds alone: models added later are compared with it, too."""
    paths = [
        write_downstream_made(tmp_path / name, make_downstream(("a", name), (0.4, value)))
        for name, value in (("b", 0.5), ("c", 0.6))
    ]
    (task,) = read_tasks(paths)
    assert [part.labels for part in task.trained] == [("a", "b"), ("c",)]
    assert [list(tested.scores) for entries in task.transfers.values() for tested in entries] == [["a", "b", "c"]] * 2
    text = Page(build_report(paths)).text()
    assert "not all differences between them are paired" not in text and "a (c)" not in text
    rows = [line.split(" | ")[0] for line in markdown_tables(paths).splitlines() if line.startswith("| c")]
    assert rows[:2] == ["| c", "| c to a"]


def test_a_reference_with_other_figures_is_another_model(tmp_path):
    first = write_downstream_made(tmp_path / "1", make_downstream(("a", "b"), (0.4, 0.5)))
    second = write_downstream_made(tmp_path / "2", make_downstream(("a", "c"), (0.41, 0.6)))
    (task,) = read_tasks([first, second])
    assert [part.labels for part in task.trained] == [("a", "b"), ("a (2)", "c")]


def test_other_sentences_are_another_section(tmp_path):
    first = write_downstream_made(tmp_path / "1", make_downstream(("a",), (0.4,)))
    second = write_downstream_made(tmp_path / "2", make_downstream(("b",), (0.5,), fingerprint="other"))
    third = write_downstream_made(tmp_path / "3", make_downstream(("b",), (0.5,), tests=("urd_Arab", "pol_Latn")))
    assert len(read_tasks([first, second, third])) == 3


def test_runs_keep_their_letters(runs, tmp_path):
    found = read_runs(runs)
    down = downstream(tmp_path / "down", {"Model-3": 0.4, "other": 0.5})
    by_label = runs_of(read_task_file(down / "hin_Deva" / "downstream.json"), found)
    assert {label: run.key for label, run in by_label.items()} == {"Model-3": "C", "other": "F"}
    # By the path of the model, where labels differ.
    made = make_downstream(("base",), (0.4,))
    made["models"][0]["model"] = "/somewhere/runs/Model-2/"
    task = read_task_file(write_downstream_made(tmp_path / "path", made) / "downstream.json")
    assert runs_of(task, found)["base"].key == "B"


def test_gains_go_with_alignment(runs, tmp_path):
    folders = [*runs, downstream(tmp_path / "down"), downstream(tmp_path / "ner", task="ner", name="wikiann")]
    found, tasks = read_runs(folders), read_tasks(folders)
    gains = gains_of(datasets_of(found)[0], tasks, found)
    assert [column.title for column in gains.gains] == [
        *("sib200, zero-shot", "sib200, same language", "ner, zero-shot", "ner, same language")
    ]
    assert [column.title for column in gains.measures] == ["Top-1", "Top-1, best layer", "Similarity gap"]
    for column in gains.gains:
        assert column.values[0] == 0 and len(column.values) == 5
    for task, column in zip(tasks, gains.gains[::2], strict=True):
        scores = [
            [entry.scores[label][task.measures[0]].mean.value for label in MODELS]
            for transfer, (entry,) in task.transfers.items()
            if transfer.is_zero_shot
        ]
        assert len(scores) == 2
        means = [sum(pair) / 2 for pair in zip(*scores, strict=True)]
        assert column.values == pytest.approx([mean - means[0] for mean in means])
    assert gains.table[0][0].value == pytest.approx(1) and gains.chances[0][0] == pytest.approx(2 / 120)
    html = build_report(folders)
    assert "Correlation of alignment measures with downstream gains" in html and "p = 0.02" in html
    # A plot for every measure and gain, and each has a point for every run.
    assert len(re.findall(r'<desc id="gains-1-\d-\d-d">', html)) == 12
    assert "12 correlations over 5 runs" in Page(html).text()


def test_too_few_runs_are_said_and_shown(runs, tmp_path):
    down = downstream(tmp_path / "down", {"Model-1": 0.4, "Model-2": 0.5, "Model-3": 0.6})
    html = build_report([*runs, down])
    assert "Too few runs for a correlation: 3 runs have both" in html
    assert "Correlation of alignment measures" not in html and '<desc id="gains-1-0-0-d">' in html
    text = markdown_tables([*runs, down])
    assert "Too few runs for a correlation" in text and "p = " not in text


def test_of_four_runs_no_correlation_is_clear(runs, tmp_path):
    down = downstream(tmp_path / "down", {f"Model-{number}": 0.3 + 0.1 * number for number in range(1, 5)})
    text = markdown_tables([*runs, down])
    assert "0 of 6 correlations over 4 runs are stronger" in text and "; of 4 runs none can be" in text


def test_runs_without_alignment_or_in_other_languages_have_no_correlations(runs, tmp_path):
    down = downstream(tmp_path / "down")
    assert "Does better alignment help?" not in build_report([down])
    other = make_downstream(tuple(MODELS), tuple(MODELS.values()), train="pol_Latn", tests=("pol_Latn", "ukr_Cyrl"))
    html = build_report([*runs, write_downstream_made(tmp_path / "other", other)])
    assert "Does better alignment help?" not in html and "pol_Latn → ukr_Cyrl" in html


def test_a_run_that_lacks_a_direction_has_no_gain(runs, tmp_path):
    folder = downstream(tmp_path / "down")
    fewer = make_downstream(("Model-1", "Model-2"), (0.4, 0.5), train="urd_Arab")
    write_downstream_made(folder / "urd_Arab", fewer)
    found, tasks = read_runs([*runs, folder]), read_tasks([folder])
    gains = gains_of(datasets_of(found)[0], tasks, found)
    assert len(gains.runs) == 2
    assert '<td class="none">not tested</td>' in build_report([*runs, folder])


def test_markdown_has_a_row_a_run_and_one_for_its_difference(tmp_path):
    text = markdown_tables([downstream(tmp_path / "down", {"a": 0.4, "b|<i>": 0.5})])
    rows = [line for line in text.splitlines() if line.startswith(("| a", "| b"))]
    assert [row.split(" | ")[0] for row in rows[:3]] == ["| a", "| b\\|&lt;i>", "| b\\|&lt;i> to a"]
    assert re.search(r"\| \d\d\.\d ± \d\.\d \[\d\d\.\d, \d\d\.\d\] \|", rows[0])


def test_names_cannot_break_out(runs, tmp_path):
    models = {HOSTILE: 0.4, **{f"{HOSTILE}{place}": 0.4 + place / 10 for place in range(1, 4)}}
    made = make_downstream(tuple(models), tuple(models.values()), name=HOSTILE, tests=("hin_Deva", HOSTILE))
    made["settings"]["training"][HOSTILE] = HOSTILE
    folders = [write_downstream_made(tmp_path / "hostile", made)]
    for label, level in models.items():
        write(tmp_path / f"run-{level}", make_results(label, level, pair=("hin_Deva", HOSTILE)))
        folders.append(tmp_path / f"run-{level}")
    page = Page(build_report(folders))
    assert {"script", "img"}.isdisjoint(tag for tag, _, _ in page.elements)
    assert "Does better alignment help?" in page.text()
    assert "<img" not in markdown_tables(folders)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda made: made.update(task="sib"), "task must be one of sib200"),
        (lambda made: made.update(format="hf_xalign/downstream-9"), "format"),
        (lambda made: made.pop("seeds"), "seeds is missing"),
        (lambda made: made["languages"][0]["scores"].pop(), "must hold 2 scores"),
        (lambda made: made["languages"][0]["scores"][1]["accuracy"].update(value=2), "between 0 and 1"),
        (lambda made: made["languages"][0]["scores"][1]["accuracy"]["seeds"].pop(), "must hold 3 figures"),
        (lambda made: made["languages"][1].update(language="hin_Deva"), "a second time"),
        (lambda made: made["models"][1].update(label="Model-1"), "different labels"),
        (lambda made: made["languages"].clear(), "languages is empty"),
    ],
)
def test_a_malformed_file_is_one_line(tmp_path, change, words):
    made = make_downstream()
    change(made)
    folder = write_downstream_made(tmp_path / "bad", made)
    with pytest.raises(XAlignError, match=words) as error:
        build_report([folder])
    assert "downstream.json" in str(error.value) and "\n" not in str(error.value)


def test_every_id_is_there_once(runs, tmp_path):
    page = Page(build_report([*runs, downstream(tmp_path / "a"), downstream(tmp_path / "b", task="pos")]))
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert json.dumps(ids).count("task-2") > 4


@needs_chromium
def test_a_phone_scrolls_the_tables_and_not_the_page(runs, tmp_path):
    page = write_report([*runs, downstream(tmp_path / "down")], tmp_path / "report.html")
    client, scroll = widths_on_a_phone(page, tmp_path)
    assert scroll <= client
