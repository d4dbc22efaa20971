"""Results as a small plain-text table."""

from __future__ import annotations

from typing import Any


def format_results(results: dict[str, Any]) -> str:
    """The main figures of a `results.json`, shares in per cent, each with its 95 % interval."""
    source, target = results["pair"]
    data = results["dataset"]
    kind = "synthetic, " if data["synthetic"] else ""
    lines = [
        f"{results['label']} on {data['name']} ({kind}n = {data['n']}), "
        f"layer {results['layer']} of {results['num_layers']}, {results['pooling']} pooling, 95 % bootstrap intervals",
        "",
    ]
    rows = [["retrieval, %", f"{source} > {target}", f"{target} > {source}", "mean"]]
    for metric, figures in results["retrieval"].items():
        for k in ("top1", "top5", "top10"):
            mean = _percent(figures["mean_top1"]) if k == "top1" else ""
            name = f"{metric} {k.replace('top', 'top-')}"
            rows.append([name, _percent(figures["forward"][k]), _percent(figures["backward"][k]), mean])
    lines += [*_columns(rows), ""]
    rows = [["similarity (cosine)", "matched", "random", "gap", "AUROC"]]
    for name, figures in results["similarities"].items():
        rows.append([name.replace("_", " "), *(_cosine(figures[k]) for k in ("matched", "random", "gap", "auroc"))])
    lines += [*_columns(rows), ""]
    rows = [["lexical overlap, %", "shared / total types", ""]]
    for name, figures in results["overlap"].items():
        rows.append([name, _percent(figures["ratio"]), f"{figures['shared']} of {figures['total']}"])
    lines += _columns(rows)
    if "dynamics" in results:
        rows = [["step", "mean top-1, %", "translation gap"]]
        for point in results["dynamics"]:
            gap = point["similarities"]["translation"]["gap"]
            rows.append([str(point["step"]), _percent(point["mean_top1"]), f"{gap:.3f}"])
        lines += ["", *_columns(rows)]
    return "\n".join(lines)


def _percent(estimate: dict[str, float]) -> str:
    return f"{100 * estimate['value']:.1f} [{100 * estimate['low']:.1f}, {100 * estimate['high']:.1f}]"


def _cosine(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"


def _columns(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
