"""An audit as small plain-text tables."""

from __future__ import annotations

from typing import Any

from hf_xalign.evaluation.text_tables import columns, share
from hf_xalign.messages import counted


def format_audit(audit: dict[str, Any]) -> str:
    """The main figures of an `audit.json`, shares in per cent, each with its 95 % interval."""
    gold = audit["gold"]
    against = f"{gold['file']} (n = {counted(gold['n'], 'pair')})"
    lines = [f"{audit['aligner']} against {against}, 95 % bootstrap intervals over pairs", ""]
    rows = [["pairs", "n", "links", "precision, %", "recall, %", "F1, %", "AER, %"]]
    for group in audit["groups"]:
        scores = [share(group["scores"][name]) for name in ("precision", "recall", "f1", "aer")]
        rows.append([group["pair"], str(group["n"]), str(group["links"]["predicted"]), *scores])
    lines += [*columns(rows), ""]
    rows = [
        ["links / gold", "source words linked, %", "target", "words without link, %", "fertility of source", "target"]
    ]
    for group in audit["groups"]:
        coverage, fertility = group["coverage"], group["fertility"]
        parts = [coverage["source"], coverage["target"], group["null_rate"]]
        shares = [f"{100 * part['predicted']['value']:.1f} / {100 * part['gold']:.1f}" for part in parts]
        means = [f"{part['predicted']['value']:.2f} / {part['gold']:.2f}" for part in fertility.values()]
        rows.append([group["pair"], *shares, *means])
    return "\n".join([*lines, *columns(rows), "", describe_choice(audit)])


def describe_choice(audit: dict[str, Any]) -> str:
    """Which score threshold gives the wanted precision, or that none does, in a sentence."""
    choice, wanted = audit["choice"], 100 * audit["wanted_precision"]
    if not choice:
        return "There is no link, so there is no threshold to choose."
    precision = share(choice["precision"])
    figures = f"precision {precision} %, recall {share(choice['recall'])} %, n = {counted(choice['links'], 'link')}"
    if not choice["reached"]:
        return (
            f"No threshold reaches a precision of {wanted:g} %: the highest is at score {choice['threshold']:g} "
            f"({figures})."
        )
    every = audit["thresholds"][0]["links"]
    if choice["links"] == every:
        return f"All links together reach a precision of {wanted:g} % ({figures}): no threshold is needed."
    return (
        f"Links with a score of {choice['threshold']:g} or more reach a precision of {wanted:g} % ({figures} of "
        f"{every}). The threshold is chosen on these very pairs: expect a little less on others."
    )
