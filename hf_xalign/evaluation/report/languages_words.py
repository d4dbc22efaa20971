"""What the report says in words of models in many languages."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.evaluation.report.languages import LanguageTable, Score
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.words import Verdict, compare, interval, listing, percent


def languages_verdict(table: LanguageTable, runs: Sequence[Run]) -> Verdict:
    """Which run is best in the mean of all languages, and which differ from the first in which group.

    A run is better than another where its interval lies wholly above, or where their paired difference does not hold
    0: the draws are the same for both, so that this tells more. Only differences to the first run are known.
    """
    scores = table.whole[table.metrics[0]]
    ranked = sorted(range(len(runs)), key=lambda place: -scores[place].shares["mean"].value)
    best, others = ranked[0], ranked[1:]
    share = scores[best].shares["mean"]
    what = f"mean top-1 accuracy over {table.counted}, {percent(share.value)} {interval(share)}"
    name = runs[best].label
    if not others:
        return Verdict(runs[best], False, f"{name} reaches {what}; there is no other run to compare it with.")
    rivals = [place for place in others if not _better(scores, best, place)]
    if rivals:
        told = listing([f"{runs[place].label} ({percent(scores[place].shares['mean'].value)})" for place in rivals])
        sentence = f"No clear winner: {name} has the highest {what}, but is not clearly better than {told}."
    else:
        beaten = "the other run" if len(others) == 1 else "all other runs"
        sentence = f"{name} aligned best: {what}, clearly better than {beaten}."
    return Verdict(runs[best], not rivals, f"{sentence} {_differences(table, runs)}".strip())


def _better(scores: Sequence[Score], first: int, second: int) -> bool:
    if compare(scores[first].shares["mean"], scores[second].shares["mean"]) == "above":
        return True
    if second == 0 and scores[first].difference:
        return scores[first].difference["mean"].low > 0
    return first == 0 and scores[second].difference is not None and scores[second].difference["mean"].high < 0


def _differences(table: LanguageTable, runs: Sequence[Run]) -> str:
    """Which runs differ clearly from the first, in all languages and in the low-resource ones; tables say how far."""
    metric = table.metrics[0]
    if not any(score.difference for score in table.whole[metric]):
        return ""
    groups = {group.name: _apart(scores[metric], runs) for group, scores in table.groups.items()}
    everywhere = groups.pop("all")
    text = f"By paired differences to the first run, {runs[0].label}: {everywhere}"
    if "low-resource" not in groups:
        return f"{text}."
    low = groups["low-resource"]
    if low == everywhere:
        return f"{text}; likewise in the low-resource languages."
    return f"{text}; in the low-resource languages, {low}."


def _apart(scores: Sequence[Score], runs: Sequence[Run]) -> str:
    gains = [(run, score.difference["mean"]) for run, score in zip(runs, scores, strict=True) if score.difference]
    above = [run.label for run, gain in gains if gain.low > 0]
    below = [run.label for run, gain in gains if gain.high < 0]
    parts = [f"{listing(labels)} clearly {word}" for word, labels in (("better", above), ("worse", below)) if labels]
    return ", ".join(parts) or "no clear difference"
