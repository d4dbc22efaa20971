"""Which runs a report shows, and on which data sets: folders in, runs and groups of results out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.json_fields import LARGEST, clean, load_json
from hf_xalign.evaluation.report.results import Result, read_result


# Eight colours times three marker shapes: see report.css and report_svg.marker.
NUM_COLOURS = 8
NUM_SHAPES = 3


@dataclass(frozen=True)
class Run:
    """A setting that is compared: it keeps its letter, colour and marker in every figure of the report."""

    index: int
    label: str
    results: tuple[Result, ...]
    # Name in the trainer's log -> (step, value), in the order of steps.
    log: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`A`, …, `Z`, `AA`, …: names the run where there is no room for its label."""
        first, last = divmod(self.index, 26)
        return ("" if first == 0 else chr(ord("A") + first - 1)) + chr(ord("A") + last)

    @property
    def colour(self) -> str:
        """The CSS class that sets the colour."""
        return f"c{self.index % NUM_COLOURS}"

    @property
    def shape(self) -> int:
        return self.index // NUM_COLOURS % NUM_SHAPES

    def on(self, dataset: tuple) -> Result | None:
        return next((result for result in self.results if result.dataset == dataset), None)


def read_runs(folders: list[Path]) -> list[Run]:
    """Read `DIR/results.json`, `DIR/*/results.json` and `DIR/trainer_state.json` of every folder.

    The results of one folder that share a label are one run, evaluated on several data sets; where they meet on one
    data set (two checkpoints, say) each is a run of its own, and the subfolder is added to its label.

    Raises:
        XAlignError: a folder without results, or a file that cannot be read.
    """
    runs: list[Run] = []
    for folder in dict.fromkeys(Path(folder) for folder in folders):
        # The log of the folder is drawn once, with the first of its runs.
        log = read_log(folder / "trainer_state.json")
        for label, results in _by_label(_results_in(folder)).items():
            subfolder_log = read_log(results[0].path.parent / "trainer_state.json")
            runs.append(Run(len(runs), label, tuple(results), log or subfolder_log))
            log = {}
    return _with_distinct_labels(runs)


def read_log(path: Path) -> dict[str, list[tuple[int, float]]]:
    """The numbers in a Trainer's `log_history`, by name; empty where there is no such file.

    Values that are not finite (of a loss that diverged) are left out. Raises `XAlignError` for another kind of file.
    """
    if not path.is_file():
        return {}
    log: dict[str, dict[int, float]] = {}
    for entry in load_json(path)["log_history"].array():
        step = entry["step"].whole()
        for name, value in entry.mapping().items():
            if _is_finite(value) and name not in ("step", "epoch"):
                # A resumed run logs some steps twice: the later entry is the one that led to the checkpoint.
                log.setdefault(clean(name), {})[step] = float(value)
    return {name: sorted(values.items()) for name, values in sorted(log.items())}


def datasets_of(runs: list[Run]) -> list[tuple[str, str, tuple[str, str]]]:
    """The data sets, in the order in which the runs name them."""
    return list(dict.fromkeys(result.dataset for run in runs for result in run.results))


def _results_in(folder: Path) -> list[Result]:
    if not folder.is_dir():
        raise XAlignError(f"{folder}: no such folder; give the folders that `xalign evaluate --output` wrote")
    results = [read_result(path) for path in _files_of(folder, "results.json")]
    if not results and not language_files(folder) and not downstream_files(folder):
        raise XAlignError(f"{folder}: no results.json here or one folder below; run `xalign evaluate` first")
    return results


def language_files(folder: Path) -> list[Path]:
    """`DIR/languages.json` and `DIR/*/languages.json`."""
    return _files_of(folder, "languages.json")


def downstream_files(folder: Path) -> list[Path]:
    """`DIR/downstream.json` and `DIR/*/downstream.json`."""
    return _files_of(folder, "downstream.json")


def _files_of(folder: Path, name: str) -> list[Path]:
    paths = [folder / name, *sorted(folder.glob(f"*/{name}"), key=_natural)]
    return [path for path in paths if path.is_file()]


def _by_label(results: list[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.label, []).append(result)
    named: dict[str, list[Result]] = {}
    for label, members in groups.items():
        if len({member.dataset for member in members}) == len(members):
            named[label] = members
            continue
        for member in members:
            named.setdefault(clean(f"{label} ({member.path.parent.name})"), []).append(member)
    return named


def _with_distinct_labels(runs: list[Run]) -> list[Run]:
    """Add the name of the folder to labels that several runs share, or its path where the names are one, too."""
    labels = Counter(run.label for run in runs)
    names = Counter((run.label, run.results[0].path.parent.name) for run in runs)
    distinct = []
    for run in runs:
        folder = run.results[0].path.parent
        told = folder.name if names[run.label, folder.name] == 1 else folder
        label = run.label if labels[run.label] == 1 else clean(f"{run.label} ({told})")
        distinct.append(replace(run, label=label))
    return distinct


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Sorts `model-10` after `model-9`."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.split(r"(\d+)", str(path.parent.name))]


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
