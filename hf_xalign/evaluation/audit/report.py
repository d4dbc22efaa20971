"""`audit.json` and `audit.html`: an audit as figures for programs, and as a page for people."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hf_xalign.evaluation.audit.examples import KINDS
from hf_xalign.evaluation.audit.figures import (
    SCORE_NAMES,
    fertility_figure,
    histogram_figure,
    score_figure,
    threshold_figure,
)
from hf_xalign.evaluation.audit.heatmaps import Heatmap, heatmap
from hf_xalign.evaluation.audit.results import validate_audit, write_audit
from hf_xalign.evaluation.audit.table import describe_choice
from hf_xalign.evaluation.report.json_fields import clean
from hf_xalign.evaluation.report.page import render_page
from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.words import percent
from hf_xalign.files import write_text


PAGE_NAME = "audit.html"


class Example(NamedTuple):
    kind: str
    place: str
    aer: float
    links: int
    heatmap: Heatmap


def write_audit_report(audit: dict[str, Any], directory: str | os.PathLike) -> list[Path]:
    """Write `audit.json` and `audit.html` to a folder, which is made if need be, and return their paths.

    Args:
        audit: what `audit_alignments` returns.
        directory: the folder.

    Raises:
        XAlignError: `audit` is not in the format of `audit.json`, or a file cannot be written.
    """
    page = build_audit_page(audit)
    return [write_audit(audit, directory), write_text(Path(directory) / PAGE_NAME, page)]


def build_audit_page(audit: dict[str, Any]) -> str:
    """The page as HTML; the same audit gives the same bytes.

    It shows words of the gold file: a page about data that may not be passed on may not be passed on, either.

    Raises:
        XAlignError: `audit` is not in the format of `audit.json`.
    """
    validate_audit(audit)
    audit = _clean(audit)
    groups, curve, choice = audit["groups"], audit["thresholds"], audit["choice"]
    figures = [score_figure(groups)]
    scored = len(curve) > 1
    if scored:
        figures += [threshold_figure(curve, choice, audit["wanted_precision"]), histogram_figure(audit["histogram"])]
    return render_page(
        "audit.html.jinja",
        styles=("report.css", "audit.css"),
        title=f"Word alignment audit: {audit['aligner'].split('(')[0]}",
        headline=_headline(groups),
        audit=audit,
        groups=[_cells(group) for group in groups],
        score_names=SCORE_NAMES,
        choice=describe_choice(audit),
        scored=scored,
        figures=figures,
        fertility=fertility_figure(groups[0]["fertility"]),
        examples=_examples(audit["examples"]),
    )


def _headline(groups: Sequence[dict[str, Any]]) -> str:
    first = groups[0]
    error = percent(first["scores"]["aer"]["value"])
    if len(groups) == 1:
        return f"An alignment error rate of {error} on {first['n']:,} sentence pairs"
    ranked = sorted(groups[1:], key=lambda group: group["scores"]["aer"]["value"])
    best, worst = ranked[0], ranked[-1]
    return (
        f"An alignment error rate of {error} over {len(ranked)} language pairs, from "
        f"{percent(best['scores']['aer']['value'])} ({best['pair']}) to "
        f"{percent(worst['scores']['aer']['value'])} ({worst['pair']})"
    )


def _cells(group: dict[str, Any]) -> dict[str, Any]:
    """A group with its estimates as the tables of all pages want them."""
    coverage, fertility = group["coverage"], group["fertility"]
    return {
        **group,
        "scores": {name: Measure(**estimate) for name, estimate in group["scores"].items()},
        "shares": [
            (Measure(**part["predicted"]), part["gold"])
            for part in (coverage["source"], coverage["target"], group["null_rate"])
        ],
        "means": [(Measure(**fertility[side]["predicted"]), fertility[side]["gold"]) for side in ("source", "target")],
    }


def _examples(entries: Sequence[dict[str, Any]]) -> dict[str, list[Example]]:
    """By language pair, the worst first."""
    drawn: dict[str, list[Example]] = {}
    for place, entry in enumerate(sorted(entries, key=lambda entry: KINDS.index(entry["kind"]))):
        example = Example(
            entry["kind"], entry["place"], entry["aer"], len(entry["links"]), heatmap(f"pair-{place}", entry)
        )
        drawn.setdefault(entry["pair"], []).append(example)
    return {pair: drawn[pair] for pair in dict.fromkeys(entry["pair"] for entry in entries)}


def _clean(value: Any) -> Any:
    """Without the control characters that neither HTML nor UTF-8 has a place for."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return clean(value) if isinstance(value, str) else value
