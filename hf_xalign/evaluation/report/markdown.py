"""The tables of a report as Markdown, for a README or a model card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hf_xalign.evaluation.languages_results import read_languages
from hf_xalign.evaluation.languages_table import languages_markdown
from hf_xalign.evaluation.report.downstream import read_tasks
from hf_xalign.evaluation.report.downstream_markdown import downstream_tables
from hf_xalign.evaluation.report.results import Measure, Result
from hf_xalign.evaluation.report.runs import Run, datasets_of, language_files, read_runs
from hf_xalign.evaluation.text_tables import markdown_cell, markdown_row


def markdown_tables(folders: Sequence[str | Path]) -> str:
    """One table a data set: top-1/5/10 in both directions, mean top-1 with its 95 % interval, and the similarity gap;
    then those of many languages, file by file, and those of downstream tasks.

    Args:
        folders: run folders or evaluation folders; their runs are the rows, in this order.

    Raises:
        XAlignError: a folder without results, or a malformed file.
    """
    folders = [Path(folder) for folder in folders]
    runs = read_runs(folders)
    files = dict.fromkeys(path for folder in folders for path in language_files(folder))
    tables = [_table(dataset, runs) for dataset in datasets_of(runs)]
    tables += [languages_markdown(read_languages(path)).rstrip() for path in files]
    tables += downstream_tables(read_tasks(folders), runs)
    return "\n\n".join(tables) + "\n"


def _table(dataset: tuple, runs: Sequence[Run]) -> str:
    having = [(run, result) for run in runs if (result := run.on(dataset)) is not None]
    first = having[0][1]
    source, target = (markdown_cell(code) for code in first.pair)
    synthetic = ", synthetic" if first.synthetic else ""
    title = f"**{markdown_cell(first.name)}** ({first.n:,} pairs{synthetic}), per cent, 95 % bootstrap intervals"
    header = ["", f"{source} → {target} top-1/5/10", f"{target} → {source} top-1/5/10", "mean top-1", "similarity gap"]
    lines = [title, "", markdown_row(header), markdown_row(["---", *["---:"] * 4])]
    lines += [markdown_row([markdown_cell(run.label), *_figures(result)]) for run, result in having]
    return "\n".join(lines)


def _figures(result: Result) -> list[str]:
    retrieval = result.retrieval["cosine"]
    directions = [
        " / ".join(f"{100 * direction[key].value:.1f}" for key in ("top1", "top5", "top10") if key in direction)
        for direction in (retrieval.forward, retrieval.backward)
    ]
    gap = result.similarities.get("translation")
    shown = "" if gap is None else f"{gap.gap.value:.3f} [{gap.gap.low:.3f}, {gap.gap.high:.3f}]"
    return [*directions, _percent(retrieval.mean_top1), shown]


def _percent(measure: Measure) -> str:
    return f"{100 * measure.value:.1f} [{100 * measure.low:.1f}, {100 * measure.high:.1f}]"
