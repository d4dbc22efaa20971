"""`languages.json` as one table, languages by models: plain text for the terminal, Markdown for a README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hf_xalign.evaluation.text_tables import columns, gain, markdown_cell, markdown_row, share


class Row(NamedTuple):
    """A line of the table; `kind` is "language", "mean" or "difference"."""

    kind: str
    name: str
    n: str
    cells: list[str]


def format_languages(results: dict[str, Any], direction: str = "mean") -> str:
    """The table as plain text, one for each metric.

    Args:
        direction: "forward", "backward" or their "mean".
    """
    header = ["", "n", *(model["label"] for model in results["models"])]
    blocks = []
    for metric in metrics_of(results):
        lines = [header]
        for title, rows in _blocks(results, metric, direction):
            lines += [[title, *[""] * (len(header) - 1)]] if title else []
            lines += [[f"{'  ' if title else ''}{row.name}", row.n, *row.cells] for row in rows]
        blocks += [f"{caption(results, metric, direction)}\n", *columns(lines), ""]
    data = results["dataset"]
    title = (
        f"{data['name']}{' (synthetic)' if data['synthetic'] else ''}, {len(results['languages'])} pairs of languages"
    )
    return "\n".join([title, "", *blocks, *(_settings(model) for model in results["models"])])


def languages_markdown(results: dict[str, Any], direction: str = "mean") -> str:
    """The table as Markdown, one for each metric."""
    blocks = []
    for metric in metrics_of(results):
        name = markdown_cell(results["dataset"]["name"]) + (" (synthetic)" if results["dataset"]["synthetic"] else "")
        lines = [f"**{name}**: {markdown_cell(caption(results, metric, direction))}", ""]
        lines.append(markdown_row(["", "n", *(markdown_cell(model["label"]) for model in results["models"])]))
        lines.append(markdown_row(["---", *["---:"] * (1 + len(results["models"]))]))
        for title, rows in _blocks(results, metric, direction):
            if title:
                lines.append(markdown_row([f"*{title}*", *[""] * (1 + len(results["models"]))]))
            for row in rows:
                name = f"**{row.name}**" if row.kind == "mean" else row.name
                lines.append(markdown_row([name, row.n, *row.cells]))
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def metrics_of(results: dict[str, Any]) -> list[str]:
    return list(results["languages"][0]["scores"])


def caption(results: dict[str, Any], metric: str, direction: str) -> str:
    """What the figures of a table are."""
    return f"top-1 retrieval by {metric}, {direction_name(results, direction)}, per cent [95 % bootstrap interval]"


def direction_name(results: dict[str, Any], direction: str) -> str:
    """`eng_Latn > language`, say: queries of the one, candidates of the other."""
    if direction == "mean":
        return "mean of both directions"
    source, target = ends([entry["pair"] for entry in results["languages"]])
    return f"{source} > {target}" if direction == "forward" else f"{target} > {source}"


def ends(pairs: Sequence[Sequence[str]]) -> tuple[str, str]:
    """What stands first and last in all pairs: the language that they share, or a word for what differs."""
    names = [{pair[end] for pair in pairs} for end in (0, 1)]
    if all(len(name) > 1 for name in names):
        return "first", "second"
    source, target = (name.pop() if len(name) == 1 else "language" for name in names)
    return source, target


def _blocks(results: dict[str, Any], metric: str, direction: str) -> Iterator[tuple[str, list[Row]]]:
    """The languages of each group with their mean, last the mean of all; a single group has no title."""
    entries = {entry["language"]: entry for entry in results["languages"]}
    several = len(results["groups"]) > 1
    for group in results["groups"]:
        scores = group["scores"][metric]
        count = len(group["languages"])
        rows = []
        if not several or group["name"] != "all":
            rows = [
                Row(
                    "language",
                    name,
                    f"{entries[name]['n']:,}",
                    [share(score[direction]) for score in entries[name]["scores"][metric]],
                )
                for name in group["languages"]
            ]
        rows.append(Row("mean", f"mean of {count}", "", [share(score[direction]) for score in scores]))
        if len(scores) > 1:
            first = results["models"][0]["label"]
            gains = [gain(score["difference"][direction]) if "difference" in score else "" for score in scores]
            rows.append(Row("difference", f"difference to {first}", "", gains))
        yield group["name"] if several else "", rows


def _settings(model: dict[str, Any]) -> str:
    cut = f", {model['truncated']} sentences cut at {model['max_length']} tokens" if model["truncated"] else ""
    return f"{model['label']}: layer {model['layer']} of {model['num_layers']}, {model['pooling']} pooling{cut}"
