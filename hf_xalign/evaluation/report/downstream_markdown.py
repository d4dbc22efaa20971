"""Downstream tasks, and what alignment has to do with them, as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.evaluation.downstream.results import TITLES
from hf_xalign.evaluation.report.downstream import Score, Task, runs_of
from hf_xalign.evaluation.report.downstream_section import TASK_NAMES
from hf_xalign.evaluation.report.gains import Gains, gains_of
from hf_xalign.evaluation.report.gains_section import chance_text, correlation_text, gains_sentence
from hf_xalign.evaluation.report.runs import Run, datasets_of
from hf_xalign.evaluation.report.svg import MINUS
from hf_xalign.evaluation.report.words import interval, points
from hf_xalign.evaluation.text_tables import markdown_cell, markdown_row


def downstream_tables(tasks: Sequence[Task], runs: list[Run]) -> list[str]:
    """A table a task and measure: runs by transfers; then one of correlations for each data set of alignment.

    Args:
        tasks: of `read_tasks`.
        runs: those of the report; models without a run among them are added.
    """
    own = [runs_of(task, runs) for task in tasks]
    tables = [
        _table(task, by_label, measure) for task, by_label in zip(tasks, own, strict=True) for measure in task.measures
    ]
    found = [gains_of(dataset, tasks, runs) for dataset in datasets_of(runs)] if tasks else []
    return tables + [_correlations(gains) for gains in found if gains is not None]


def _table(task: Task, runs: dict[str, Run], measure: str) -> str:
    synthetic = ", synthetic" if task.synthetic else ""
    seeds = " or ".join(str(count) for count in sorted({len(part.seeds) for part in task.trained}))
    name = markdown_cell(f"{TASK_NAMES[task.task]}: {task.name}")
    seeds = "1 seed" if seeds == "1" else f"mean ± standard deviation of {seeds} seeds"
    title = (
        f"**{name}**{synthetic}: {TITLES[measure]}, per cent, {seeds} [95 % interval]; in points, what a run is above "
        "the first of its evaluation [95 % interval, paired]"
    )
    header = ["", *(f"{markdown_cell(transfer.title)} (n = {task.sizes(transfer)})" for transfer in task.transfers)]
    rows = []
    for label, run in runs.items():
        cells, differences, references = [], [], []
        for tested in task.transfers.values():
            entry = next((entry for entry in tested if label in entry.scores), None)
            score = None if entry is None else entry.scores[label][measure]
            cells.append("" if score is None else _figure(score))
            differences.append("" if score is None or score.difference is None else _plain(points(score.difference)))
            references += [next(iter(entry.scores))] if entry is not None and differences[-1] else []
        rows.append([markdown_cell(run.label), *cells])
        if any(differences):
            names = " or ".join(dict.fromkeys(markdown_cell(runs[name].label) for name in references))
            rows.append([f"{markdown_cell(run.label)} to {names}", *differences])
    lines = [title, "", markdown_row(header), markdown_row(["---", *["---:"] * len(task.transfers)])]
    return "\n".join([*lines, *map(markdown_row, rows)])


def _correlations(gains: Gains) -> str:
    source, target = gains.pair
    title = (
        f"**Alignment and gains: {markdown_cell(gains.name)}** ({markdown_cell(source)}, {markdown_cell(target)}), "
        f"Spearman's correlation over runs, gains over {markdown_cell(gains.runs[0].label)}"
    )
    lines = [title, "", markdown_cell(_plain(gains_sentence(gains)))]
    if not any(cell is not None for row in gains.table for cell in row):
        return "\n".join(lines)
    lines += ["", markdown_row(["", *(markdown_cell(gain.title) for gain in gains.gains)])]
    lines.append(markdown_row(["---", *["---:"] * len(gains.gains)]))
    for measure, *row in zip(gains.measures, gains.table, gains.chances, gains.counts, strict=True):
        cells = [
            f"– (n = {count})"
            if cell is None
            else _plain(f"{correlation_text(cell)}, p = {chance_text(chance)}, n = {cell.n}")
            for cell, chance, count in zip(*row, strict=True)
        ]
        lines.append(markdown_row([f"{measure.title} ({measure.gloss})", *map(markdown_cell, cells)]))
    return "\n".join(lines)


def _figure(score: Score) -> str:
    deviation = "" if score.deviation is None else f" ± {100 * score.deviation:.1f}"
    return f"{100 * score.mean.value:.1f}{deviation} {interval(score.mean)}"


def _plain(text: str) -> str:
    """With the signs and spaces of a keyboard, as the other Markdown tables are written."""
    return text.replace(MINUS, "-").replace("\u202f", " ")
