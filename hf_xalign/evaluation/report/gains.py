"""Does better alignment help? Alignment measures of the runs of a report beside what they gain in downstream tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.downstream import Task, Transfer, runs_of
from hf_xalign.evaluation.report.results import Measure, Result
from hf_xalign.evaluation.report.runs import Run


class Column(NamedTuple):
    """A value per run, None where it was not measured; shares are shown in per cent, gains in points."""

    title: str
    gloss: str
    values: list[float | None]
    is_share: bool = False


class Gains(NamedTuple):
    """Alignment on one data set, and gains between its two languages; `table[measure][gain]` by their places.

    A correlation is None where too few runs have both, or one of them does not vary; `chances` are the probabilities
    of `chance_of_order`, `counts` the runs that have both.
    """

    name: str
    pair: tuple[str, str]
    runs: list[Run]
    measures: list[Column]
    gains: list[Column]
    table: list[list[Measure | None]]
    chances: list[list[float | None]]
    counts: list[list[int]]

    @property
    def most(self) -> int:
        """The largest number of runs that have a measure and a gain."""
        return max(count for row in self.counts for count in row)


def gains_of(dataset: tuple, tasks: Sequence[Task], runs: list[Run]) -> Gains | None:
    """The correlations for one data set of the report; None where no run has both alignment and gains.

    A run's gain in a task is its figure less that of the first run that was tested in it. What is zero-shot is the
    mean of both directions, where both were tested; so is what stays in one language. A run that lacks one of them
    has none.

    Args:
        dataset: of `datasets_of`.
        tasks: of `read_tasks`; those between other languages are left out.
        runs: those of the report, after `runs_of` of every task.
    """
    languages = _languages(dataset[2])
    gains = [column for task in tasks for column in _gains(task, languages, runs)]
    results = [run.on(dataset) for run in runs]
    measures = _measures(results)
    some = [
        place
        for place, result in enumerate(results)
        if result is not None and any(gain.values[place] is not None for gain in gains)
    ]
    if not some:
        return None
    measures, gains = ([_kept(column, some) for column in columns] for columns in (measures, gains))
    measures, gains = (
        [column for column in columns if any(value is not None for value in column.values)]
        for columns in (measures, gains)
    )
    table, chances = _correlations(measures, gains)
    counts = [
        [sum(None not in both for both in zip(measure.values, gain.values, strict=True)) for gain in gains]
        for measure in measures
    ]
    return Gains(dataset[0], dataset[2], [runs[place] for place in some], measures, gains, table, chances, counts)


def _correlations(
    measures: Sequence[Column], gains: Sequence[Column]
) -> tuple[list[list[Measure | None]], list[list[float | None]]]:
    # Here and not above: a report without correlations is drawn without numpy and scipy.
    from hf_xalign.evaluation.gains import chance_of_order, gain_correlations

    found = gain_correlations(
        {str(place): column.values for place, column in enumerate(measures)},
        {str(place): column.values for place, column in enumerate(gains)},
    )
    table = [
        [None if cell is None else Measure(cell.value, cell.low, cell.high, cell.n) for cell in row.values()]
        for row in found.values()
    ]
    return table, [[chance_of_order(measure.values, gain.values) for gain in gains] for measure in measures]


def _measures(results: Sequence[Result | None]) -> list[Column]:
    """What is known of alignment, at the layer that a run uses and at its best one."""
    found = [{} if result is None else _of_result(result) for result in results]
    return [
        Column(title, gloss, [of_run.get(title) for of_run in found], is_share)
        for title, gloss, is_share in (
            ("Top-1", "retrieval, layer used", True),
            ("Top-1, best layer", "retrieval; chosen by test sentences", True),
            ("Similarity gap", "translations and random pairs", False),
            ("CKA", "layer used", False),
            ("ANC", "layer used", False),
            ("Mean cosine", "layer used; lower is more isotropic", False),
            ("Partition score", "layer used; higher is more isotropic", False),
            ("AER", "words, best layer; lower is better", True),
        )
    ]


def _of_result(result: Result) -> dict[str, float]:
    found = {"Top-1": result.retrieval["cosine"].mean_top1.value}
    if result.layers:
        found["Top-1, best layer"] = max(measure.value for _, measure in result.layers)
    if "translation" in result.similarities:
        found["Similarity gap"] = result.similarities["translation"].gap.value
    for point in result.measures:
        if point.layer == result.layer:
            found["CKA"], found["ANC"] = point.cka[0], point.anc[0]
            found["Mean cosine"] = sum(cosine.value for cosine in point.mean_cosine) / 2
            found["Partition score"] = sum(point.partition) / 2
    if result.alignment and result.alignment[1]:
        found["AER"] = min(measure.value for _, measure in result.alignment[1])
    return found


def _gains(task: Task, languages: frozenset[str], runs: list[Run]) -> list[Column]:
    own, measure = runs_of(task, runs), task.measures[0]
    columns = []
    for kind, wanted in (("zero-shot", True), ("same language", False)):
        transfers = [
            transfer
            for transfer in task.transfers
            if transfer.is_zero_shot == wanted and _languages((transfer.train, transfer.test)) <= languages
        ]
        by_run = {run.index: _mean(task, transfers, label, measure) for label, run in own.items()}
        values = [by_run.get(run.index) for run in runs]
        first = next((value for value in values if value is not None), None)
        if first is not None:
            shown = [None if value is None else value - first for value in values]
            columns.append(Column(f"{task.task}, {kind}", task.name, shown, True))
    return columns


def _mean(task: Task, transfers: Sequence[Transfer], label: str, measure: str) -> float | None:
    found = [
        entry.scores[label][measure].mean.value
        for transfer in transfers
        for entry in task.transfers[transfer]
        if label in entry.scores
    ]
    return sum(found) / len(found) if found and len(found) == len(transfers) else None


def _languages(codes: Sequence[str]) -> frozenset[str]:
    """`hin_Deva`, `hin` and `hi` are one language; what is no code stands for itself."""
    names = set()
    for code in codes:
        try:
            names.add(parse_language(code).iso639_3)
        except XAlignError:
            names.add(code)
    return frozenset(names)


def _kept(column: Column, places: Sequence[int]) -> Column:
    return column._replace(values=[column.values[place] for place in places])
