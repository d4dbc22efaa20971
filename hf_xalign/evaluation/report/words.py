"""What the report says in words: numbers, comparisons, and which run aligned best, if any did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import NARROW_SPACE, signed


def percent(value: float) -> str:
    return f"{signed(100 * value, 1)}{NARROW_SPACE}%"


def interval(measure: Measure, *, share: bool = True) -> str:
    """`[52.1, 58.3]` in per cent, or with `share=False` `[0.312, 0.341]`."""
    low, high = (signed(100 * end, 1) if share else signed(end, 3) for end in (measure.low, measure.high))
    return f"[{low}, {high}]"


def points(measure: Measure) -> str:
    """A difference of shares in points, with its sign: `+3.1 [+1.9, +4.4]`."""
    value, low, high = (_with_sign(100 * number) for number in measure[:3])
    return f"{value} [{low}, {high}]"


def _with_sign(value: float) -> str:
    text = signed(value, 1)
    return f"+{text}" if value > 0 and text != "0.0" else text


def compare(measure: Measure, reference: Measure) -> str:
    """Where one interval lies next to another: `above`, `below` (wholly, both), or `overlaps`."""
    if measure.low > reference.high:
        return "above"
    return "below" if measure.high < reference.low else "overlaps"


class Verdict(NamedTuple):
    """`leader` has the highest value; it is a clear winner where no other interval reaches its own."""

    leader: Run
    clear: bool
    sentence: str


def verdict(scores: Sequence[tuple[Run, Measure]]) -> Verdict:
    """Which run aligned best on one data set, by the mean top-1 of both directions.

    Args:
        scores: runs with their measure, in the order in which they were given.
    """
    ranked = sorted(scores, key=lambda score: -score[1].value)
    leader, best = ranked[0]
    if len(ranked) == 1:
        return Verdict(
            leader, False, f"{leader.label} reaches {_top1(best)}; there is no other run to compare it with."
        )
    rivals = [score for score in ranked[1:] if compare(best, score[1]) != "above"]
    if rivals:
        verb = "interval overlaps that of" if len(rivals) == 1 else "interval overlaps those of"
        sentence = (
            f"No clear winner: {leader.label} has the highest {_top1(best)}, but its {verb} "
            f"{listing([f'{run.label} ({percent(measure.value)})' for run, measure in rivals])}."
        )
    else:
        second, measure = ranked[1]
        others = "that of the other run" if len(ranked) == 2 else "those of all other runs"
        sentence = (
            f"{leader.label} aligned best: {_top1(best)}, an interval wholly above {others} "
            f"(next: {second.label}, {percent(measure.value)} {interval(measure)})."
        )
    return Verdict(leader, not rivals, f"{sentence} {_against_first(scores)}".strip())


def overall(verdicts: Sequence[tuple[str, Verdict]]) -> str:
    """One sentence over the data sets on which runs can be compared (`verdicts`: name and verdict of each)."""
    if not verdicts:
        return "Nothing to compare: no data set has more than one run"
    winners = list(dict.fromkeys(verdict.leader.index for _, verdict in verdicts if verdict.clear))
    label = {verdict.leader.index: verdict.leader.label for _, verdict in verdicts}
    if not winners:
        return "No clear winner" if len(verdicts) == 1 else "No clear winner on any data set"
    if len(winners) == 1 and all(verdict.clear for _, verdict in verdicts):
        where = {1: "", 2: " on both data sets"}.get(len(verdicts), f" on all {len(verdicts)} data sets")
        return f"{label[winners[0]]} aligned best{where}"
    parts = []
    for winner in winners:
        names = [name for name, verdict in verdicts if verdict.clear and verdict.leader.index == winner]
        parts.append(f"{label[winner]} aligned best on {listing(names)}")
    undecided = [name for name, verdict in verdicts if not verdict.clear]
    if undecided:
        parts.append(f"no clear winner on {listing(undecided)}")
    return "; ".join(parts)


def listing(names: Sequence[str], most: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`; where there are more than `most`, the rest is counted."""
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _top1(measure: Measure) -> str:
    return f"mean top-1 accuracy, {percent(measure.value)} {interval(measure)}"


def _against_first(scores: Sequence[tuple[Run, Measure]]) -> str:
    (first, reference), others = scores[0], scores[1:]
    above = [run.label for run, measure in others if compare(measure, reference) == "above"]
    below = [run.label for run, measure in others if compare(measure, reference) == "below"]
    if not above and not below:
        return f"No run differs clearly from the first, {first.label}."
    sides = [(side, labels) for side, labels in (("above", above), ("below", below)) if labels]
    parts = [f"wholly {side} the first run, {first.label}: {_counted(labels, len(others))}" for side, labels in sides]
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _counted(labels: Sequence[str], of: int) -> str:
    return listing(labels) if len(labels) <= 4 else f"{len(labels)} of {of} other runs"
