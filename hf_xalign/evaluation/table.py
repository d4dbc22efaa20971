"""Results as a small plain-text table."""

from __future__ import annotations

from typing import Any

from hf_xalign.evaluation.measure_shapes import BASELINES
from hf_xalign.evaluation.text_tables import columns, share


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
            mean = share(figures["mean_top1"]) if k == "top1" else ""
            name = f"{metric} {k.replace('top', 'top-')}"
            rows.append([name, share(figures["forward"][k]), share(figures["backward"][k]), mean])
    lines += [*columns(rows), ""]
    rows = [["similarity (cosine)", "matched", "random", "gap", "AUROC"]]
    for name, figures in results["similarities"].items():
        rows.append([name.replace("_", " "), *(_cosine(figures[k]) for k in ("matched", "random", "gap", "auroc"))])
    lines += [*columns(rows), ""]
    rows = [["lexical overlap, %", "shared / total types", ""]]
    for name, figures in results["overlap"].items():
        rows.append([name, share(figures["ratio"]), f"{figures['shared']} of {figures['total']}"])
    lines += columns(rows)
    if "measures" in results:
        lines += ["", *_measures(results["measures"])]
    if "alignment_layers" in results:
        alignment = results["alignment_layers"]
        rows = [[f"words ({alignment['method']}), %", "AER", "precision", "recall"]]
        for point in alignment["layers"]:
            rows.append([f"layer {point['layer']}", *(share(point[name]) for name in ("aer", "precision", "recall"))])
        lines += ["", *columns(rows), f"on {alignment['gold']['file']} (n = {alignment['gold']['n']})"]
    if "dynamics" in results:
        rows = [["step", "mean top-1, %", "translation gap"]]
        for point in results["dynamics"]:
            gap = point["similarities"]["translation"]["gap"]
            rows.append([str(point["step"]), share(point["mean_top1"]), f"{gap:.3f}"])
        lines += ["", *columns(rows)]
    return "\n".join(lines)


def _measures(measures: dict[str, Any]) -> list[str]:
    rows = [["by layer", "CKA (random)", "ANC (random)", "mean cosine", "", "partition", ""]]
    for point in measures["layers"]:
        beside = [f"{point[name]['value']:.3f} ({point[name]['random']:.3f})" for name in ("cka", "anc")]
        cosines = [_cosine(point["mean_cosine"][side]) for side in ("source", "target")]
        scores = [f"{point['partition'][side]:.3f}" for side in ("source", "target")]
        rows.append([f"layer {point['layer']}", *beside, *cosines, *scores])
    lines = [*columns(rows), "mean cosine and partition score of source and target", ""]
    rows = [["mean top-1, %", *(name.replace("_", " ") for name in BASELINES)]]
    for point in measures["layers"]:
        rows.append([f"layer {point['layer']}", *(share(point["retrieval"][name]) for name in BASELINES)])
    fit = measures["fit"]
    return [*lines, *columns(rows), f"on {fit['test']} pairs; means and maps of {fit['n']} others"]


def _cosine(estimate: dict[str, float]) -> str:
    return f"{estimate['value']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"
