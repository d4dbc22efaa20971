"""`xalign report`: one self-contained page that sets several runs side by side.

The page needs no network, no script and no font that is not on the reader's machine. Everything that comes out of a
file is escaped by Jinja's autoescaping, in text and in SVG alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.curves import alignment_figures, dynamics_figures, layer_figure, training_figures
from hf_xalign.evaluation.report.downstream import read_tasks
from hf_xalign.evaluation.report.downstream_section import TaskSection, task_section
from hf_xalign.evaluation.report.figures import (
    Figure,
    Scores,
    averages_figure,
    overlap_figure,
    top1_figure,
)
from hf_xalign.evaluation.report.gains_section import LEAST_RUNS, gains_sections
from hf_xalign.evaluation.report.heatmaps import measures_figure
from hf_xalign.evaluation.report.histograms import histogram_figure
from hf_xalign.evaluation.report.json_fields import clean
from hf_xalign.evaluation.report.languages import read_language_tables
from hf_xalign.evaluation.report.languages_section import LanguageSection, language_section
from hf_xalign.evaluation.report.page import render_page
from hf_xalign.evaluation.report.results import Measure, Result
from hf_xalign.evaluation.report.runs import Run, datasets_of, read_runs
from hf_xalign.evaluation.report.words import Verdict, compare, listing, overall, verdict
from hf_xalign.files import write_text


class Table(NamedTuple):
    """Retrieval with one similarity measure: `rows` hold a run, its result, and the cells of each column."""

    title: str
    forward: list[str]
    backward: list[str]
    rows: list[tuple[Run, Result, list[tuple[Measure | None, bool]], str]]


class Section(NamedTuple):
    """All that the report says of one data set."""

    identifier: str
    first: Result
    scores: Scores
    verdict: Verdict
    notes: list[str]
    headline: Figure
    tables: list[Table]
    figures: list[Figure]
    overlap: Figure | None

    @property
    def best(self) -> float:
        """The highest mean top-1."""
        return max(result.retrieval["cosine"].mean_top1.value for _, result in self.scores)


def write_report(folders: Sequence[str | Path], output: str | Path, *, title: str | None = None) -> Path:
    """Write the report of these run or evaluation folders to `output`, whole or not at all.

    `folders` and `title` as in [`build_report`].

    Raises:
        XAlignError: a folder without results, a malformed file, or an output that cannot be written.
    """
    if Path(output).is_dir():
        raise XAlignError(f"{output}: is a folder; name a file with --output")
    return write_text(output, build_report(folders, title=title))


def build_report(folders: Sequence[str | Path], *, title: str | None = None) -> str:
    """The page as HTML; the same input gives the same bytes.

    Args:
        folders: run folders or evaluation folders, in the order in which runs are shown; the first is the reference.
        title: of the page; None: the languages that it is about.

    Raises:
        XAlignError: no folder, a folder without results, or a malformed file.
    """
    if not folders:
        raise XAlignError("no folder to report on; give at least one that `xalign evaluate --output` wrote")
    folders = [Path(folder) for folder in folders]
    runs = read_runs(folders)
    sections = [_section(place, dataset, runs) for place, dataset in enumerate(datasets_of(runs), 1)]
    tables = read_language_tables(folders)
    languages = [language_section(place, table, runs) for place, table in enumerate(tables, 1)]
    tasks = read_tasks(folders)
    downstream = [task_section(place, task, runs) for place, task in enumerate(tasks, 1)]
    verdicts = [(section.first.name, section.verdict) for section in sections if len(section.scores) > 1]
    verdicts += [(section.name, section.verdict) for section in languages if len(section.runs) > 1]
    return render_page(
        "report.html.jinja",
        styles=("report.css", "languages.css", "heatmaps.css", "downstream.css"),
        title=clean(title) if title else _title(sections, languages, downstream),
        headline=overall(verdicts) if sections or languages else _downstream_headline(downstream),
        runs=runs,
        sections=sections,
        languages=languages,
        downstream=downstream,
        gains=gains_sections(tasks, runs),
        least_runs=LEAST_RUNS,
        training=training_figures("training", runs),
    )


def _downstream_headline(sections: Sequence[TaskSection]) -> str:
    names = list(dict.fromkeys(section.name for section in sections))
    return f"Transfer between languages: {listing(names)}"


def _title(
    sections: Sequence[Section], languages: Sequence[LanguageSection], downstream: Sequence[TaskSection]
) -> str:
    pairs = list(dict.fromkeys(section.first.pair for section in sections))
    if not pairs and not languages:
        names = sorted({language for section in downstream for language in section.task.languages})
        return f"Crosslingual transfer between {listing(names)}"
    if not pairs:
        largest = max((section.table for section in languages), key=lambda table: len(table.languages))
        return f"Crosslingual alignment in {largest.counted}"
    names = " and ".join(pairs[0]) if len(pairs) == 1 else listing(["–".join(pair) for pair in pairs])
    return f"Crosslingual alignment of {names}"


def _section(place: int, dataset: tuple, runs: Sequence[Run]) -> Section:
    scores = [(run, result) for run in runs if (result := run.on(dataset)) is not None]
    identifier = f"data-{place}"
    figures = []
    if any(result.similarities for _, result in scores):
        figures += [averages_figure(f"{identifier}-averages", scores), histogram_figure(f"{identifier}-hist", scores)]
    if any(result.layers for _, result in scores):
        figures.append(layer_figure(f"{identifier}-layers", scores))
    if any(result.measures for _, result in scores):
        figures.append(measures_figure(f"{identifier}-measures", scores))
    figures += alignment_figures(f"{identifier}-words", scores)
    if any(result.dynamics for _, result in scores):
        figures += dynamics_figures(f"{identifier}-dynamics", scores)
    has_overlap = any({"original", "transliterated"} <= {*result.overlap} for _, result in scores)
    return Section(
        identifier,
        scores[0][1],
        scores,
        verdict([(run, result.retrieval["cosine"].mean_top1) for run, result in scores]),
        _notes(dataset, scores, runs),
        top1_figure(f"{identifier}-top1", scores),
        [_table(method, scores) for method in _methods(scores)],
        figures,
        overlap_figure(f"{identifier}-overlap", scores) if has_overlap else None,
    )


def _methods(scores: Scores) -> list[str]:
    present = dict.fromkeys(method for _, result in scores for method in result.retrieval)
    return sorted(present, key=lambda method: (method != "cosine", method))


def _table(method: str, scores: Scores) -> Table:
    having = [(run, result, result.retrieval[method]) for run, result in scores if method in result.retrieval]
    forward = sorted({key for *_, entry in having for key in entry.forward}, key=_k_of)
    backward = sorted({key for *_, entry in having for key in entry.backward}, key=_k_of)
    rows = [
        [*(e.forward.get(key) for key in forward), *(e.backward.get(key) for key in backward), e.mean_top1]
        for *_, e in having
    ]
    best = [max((cell.value for cell in column if cell), default=None) for column in zip(*rows, strict=True)]
    reference = having[0][2].mean_top1
    words = {"above": "wholly above", "below": "wholly below", "overlaps": "overlaps"}
    return Table(
        {"cosine": "cosine similarity", "csls": "CSLS", "margin": "ratio margin"}.get(method, method),
        forward,
        backward,
        [
            (
                run,
                result,
                [(cell, len(rows) > 1 and cell is not None and cell.value == top) for cell, top in _paired(row, best)],
                words[compare(entry.mean_top1, reference)] if place else "reference",
            )
            for place, ((run, result, entry), row) in enumerate(_paired(having, rows))
        ],
    )


def _paired(first: Sequence, second: Sequence) -> zip:
    return zip(first, second, strict=True)


def _k_of(key: str) -> tuple[int, str]:
    digits = key.removeprefix("top")
    return (int(digits) if digits.isdecimal() else 0, key)


def _notes(dataset: tuple, scores: Scores, runs: Sequence[Run]) -> list[str]:
    """What a careful reader should know before comparing these runs."""
    notes = []
    settings = {
        "layer": lambda result: f"layer {result.layer} of {result.num_layers}",
        "pooling": lambda result: f"{result.pooling} pooling",
        "number of pairs": lambda result: f"{result.n:,} pairs",
    }
    for what, write in settings.items():
        groups: dict[str, list[str]] = {}
        for run, result in scores:
            groups.setdefault(write(result), []).append(run.key)
        if len(groups) > 1:
            parts = [f"{setting} ({', '.join(keys)})" for setting, keys in groups.items()]
            notes.append(f"The runs were not evaluated alike in {what}: {listing(parts)}.")
    cut = [f"{run.key} {sum(result.truncated.values()):,}" for run, result in scores if sum(result.truncated.values())]
    if cut:
        notes.append(f"Sentences cut to the longest input of the model: {', '.join(cut)}.")
    namesakes = [other for other in datasets_of(list(runs)) if other[0] == dataset[0] and other[2] == dataset[2]]
    if len({other[1] for other in namesakes}) > 1:
        notes.append("Another data set in this report has this name and other sentences; the two cannot be compared.")
    missing = [run.label for run in runs if run.on(dataset) is None]
    if missing:
        notes.append(f"Not evaluated on these sentences: {listing(missing)}.")
    return notes
