"""Languages by models, group by group, each with its mean: as plain text for a terminal, as Markdown for a README."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hf_xalign.evaluation.text_tables import columns, gain, markdown_cell, markdown_row, share
from hf_xalign.messages import counted


class Row(NamedTuple):
    """`kind` is "language", "mean" or "difference"."""

    kind: str
    name: str
    n: str
    cells: list[str]


@dataclass(frozen=True)
class GroupedTable:
    """A result file's `languages` and `groups` as a table of shares.

    `count` writes the n of an entry of `languages`; `shares` finds an estimate per model in an entry of either list,
    `gains` the difference of each model to the first, `None` where there is none.
    """

    results: dict[str, Any]
    count: Callable[[dict], str]
    shares: Callable[[dict], Sequence[dict]]
    gains: Callable[[dict], Sequence[dict | None]]

    def text(self) -> list[str]:
        lines = [self._header()]
        for title, rows in self._blocks():
            lines += [[title, *[""] * (len(lines[0]) - 1)]] if title else []
            lines += [[f"{'  ' if title else ''}{row.name}", row.n, *row.cells] for row in rows]
        return columns(lines)

    def markdown(self) -> list[str]:
        header = [markdown_cell(cell) for cell in self._header()]
        lines = [markdown_row(header), markdown_row(["---", *["---:"] * (len(header) - 1)])]
        for title, rows in self._blocks():
            if title:
                lines.append(markdown_row([f"*{title}*", *[""] * (len(header) - 1)]))
            for row in rows:
                name = markdown_cell(row.name)
                lines.append(markdown_row([f"**{name}**" if row.kind == "mean" else name, row.n, *row.cells]))
        return lines

    def _header(self) -> list[str]:
        return ["", "n", *(model["label"] for model in self.results["models"])]

    def _blocks(self) -> Iterator[tuple[str, list[Row]]]:
        """The languages of each group with their mean, last the mean of all; a single group has no title."""
        entries = {entry["language"]: entry for entry in self.results["languages"]}
        several = len(self.results["groups"]) > 1
        for group in self.results["groups"]:
            members = group["languages"]
            rows = []
            if not several or group["name"] != "all":
                rows = [
                    Row(
                        "language",
                        name,
                        self.count(entries[name]),
                        [share(cell) for cell in self.shares(entries[name])],
                    )
                    for name in members
                ]
            rows.append(Row("mean", f"mean of {len(members)}", "", [share(cell) for cell in self.shares(group)]))
            gains = self.gains(group)
            if any(gains):
                first = self.results["models"][0]["label"]
                cells = [gain(cell) if cell else "" for cell in gains]
                rows.append(Row("difference", f"difference to {first}", "", cells))
            yield group["name"] if several else "", rows


def title_of(results: dict[str, Any]) -> str:
    """The data set, and how many pairs of languages are out of it."""
    data = results["dataset"]
    pairs = counted(len(results["languages"]), "pair")
    return f"{data['name']}{' (synthetic)' if data['synthetic'] else ''}, {pairs} of languages"


def settings_of(model: dict[str, Any]) -> str:
    """How a model was read, for the foot of a table."""
    cut = f", {model['truncated']} sentences cut at {model['max_length']} tokens" if model["truncated"] else ""
    return f"{model['label']}: layer {model['layer']} of {model['num_layers']}, {model['pooling']} pooling{cut}"
