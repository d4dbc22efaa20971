"""`sts.json`: correlations of cosines with gold scores by several models, and its table."""

from __future__ import annotations

from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.grouped_table import settings_of
from hf_xalign.evaluation.json_files import DATASET, ESTIMATE, MODEL, VERSIONS, ResultsFormat, check_shape
from hf_xalign.evaluation.text_tables import columns, markdown_cell, markdown_row


FORMAT = "hf_xalign/sts-1"
FILE_NAME = "sts.json"
# In the order of `StsResult.draws`.
CORRELATIONS = ("spearman", "pearson")

_SCORE = dict.fromkeys(CORRELATIONS, ESTIMATE)
SHAPE = {
    "format": str,
    "dataset": {**DATASET, "n": int},
    "models": [MODEL],
    "scores": [_SCORE],
    "seed": int,
    "versions": VERSIONS,
    "date": str,
}


def _check(results: dict[str, Any], where: str) -> None:
    """Check that there is a score for every model."""
    if len(results["scores"]) != len(results["models"]):
        raise XAlignError(f"{where}: {len(results['scores'])} scores for {len(results['models'])} models")
    for place, score in enumerate(results["scores"]):
        if "difference" in score:
            check_shape(score["difference"], _SCORE, where, f"scores[{place}].difference")


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_sts = _FILE.validate
write_sts = _FILE.write
read_sts_results = _FILE.read


def format_sts(results: dict[str, Any]) -> str:
    """The table as plain text."""
    lines = [_title(results), "", *columns(_rows(results)), ""]
    return "\n".join([*lines, *(settings_of(model) for model in results["models"])])


def sts_markdown(results: dict[str, Any]) -> str:
    """The table as Markdown."""
    header, *rows = ([markdown_cell(cell) for cell in row] for row in _rows(results))
    lines = [f"**{markdown_cell(_title(results))}**", "", markdown_row(header)]
    lines.append(markdown_row(["---", *["---:"] * (len(header) - 1)]))
    return "\n".join([*lines, *map(markdown_row, rows)]) + "\n"


def _title(results: dict[str, Any]) -> str:
    data = results["dataset"]
    kind = "synthetic, " if data["synthetic"] else ""
    return (
        f"{data['name']} ({kind}n = {data['n']:,}), correlation of cosines with gold scores [95 % bootstrap interval]"
    )


def _rows(results: dict[str, Any]) -> list[list[str]]:
    """A row per model: both correlations, and where there are several models what Spearman's is above the first's."""
    several = len(results["models"]) > 1
    rows = [["", "Spearman", "Pearson"] + [f"Spearman to {results['models'][0]['label']}"] * several]
    for model, score in zip(results["models"], results["scores"], strict=True):
        row = [model["label"], *(_correlation(score[kind]) for kind in CORRELATIONS)]
        if several:
            row.append(_correlation(score["difference"]["spearman"], "+.3f") if "difference" in score else "")
        rows.append(row)
    return rows


def _correlation(estimate: dict[str, float], form: str = ".3f") -> str:
    return f"{estimate['value']:{form}} [{estimate['low']:{form}}, {estimate['high']:{form}}]"
