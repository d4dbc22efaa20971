"""`languages.json` as one table for each metric, languages by models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hf_xalign.evaluation.grouped_table import GroupedTable, settings_of, title_of
from hf_xalign.evaluation.text_tables import markdown_cell


def format_languages(results: dict[str, Any], direction: str = "mean") -> str:
    """The tables as plain text.

    Args:
        results: what `evaluate_languages` returns.
        direction: "forward", "backward" or their "mean".
    """
    lines = [title_of(results), ""]
    for metric in metrics_of(results):
        lines += [caption(results, metric, direction), "", *_table(results, metric, direction).text(), ""]
    return "\n".join([*lines, *(settings_of(model) for model in results["models"])])


def languages_markdown(results: dict[str, Any], direction: str = "mean") -> str:
    """The tables as Markdown; `results` and `direction` as in [`format_languages`]."""
    title = f"**{markdown_cell(title_of(results))}**"
    blocks = []
    for metric in metrics_of(results):
        lines = [f"{title}: {markdown_cell(caption(results, metric, direction))}", ""]
        blocks.append("\n".join([*lines, *_table(results, metric, direction).markdown()]))
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
    source, target = shared_ends([entry["pair"] for entry in results["languages"]])
    return f"{source} > {target}" if direction == "forward" else f"{target} > {source}"


def shared_ends(pairs: Sequence[Sequence[str]]) -> tuple[str, str]:
    """What stands first and last in all pairs: the language that they share, or a word for what differs."""
    names = [{pair[end] for pair in pairs} for end in (0, 1)]
    if all(len(name) > 1 for name in names):
        return "first", "second"
    source, target = (name.pop() if len(name) == 1 else "language" for name in names)
    return source, target


def _table(results: dict[str, Any], metric: str, direction: str) -> GroupedTable:
    return GroupedTable(
        results,
        count=lambda entry: f"{entry['n']:,}",
        shares=lambda entry: [score[direction] for score in entry["scores"][metric]],
        gains=lambda entry: [score.get("difference", {}).get(direction) for score in entry["scores"][metric]],
    )
