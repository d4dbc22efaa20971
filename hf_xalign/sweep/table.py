"""`sweep.json` as one table: a setting a row."""

from __future__ import annotations

from typing import Any

from hf_xalign.evaluation.text_tables import columns, markdown_cell, markdown_row
from hf_xalign.sweep.naming import short_key, value_text


def format_sweep(results: dict[str, Any]) -> str:
    """The table as plain text."""
    rows = [[*cells, "* best" if best else ""] for cells, best in _rows(results)]
    return "\n".join([title_of(results), "", *columns([[*_header(results), ""], *rows]), "", caption(results)])


def sweep_markdown(results: dict[str, Any]) -> str:
    """The table as Markdown, the best setting in bold."""
    header = [markdown_cell(cell) for cell in _header(results)]
    lines = [f"**{markdown_cell(title_of(results))}**: {caption(results)}", "", markdown_row(header)]
    lines.append(markdown_row(["---:"] * len(header)))
    for cells, best in _rows(results):
        cells = [markdown_cell(cell) for cell in cells]
        lines.append(markdown_row([f"**{cell}**" if best and cell else cell for cell in cells]))
    return "\n".join(lines) + "\n"


def title_of(results: dict[str, Any]) -> str:
    """The recipe, what it was tested on, and how many settings there are."""
    title = results["recipe"]
    if "dataset" in results:
        data = results["dataset"]
        kind = "synthetic, " if data["synthetic"] else ""
        title += f" on {data['name']} ({kind}{'-'.join(data['pair'])}, n = {data['n']})"
    seeds = f"seed{'s' * (len(results['seeds']) > 1)} {', '.join(map(str, results['seeds']))}"
    return f"{title}, {len(results['settings'])} settings, {seeds}"


def caption(results: dict[str, Any]) -> str:
    """What the figures are."""
    several = len(results["seeds"]) > 1
    parts = ["mean ± standard deviation over seeds"] if several else []
    if "dataset" in results:
        parts.append(f"[95 % bootstrap interval over sentences{', the mean of those of the seeds' * several}]")
    if any(setting["best"] for setting in results["settings"]):
        parts.append(f"best by the {results['metric']} of the selection data, not by the test data")
    return ", ".join(parts)


def _header(results: dict[str, Any]) -> list[str]:
    unit = ", %" if _is_share(results["metric"]) else ""
    header = [*map(short_key, results["keys"]), "runs", f"selection: {results['metric']}{unit}"]
    return [*header, "test: mean top-1, %"] if "dataset" in results else header


def _rows(results: dict[str, Any]) -> list[tuple[list[str], bool]]:
    """The cells of each setting, and whether it is the best."""
    factor, digits = (100, 1) if _is_share(results["metric"]) else (1, 4)
    rows = []
    for setting in results["settings"]:
        done, wanted = len(setting["runs"]), len(results["seeds"])
        cells = [_value(setting["values"][key]) for key in results["keys"]]
        cells.append(str(done) if done == wanted else f"{done} of {wanted}" if done else "failed")
        selection, test = setting.get("selection"), setting.get("test")
        cells.append("" if selection is None else _figure(selection["mean"], selection.get("sd"), factor, digits))
        if "dataset" in results:
            cells.append("" if test is None else f"{_figure(test['value'], test.get('sd'))} {_interval(test)}")
        rows.append((cells, setting["best"]))
    return rows


def _is_share(metric: str) -> bool:
    return metric.startswith("retrieval_")


def _figure(value: float, sd: float | None, factor: float = 100, digits: int = 1) -> str:
    spread = "" if sd is None else f" ± {factor * sd:.{digits}f}"
    return f"{factor * value:.{digits}f}{spread}"


def _interval(estimate: dict[str, float]) -> str:
    return f"[{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]"


def _value(value: Any) -> str:
    text = "-" if value is None else value_text(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
