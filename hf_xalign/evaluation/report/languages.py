"""Reading `languages.json` for the report: which models it compares in which languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from hf_xalign.evaluation.languages_results import DIRECTIONS, FORMAT
from hf_xalign.evaluation.report.json_fields import Node, check_format, clean, load_json
from hf_xalign.evaluation.report.language_matrix import Matrix, read_matrices
from hf_xalign.evaluation.report.results import Measure, read_measure, read_share, read_texts
from hf_xalign.evaluation.report.runs import Run, language_files
from hf_xalign.messages import counted


class Score(NamedTuple):
    """Top-1 accuracy by direction, and the difference to the first model of the file, where there is one."""

    shares: dict[str, Measure]
    difference: dict[str, Measure] | None


class Language(NamedTuple):
    name: str
    pair: tuple[str, str]
    n: int
    low_resource: bool


class Group(NamedTuple):
    name: str
    languages: tuple[str, ...]


class Model(NamedTuple):
    """A column of the table, and where it comes from."""

    label: str
    model: str
    layer: int
    num_layers: int
    pooling: str
    truncated: int
    seed: int
    date: str
    versions: dict[str, str]
    path: Path


@dataclass(frozen=True)
class LanguageTable:
    """Models in languages on one data set; `languages` and `groups` hold a score per model, by metric."""

    name: str
    file: str
    fingerprint: str
    synthetic: bool
    models: tuple[Model, ...]
    languages: dict[Language, dict[str, list[Score]]]
    groups: dict[Group, dict[str, list[Score]]]
    # The similarity of the languages by each model, where it was measured.
    matrices: tuple[Matrix | None, ...] = ()

    @property
    def metrics(self) -> list[str]:
        return list(next(iter(self.languages.values())))

    @property
    def counted(self) -> str:
        """`6 languages`, each with one and the same language; else `6 pairs of languages`."""
        pairs = any(language.name == "-".join(language.pair) for language in self.languages)
        return counted(len(self.languages), "pair" if pairs else "language") + (" of languages" if pairs else "")

    @property
    def whole(self) -> dict[str, list[Score]]:
        """The mean of all languages, which is the last of the groups."""
        return list(self.groups.values())[-1]


def read_language_tables(folders: Sequence[Path]) -> list[LanguageTable]:
    """Read `DIR/languages.json` and `DIR/*/languages.json` of every folder; the same sentences make one table.

    Raises:
        XAlignError: a file that cannot be read.
    """
    tables: dict[tuple, LanguageTable] = {}
    for path in dict.fromkeys(path for folder in dict.fromkeys(folders) for path in language_files(folder)):
        table = read_language_table(path)
        key = table.name, table.fingerprint, tuple(table.groups), tuple(table.metrics)
        tables[key] = _joined(tables[key], table) if key in tables else table
    return list(tables.values())


def read_language_table(path: Path) -> LanguageTable:
    """Read and check one `languages.json`; raises `XAlignError` that names the file and the field."""
    root = load_json(path)
    check_format(root, FORMAT)
    dataset = root["dataset"]
    stamp = {
        "seed": root["seed"].whole(),
        "date": root["date"].text(),
        "versions": read_texts(root["versions"]),
        "path": path,
    }
    models = tuple(
        Model(
            node["label"].text(),
            node["model"].text(),
            node["layer"].whole(),
            node["num_layers"].whole(),
            node["pooling"].text(),
            node["truncated"].whole(),
            **stamp,
        )
        for node in root["models"].filled_array()
    )
    languages = {_language(node): _scores(node["scores"], len(models)) for node in root["languages"].filled_array()}
    groups = {_group(node): _scores(node["scores"], len(models)) for node in root["groups"].filled_array()}
    known = {language.name for language in languages}
    for place, group in enumerate(groups):
        for name in group.languages:
            if name not in known:
                raise root["groups"].fail(f"names {name} in entry {place}, which is none of the languages")
    if list(groups)[-1].name != "all":
        raise root["groups"].fail("must end with the group all")
    metrics = [list(scores) for scores in (*languages.values(), *groups.values())]
    if any(names != metrics[0] for names in metrics):
        raise root.fail("must have the same metrics for every language and group")
    return LanguageTable(
        dataset["name"].text(),
        dataset["file"].text(),
        dataset["fingerprint"].text(),
        dataset["synthetic"].flag(),
        models,
        languages,
        groups,
        _matrices(root, len(models)),
    )


def _matrices(root: Node, models: int) -> tuple[Matrix | None, ...]:
    if root.has("language_similarity"):
        return read_matrices(root["language_similarity"], models)
    return (None,) * models


def runs_of(table: LanguageTable, runs: list[Run]) -> list[Run]:
    """A run for every model of the table: the one of `runs` with its label, or a new one, which is added to `runs`."""
    found = []
    for model in table.models:
        run = next((run for run in runs if run.label == model.label), None)
        if run is None:
            run = Run(len(runs), model.label, ())
            runs.append(run)
        found.append(run)
    return found


def _language(node: Node) -> Language:
    pair = node["pair"].array()
    if len(pair) != 2:
        raise node["pair"].fail(f"must name two languages, not {len(pair)}")
    names = (pair[0].text(), pair[1].text())
    return Language(node["language"].text(), names, node["n"].whole(1), node["low_resource"].flag())


def _group(node: Node) -> Group:
    return Group(node["name"].text(), tuple(entry.text() for entry in node["languages"].filled_array()))


def _scores(node: Node, models: int) -> dict[str, list[Score]]:
    scores = {metric: [_score(entry) for entry in value.filled_array()] for metric, value in node.items()}
    for metric, entries in scores.items():
        if len(entries) != models:
            raise node[metric].fail(f"must hold {models} scores, one per model, not {len(entries)}")
    if not scores:
        raise node.fail("is empty")
    return scores


def _score(node: Node) -> Score:
    difference = None
    if node.has("difference"):
        difference = {way: read_measure(node["difference"][way], -1, 1) for way in DIRECTIONS}
    return Score({way: read_share(node[way]) for way in DIRECTIONS}, difference)


def _joined(first: LanguageTable, second: LanguageTable) -> LanguageTable:
    """One table with the models of both; differences to another first model than that of the table are left out."""
    taken = {model.label for model in first.models}
    models = tuple(
        model._replace(label=clean(f"{model.label} ({model.path.parent.name})")) if model.label in taken else model
        for model in second.models
    )

    def side_by_side(left: dict, right: dict) -> dict:
        by_name = {name[0]: scores for name, scores in right.items()}
        return {
            name: {
                metric: entries + [score._replace(difference=None) for score in by_name[name[0]][metric]]
                for metric, entries in scores.items()
            }
            for name, scores in left.items()
        }

    return replace(
        first,
        models=first.models + models,
        languages=side_by_side(first.languages, second.languages),
        groups=side_by_side(first.groups, second.groups),
        matrices=first.matrices + second.matrices,
    )
