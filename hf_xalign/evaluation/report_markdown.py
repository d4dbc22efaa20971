"""The retrieval tables of a report as Markdown, for a README or a model card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hf_xalign.evaluation.report_results import Measure, Result
from hf_xalign.evaluation.report_runs import Run, datasets_of, read_runs


def markdown_tables(folders: Sequence[str | Path]) -> str:
    """One table a data set: top-1/5/10 in both directions, mean top-1 with its 95 % interval, and the similarity gap.

    Args:
        folders: run folders or evaluation folders; their runs are the rows, in this order.

    Raises:
        XAlignError: a folder without results, or a malformed file.
    """
    runs = read_runs([Path(folder) for folder in folders])
    return "\n\n".join(_table(dataset, runs) for dataset in datasets_of(runs)) + "\n"


def _table(dataset: tuple, runs: Sequence[Run]) -> str:
    having = [(run, result) for run in runs if (result := run.on(dataset)) is not None]
    first = having[0][1]
    source, target = (_cell(code) for code in first.pair)
    synthetic = ", synthetic" if first.synthetic else ""
    title = f"**{_cell(first.name)}** ({first.n:,} pairs{synthetic}), per cent, 95 % bootstrap intervals"
    header = ["", f"{source} → {target} top-1/5/10", f"{target} → {source} top-1/5/10", "mean top-1", "similarity gap"]
    lines = [title, "", _row(header), _row(["---", *["---:"] * 4])]
    return "\n".join([*lines, *(_row([_cell(run.label), *_figures(result)]) for run, result in having)])


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


def _cell(text: str) -> str:
    """Text that neither ends a cell nor starts HTML."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
