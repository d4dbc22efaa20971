"""Reading `downstream.json` for the report: which runs were fine-tuned for which task, between which languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from hf_xalign.evaluation.downstream.file_columns import names_language
from hf_xalign.evaluation.downstream.results import FORMAT
from hf_xalign.evaluation.downstream.settings import MEASURES_OF
from hf_xalign.evaluation.report.json_fields import Node, check_format, clean, load_json
from hf_xalign.evaluation.report.results import Measure, read_measure, read_share, read_texts
from hf_xalign.evaluation.report.runs import Run, downstream_files


class Score(NamedTuple):
    """One measure of one model in one test set: its mean over seeds, their standard deviation, and each of them.

    `deviation` is None of one seed. `difference` is that to the first model of the file, paired; None for the first.
    """

    mean: Measure
    deviation: float | None
    seeds: tuple[float, ...]
    difference: Measure | None


class Transfer(NamedTuple):
    """Trained in one language, tested in one: a column of the tables."""

    train: str
    test: str

    @property
    def is_zero_shot(self) -> bool:
        """Whether the languages are two: `urd` and `urd_Arab` are one."""
        return not names_language(self.test, self.train)

    @property
    def title(self) -> str:
        return f"{self.train} → {self.test}"


class Tested(NamedTuple):
    """The models of one file in one test set: `scores[label][measure]`; the first label is the reference."""

    n: int
    scores: dict[str, dict[str, Score]]


class Trained(NamedTuple):
    """Where the models of one file come from: what they were trained on and how."""

    path: Path
    file: str
    fingerprint: str
    labels: tuple[str, ...]
    models: tuple[str, ...]
    language: str
    n: int
    dropped: int
    # Words that no token stands for, and sentences cut, over all test sets, by label.
    lost: dict[str, int]
    cut: dict[str, int]
    seeds: tuple[int, ...]
    how: str
    date: str
    versions: dict[str, str]


@dataclass
class Task:
    """All that was measured of one task on one data set between the same languages, in either direction."""

    task: str
    name: str
    synthetic: bool
    languages: frozenset[str]
    trained: list[Trained] = field(default_factory=list)
    transfers: dict[Transfer, list[Tested]] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        return MEASURES_OF[self.task]

    def sizes(self, transfer: Transfer) -> str:
        """How many examples were tested on, to be read after "n = "; evaluations made apart may differ."""
        return " or ".join(f"{n:,}" for n in sorted({tested.n for tested in self.transfers[transfer]}))

    def fits(self, other: Task) -> bool:
        """Whether the sentences of the two are the same, as far as both were trained in one language."""
        if (self.task, self.name, self.languages) != (other.task, other.name, other.languages):
            return False
        known = {part.language: part.fingerprint for part in self.trained}
        return all(known.get(part.language, part.fingerprint) == part.fingerprint for part in other.trained)

    def add(self, other: Task) -> None:
        """Put the models of another file beside these; one whose label is taken is told by its folder, too.

        A reference that the other file has measured once more, with the same figures, is not shown twice.

        Args:
            other: of `read_task_file`.
        """
        (part,) = other.trained
        taken = {label for own in self.trained if own.language == part.language for label in own.labels}
        same = self._same_reference(part.labels[0], other)
        names = {label: _beside(taken, label, part.path) for label in (part.labels[1:] if same else part.labels)}
        self.trained.append(_renamed(part, names))
        for transfer, [tested] in other.transfers.items():
            scores = {names[label]: score for label, score in tested.scores.items() if label in names}
            if same:
                same[transfer].scores.update(scores)
            else:
                self.transfers.setdefault(transfer, []).append(Tested(tested.n, scores))

    def _same_reference(self, label: str, other: Task) -> dict[Transfer, Tested] | None:
        """What has the first model of another file as its first, too, with the same figures in every test set."""
        found = {}
        for transfer, [tested] in other.transfers.items():
            for entry in self.transfers.get(transfer, []):
                own = entry.scores.get(label)
                if own is not None and next(iter(entry.scores)) == label and _same(own, tested.scores[label]):
                    found[transfer] = entry
        return found if found.keys() == other.transfers.keys() else None


def read_tasks(folders: Sequence[Path]) -> list[Task]:
    """Read `DIR/downstream.json` and `DIR/*/downstream.json` of every folder; what can be compared is one task.

    Raises:
        XAlignError: a file that cannot be read.
    """
    tasks: list[Task] = []
    for path in dict.fromkeys(path for folder in dict.fromkeys(folders) for path in downstream_files(folder)):
        found = read_task_file(path)
        before = next((task for task in tasks if task.fits(found)), None)
        if before is None:
            tasks.append(found)
        else:
            before.add(found)
    order = list(MEASURES_OF)
    tasks.sort(key=lambda task: order.index(task.task))
    for task in tasks:
        task.transfers = dict(sorted(task.transfers.items(), key=lambda item: _place(task, item[0])))
    return tasks


def read_task_file(path: Path) -> Task:
    """Read and check one `downstream.json`; raises `XAlignError` that names the file and the field."""
    root = load_json(path)
    check_format(root, FORMAT)
    name = root["task"].text()
    if name not in MEASURES_OF:
        raise root["task"].fail(f"must be one of {', '.join(MEASURES_OF)}, not {name[:20]!r}")
    models, dataset = root["models"].filled_array(), root["dataset"]
    labels = tuple(node["label"].text() for node in models)
    if len(set(labels)) < len(labels):
        raise root["models"].fail("must have different labels")
    seeds = tuple(node.whole() for node in root["seeds"].filled_array())
    language = root["train_language"].text()
    entries = root["languages"].filled_array()
    transfers: dict[Transfer, list[Tested]] = {}
    for entry in entries:
        transfer = Transfer(language, entry["language"].text())
        if transfer in transfers:
            raise entry["language"].fail(f"names {transfer.test} a second time")
        transfers[transfer] = [_tested(entry, labels, MEASURES_OF[name], len(seeds))]
    trained = Trained(
        path,
        dataset["file"].text(),
        dataset["fingerprint"].text(),
        labels,
        tuple(node["model"].text() for node in models),
        language,
        root["train"]["n"].whole(1),
        sum(node["dropped"].whole() for node in (root["train"], root["validation"], *entries)),
        _sums(entries, labels, "lost_words"),
        _sums(entries, labels, "cut"),
        seeds,
        _how(root["settings"]),
        root["date"].text(),
        read_texts(root["versions"]),
    )
    languages = frozenset((language, *(transfer.test for transfer in transfers)))
    return Task(name, dataset["name"].text(), dataset["synthetic"].flag(), languages, [trained], transfers)


def runs_of(task: Task, runs: list[Run]) -> dict[str, Run]:
    """A run for every label: one of `runs` with its label or its model, or a new one, which is added to `runs`."""
    found: dict[str, Run] = {}
    for part in task.trained:
        for label, model in zip(part.labels, part.models, strict=True):
            if label not in found:
                found[label] = _known_run(label, model, runs, set(found)) or Run(len(runs), label, ())
                if found[label].index == len(runs):
                    runs.append(found[label])
    return dict(sorted(found.items(), key=lambda item: item[1].index))


def _known_run(label: str, model: str, runs: Sequence[Run], others: set[str]) -> Run | None:
    """By the label in the page or in the result files; else by the path of the model, if that tells one run."""
    for run in runs:
        if run.label == label:
            return run
    named = [run for run in runs if any(result.label == label for result in run.results)]
    same = [run for run in runs if any(_same_model(result.model, model) for result in run.results)]
    for group in ([run for run in named if run in same], same, named):
        # A label of this task that a run has is not given to another one.
        free = [run for run in group if run.label not in others]
        if len(free) == 1:
            return free[0]
    return None


def _same_model(first: str, second: str) -> bool:
    """Whether one path ends as the other: results of one model may have been written from different folders."""
    parts = sorted((Path(first).parts, Path(second).parts), key=len)
    return len(parts[0]) > 1 and parts[1][-len(parts[0]) :] == parts[0]


def _tested(node: Node, labels: Sequence[str], measures: Sequence[str], seeds: int) -> Tested:
    entries = node["scores"].array()
    if len(entries) != len(labels):
        raise node["scores"].fail(f"must hold {len(labels)} scores, one per model, not {len(entries)}")
    scores = {
        label: {measure: _score(entry, measure, seeds) for measure in measures}
        for label, entry in zip(labels, entries, strict=True)
    }
    return Tested(node["n"].whole(1), scores)


def _score(node: Node, measure: str, count: int) -> Score:
    found = node[measure]
    seeds = tuple(entry.number(0, 1) for entry in found["seeds"].array())
    if len(seeds) != count:
        raise found["seeds"].fail(f"must hold {count} figures, one per seed, not {len(seeds)}")
    deviation = found["sd"].number(0) if found.has("sd") else None
    difference = read_measure(node["difference"][measure], -1, 1) if node.has("difference") else None
    return Score(read_share(found), deviation, seeds, difference)


def _sums(entries: Sequence[Node], labels: Sequence[str], key: str) -> dict[str, int]:
    return {
        label: sum(entry["scores"].array()[place][key].whole() for entry in entries)
        for place, label in enumerate(labels)
    }


def _how(settings: Node) -> str:
    """What two trainings must share to be compared, as text."""
    parts = [f"{settings['max_length'].whole()} tokens"]
    for section in ("training", "peft"):
        if settings.has(section):
            parts += [f"{key.replace('_', ' ')} {_plain(value)}" for key, value in settings[section].items()]
    return ", ".join(parts)


def _plain(node: Node) -> str:
    return clean(str(node.value))[:40]


def _place(task: Task, transfer: Transfer) -> tuple:
    """L1 → L1, L1 → L2, L2 → L2, L2 → L1: languages of training in the order of files, each tested in itself first."""
    trained = list(dict.fromkeys(part.language for part in task.trained))
    tested = list(dict.fromkeys(each.test for each in task.transfers))
    return trained.index(transfer.train), transfer.is_zero_shot, tested.index(transfer.test)


def _beside(taken: set[str], label: str, path: Path) -> str:
    return clean(f"{label} ({path.parent.name})") if label in taken else label


def _same(first: dict[str, Score], second: dict[str, Score]) -> bool:
    return first.keys() == second.keys() and all(first[key].seeds == second[key].seeds for key in first)


def _renamed(part: Trained, names: dict[str, str]) -> Trained:
    """With the models that have a name, by it."""
    kept = [(names[label], model) for label, model in zip(part.labels, part.models, strict=True) if label in names]
    return part._replace(
        labels=tuple(label for label, _ in kept),
        models=tuple(model for _, model in kept),
        lost={names[label]: count for label, count in part.lost.items() if label in names},
        cut={names[label]: count for label, count in part.cut.items() if label in names},
    )
