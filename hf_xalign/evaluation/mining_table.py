"""`mining.json` as a table of F1, languages by models, and one of precision and recall."""

from __future__ import annotations

from typing import Any

from hf_xalign.evaluation.grouped_table import GroupedTable, settings_of, title_of
from hf_xalign.evaluation.text_tables import columns, markdown_cell, markdown_row


def format_mining(results: dict[str, Any]) -> str:
    """The tables as plain text."""
    lines = [title_of(results), "", caption(results), "", *_table(results).text(), ""]
    lines += ["precision / recall, per cent", "", *columns([_header(results), *_precision_and_recall(results)]), ""]
    return "\n".join([*lines, *(settings_of(model) for model in results["models"])])


def mining_markdown(results: dict[str, Any]) -> str:
    """The tables as Markdown."""
    header = [markdown_cell(cell) for cell in _header(results)]
    lines = [f"**{markdown_cell(title_of(results))}**: {caption(results)}", "", *_table(results).markdown(), ""]
    lines += ["Precision / recall, per cent", "", markdown_row(header)]
    lines.append(markdown_row(["---", *["---:"] * (len(header) - 1)]))
    lines += [markdown_row(row) for row in _precision_and_recall(results)]
    return "\n".join(lines) + "\n"


def caption(results: dict[str, Any]) -> str:
    """What the figures of the table are."""
    method = f"{results['margin']} margin of {results['neighbours']} neighbours"
    return (
        f"F1 of mined pairs, {method}, per cent [95 % bootstrap interval]; n is gold pairs in source × target "
        "sentences; thresholds tuned on the other half"
    )


def _table(results: dict[str, Any]) -> GroupedTable:
    return GroupedTable(
        results,
        count=lambda entry: f"{entry['test']['gold']} in {entry['test']['source']} × {entry['test']['target']}",
        shares=lambda entry: [score["f1"] for score in entry["scores"]],
        gains=lambda entry: [score.get("difference") for score in entry["scores"]],
    )


def _header(results: dict[str, Any]) -> list[str]:
    return ["", *(model["label"] for model in results["models"])]


def _precision_and_recall(results: dict[str, Any]) -> list[list[str]]:
    return [
        [
            entry["language"],
            *(f"{100 * s['precision']['value']:.1f} / {100 * s['recall']['value']:.1f}" for s in entry["scores"]),
        ]
        for entry in results["languages"]
    ]
