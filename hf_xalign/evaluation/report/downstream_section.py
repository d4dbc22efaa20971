"""All that the report says of one downstream task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hf_xalign.evaluation.downstream.results import TITLES
from hf_xalign.evaluation.report.downstream import Score, Task, Tested, Trained, runs_of
from hf_xalign.evaluation.report.downstream_figure import task_figure
from hf_xalign.evaluation.report.figures import Figure
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.words import interval, listing, points


# As headings call the tasks.
TASK_NAMES = {
    "sib200": "Topics (SIB-200)",
    "ner": "Named entities",
    "pos": "Parts of speech",
    "nli": "Natural language inference",
}


class Cell(NamedTuple):
    """A score, whether it is the highest of its column, and the difference to the run with this letter."""

    score: Score
    best: bool
    reference: str | None

    @property
    def deviation(self) -> str:
        return "" if self.score.deviation is None else f" ± {100 * self.score.deviation:.1f}"

    @property
    def gain(self) -> str:
        return "" if self.score.difference is None else f"{points(self.score.difference)} to {self.reference}"

    @property
    def stands_apart(self) -> bool:
        """Whether the paired difference does not hold 0."""
        difference = self.score.difference
        return difference is not None and (difference.low > 0 or difference.high < 0)


class Grid(NamedTuple):
    """One measure: runs by transfers; None where a run was not tested."""

    title: str
    rows: list[tuple[Run, list[Cell | None]]]

    @property
    def heading(self) -> str:
        return f"{self.title[0].upper()}{self.title[1:]} in figures"


class TaskSection(NamedTuple):
    identifier: str
    task: Task
    title: str
    meta: str
    runs: list[Run]
    sentence: str
    notes: list[str]
    figure: Figure
    grids: list[Grid]
    # Run, where it comes from, the model, and sentences cut.
    trained: list[tuple[Run, Trained, str, int]]

    @property
    def name(self) -> str:
        return TASK_NAMES[self.task.task]


def task_section(place: int, task: Task, runs: list[Run]) -> TaskSection:
    """The section of a task; models without a run among `runs` are added to them."""
    own = runs_of(task, runs)
    identifier = f"task-{place}"
    main = task.measures[0]
    return TaskSection(
        identifier,
        task,
        f"{TASK_NAMES[task.task]}: {task.name}",
        _meta(task),
        list(own.values()),
        transfer_sentence(task, own),
        _notes(task, own),
        task_figure(identifier, task, own, main, TITLES[main]),
        [Grid(TITLES[measure], _rows(task, own, measure)) for measure in task.measures],
        [
            (own[label], part, model, part.cut[label])
            for part in task.trained
            for label, model in zip(part.labels, part.models, strict=True)
        ],
    )


def _meta(task: Task) -> str:
    counts = sorted({len(part.seeds) for part in task.trained})
    seeds = " or ".join(map(str, counts)) + (" seed" if counts == [1] else " seeds")
    sizes: dict[str, list[str]] = {}
    for part in task.trained:
        sizes.setdefault(part.language, []).append(f"{part.n:,}")
    trained = [f"{' or '.join(dict.fromkeys(n))} of {language}" for language, n in sizes.items()]
    return f"trained on {listing(trained)} · {seeds}"


def transfer_sentence(task: Task, runs: Mapping[str, Run]) -> str:
    """Which runs differ clearly from the first in zero-shot transfer, by paired differences of the first measure."""
    measure = task.measures[0]
    zero_shot = [transfer for transfer in task.transfers if transfer.is_zero_shot]
    parts, compared = [], False
    for transfer in zero_shot:
        apart = []
        for entry in task.transfers[transfer]:
            reference = runs[next(iter(entry.scores))]
            for label, score in entry.scores.items():
                found = score[measure].difference
                compared = compared or found is not None
                if found is not None and (found.low > 0 or found.high < 0):
                    word = "above" if found.low > 0 else "below"
                    apart.append(f"{runs[label].label} clearly {word} {reference.label} ({points(found)} points)")
        if apart:
            parts.append(f"{transfer.title}: {listing(apart)}.")
    if parts:
        return f"Zero-shot {TITLES[measure]}, by paired differences. {' '.join(parts)}"
    if compared:
        return f"Zero-shot {TITLES[measure]}: no run differs clearly from the one that it is compared with."
    if not zero_shot:
        return "Not tested in another language than that of training."
    best = [
        (transfer, label, score[measure].mean)
        for transfer in zero_shot
        for entry in task.transfers[transfer]
        for label, score in entry.scores.items()
    ]
    if len(runs) == 1:
        told = [f"{transfer.title} {100 * mean.value:.1f} {interval(mean)}" for transfer, _, mean in best]
        return f"Zero-shot {TITLES[measure]}, per cent: {listing(told)}; there is no other run to compare it with."
    return "The runs were evaluated apart: name them in one `xalign evaluate` for paired differences."


def _rows(task: Task, runs: Mapping[str, Run], measure: str) -> list[tuple[Run, list[Cell | None]]]:
    columns = [_column(tested, runs, measure) for tested in task.transfers.values()]
    return [(run, [column.get(run.index) for column in columns]) for run in runs.values()]


def _column(tested: list[Tested], runs: Mapping[str, Run], measure: str) -> dict[int, Cell]:
    top = max(score[measure].mean.value for entry in tested for score in entry.scores.values())
    several = sum(len(entry.scores) for entry in tested) > 1
    return {
        runs[label].index: Cell(
            score[measure], several and score[measure].mean.value == top, runs[next(iter(entry.scores))].key
        )
        for entry in tested
        for label, score in entry.scores.items()
    }


def _notes(task: Task, runs: Mapping[str, Run]) -> list[str]:
    """What a careful reader should know before comparing these runs."""
    notes = []
    for language in dict.fromkeys(part.language for part in task.trained):
        parts = [part for part in task.trained if part.language == language]
        for what, write in (("settings", lambda part: part.how), ("seeds", lambda part: f"{len(part.seeds)}")):
            groups: dict[str, list[str]] = {}
            for part in parts:
                groups.setdefault(write(part), []).extend(runs[label].key for label in part.labels)
            if len(groups) > 1:
                told = [f"{value} ({', '.join(keys)})" for value, keys in groups.items()]
                notes.append(f"Not all were trained in {language} with the same {what}: {listing(told)}.")
        apart = max(len(entries) for transfer, entries in task.transfers.items() if transfer.train == language)
        if apart > 1:
            notes.append(
                f"The runs trained in {language} are of {apart} evaluations, so that not all differences between "
                "them are paired."
            )
    for what, counts in (
        ("Words beyond the longest input or without a token, counted as errors", [part.lost for part in task.trained]),
        ("Sentences cut at the longest input", [part.cut for part in task.trained]),
    ):
        sums: dict[str, int] = {}
        for count in counts:
            for label, number in count.items():
                sums[label] = sums.get(label, 0) + number
        told = [f"{runs[label].key} {number:,}" for label, number in sums.items() if number]
        if told:
            notes.append(f"{what}: {', '.join(told)}.")
    dropped = sum(
        max(part.dropped for part in task.trained if part.language == language)
        for language in {part.language for part in task.trained}
    )
    if dropped:
        notes.append(f"Rows without text or label, left out: {dropped:,}.")
    if any(score.deviation is None for score in _scores(task)):
        notes.append("With one seed there is no telling how much of a difference is chance: the usual number is 5.")
    return notes


def _scores(task: Task) -> list[Score]:
    return [
        score
        for tested in task.transfers.values()
        for entry in tested
        for by_measure in entry.scores.values()
        for score in by_measure.values()
    ]
