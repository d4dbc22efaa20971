"""All that the report says of one set of languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from hf_xalign.evaluation.report.figures import Figure
from hf_xalign.evaluation.report.heatmaps import similarity_figure
from hf_xalign.evaluation.report.languages import Group, LanguageTable, Model, Score, runs_of
from hf_xalign.evaluation.report.languages_figure import group_title, languages_figure
from hf_xalign.evaluation.report.languages_words import languages_verdict
from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.words import Verdict, listing


class Cell(NamedTuple):
    """A share; `shade`, 0 to 1, is its part of the highest of the table; `best` marks the highest of its row."""

    measure: Measure
    shade: float
    best: bool


class Row(NamedTuple):
    """`differences` of a mean, to the first run: `None` where they were not measured on the same draws."""

    name: str
    n: int | None
    cells: list[Cell]
    differences: list[Measure | None]


class Block(NamedTuple):
    title: str
    rows: list[Row]
    mean: Row


class Grid(NamedTuple):
    """One direction by one measure: languages by runs."""

    title: str
    open: bool
    blocks: list[Block]


class LanguageSection(NamedTuple):
    identifier: str
    table: LanguageTable
    runs: list[Run]
    verdict: Verdict
    notes: list[str]
    figure: Figure
    grids: list[Grid]
    similarity: Figure | None

    @property
    def name(self) -> str:
        """Tells it apart from a pair of languages out of the same file."""
        return f"{self.table.name}, {self.table.counted}"

    @property
    def whole(self) -> dict[int, Measure]:
        """The mean over all languages, by the number of the run."""
        scores = self.table.whole[self.table.metrics[0]]
        return {run.index: score.shares["mean"] for run, score in zip(self.runs, scores, strict=True)}

    @property
    def best(self) -> float:
        return max(measure.value for measure in self.whole.values())

    @property
    def columns(self) -> list[tuple[Run, Model]]:
        return list(zip(self.runs, self.table.models, strict=True))


def language_section(place: int, table: LanguageTable, runs: list[Run]) -> LanguageSection:
    """The section of a table; models without a run among `runs` are added to them."""
    own = runs_of(table, runs)
    identifier = f"languages-{place}"
    grids = [
        Grid(title, metric == table.metrics[0] and way == "mean", _blocks(table, metric, way))
        for metric in table.metrics
        for way, title in _titles(table, metric).items()
    ]
    figure = languages_figure(identifier, table, own, table.metrics[0])
    return LanguageSection(
        identifier,
        table,
        own,
        languages_verdict(table, own),
        _notes(table, own),
        figure,
        grids,
        similarity_figure(f"{identifier}-similarity", own, table.matrices),
    )


def _titles(table: LanguageTable, metric: str) -> dict[str, str]:
    """What each direction is called: by the language that all pairs share, where there is one."""
    ends = [{language.pair[end] for language in table.languages} for end in (0, 1)]
    one, other = (names.pop() if len(names) == 1 else None for names in ends)
    source, target = one or (other and "language") or "first", other or (one and "language") or "second"
    measure = {"cosine": "cosine similarity", "csls": "CSLS", "margin": "ratio margin"}.get(metric, metric)
    return {
        "mean": f"By {measure}, mean of both directions",
        "forward": f"By {measure}, {source} → {target}",
        "backward": f"By {measure}, {target} → {source}",
    }


def _blocks(table: LanguageTable, metric: str, way: str) -> list[Block]:
    top = max(score.shares[way].value for scores in table.languages.values() for score in scores[metric]) or 1.0
    rows = {
        language.name: _row(language.name, language.n, scores[metric], way, top)
        for language, scores in table.languages.items()
    }
    alone = len(table.groups) == 1
    return [
        Block(
            group_title(group),
            [rows[name] for name in group.languages] if alone or group.name != "all" else [],
            _row(_mean_of(group), None, scores[metric], way, top),
        )
        for group, scores in table.groups.items()
    ]


def _mean_of(group: Group) -> str:
    return f"mean of {len(group.languages)}"


def _row(name: str, n: int | None, scores: Sequence[Score], way: str, top: float) -> Row:
    measures = [score.shares[way] for score in scores]
    best = max(measure.value for measure in measures)
    cells = [
        Cell(measure, min(1.0, measure.value / top), len(measures) > 1 and measure.value == best > 0)
        for measure in measures
    ]
    return Row(name, n, cells, [score.difference and score.difference[way] for score in scores])


def _notes(table: LanguageTable, runs: Sequence[Run]) -> list[str]:
    """What a careful reader should know before comparing these models."""
    notes = []
    settings: dict[str, Callable[[Model], str]] = {
        "layer": lambda model: f"layer {model.layer} of {model.num_layers}",
        "pooling": lambda model: f"{model.pooling} pooling",
    }
    for what, write in settings.items():
        groups: dict[str, list[str]] = {}
        for run, model in zip(runs, table.models, strict=True):
            groups.setdefault(write(model), []).append(run.key)
        if len(groups) > 1:
            parts = [f"{setting} ({', '.join(keys)})" for setting, keys in groups.items()]
            notes.append(f"The runs were not evaluated alike in {what}: {listing(parts)}.")
    cut = [f"{run.key} {model.truncated:,}" for run, model in zip(runs, table.models, strict=True) if model.truncated]
    if cut:
        notes.append(f"Sentences cut to the longest input of the model: {', '.join(cut)}.")
    if len({model.path for model in table.models}) > 1:
        notes.append("The runs were evaluated apart, so that not all differences between them are paired.")
    return notes
