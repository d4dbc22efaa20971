"""The runs of a sweep, all read and checked before the first one starts."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_xalign.arguments import ModelArguments
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.preparation import data_settings, read_sections
from hf_xalign.errors import XAlignError
from hf_xalign.recipe import option_pairs, read_recipe
from hf_xalign.sweep.file import read_sweep_file, settings_of
from hf_xalign.sweep.naming import setting_name
from hf_xalign.train import check_arguments
from hf_xalign.training_args import XAlignTrainingArguments


_DATACLASSES = (DataArguments, ModelArguments, XAlignTrainingArguments)
DEFAULT_METRIC = "retrieval_top1"


@dataclass(frozen=True)
class Run:
    """One training run of a sweep.

    Attributes:
        setting: the name of its setting; runs of one setting differ in the seed alone.
        options: `--key=value`, the changes that make the sweep's recipe this run's.
        recipe: the recipe that comes of it, as `recipe.yaml` will have it but for `use_cpu`.
    """

    setting: str
    seed: int
    folder: Path
    options: tuple[str, ...]
    recipe: dict[str, Any]
    data_args: DataArguments
    model_args: ModelArguments
    args: XAlignTrainingArguments

    @property
    def name(self) -> str:
        return f"{self.setting} seed {self.seed}"


@dataclass(frozen=True)
class Sweep:
    """What a sweep file comes to.

    Attributes:
        settings: name -> what it changes.
        runs: seed by seed, so that all settings can be compared early.
        metric: what the selection data measure (`retrieval_top1`), with `greater_is_better`.
        use_cpu: whether the runs keep off the GPUs.
    """

    path: Path
    recipe: Path
    output_dir: Path
    settings: dict[str, dict[str, Any]]
    seeds: list[int]
    runs: list[Run]
    metric: str
    greater_is_better: bool
    use_cpu: bool

    @property
    def keys(self) -> list[str]:
        """The keys that vary, in the order in which they turn up."""
        return list(dict.fromkeys(key for changes in self.settings.values() for key in changes))

    @property
    def dry_run(self) -> bool:
        return any(run.args.dry_run for run in self.runs)


def read_sweep(path: str | Path, options: Sequence[str] = (), *, expand: bool = True) -> Sweep:
    """Read a sweep file and the recipe of each of its runs.

    Args:
        path: the YAML file; its keys are those of [`SweepFile`].
        options: the command line's changes, `["--key", "value", ...]`: `output_dir` and `seeds` are the sweep's, all
            others change the recipe of every run, before what the run itself changes.
        expand: as for `read_recipe`; without it, a sweep can be checked on a machine that has no data.

    Raises:
        XAlignError: anything wrong with the file or with one of the recipes (the run is named), two runs that are the
            same, or runs that one table cannot compare.
    """
    path = Path(path)
    file, of_recipe = read_sweep_file(path, options, expand=expand)
    recipe = Path(file.recipe)
    of_all = [*(_option(key, value) for key, value in file.overrides.items()), *of_recipe]
    base, resolved = read_recipe(recipe, of_all, _DATACLASSES[:2], also_known=_DATACLASSES[2:], expand=expand)
    changed = settings_of(file)
    _refuse_lost(path, of_all, changed)
    settings = {setting_name(changes): changes for changes in changed}
    if len(settings) < len(changed):
        names = [setting_name(changes) for changes in changed]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise XAlignError(f"{path}: two runs are both {twice}: leave one out")
    runs = []
    for seed in file.seeds or [None]:
        for name, changes in settings.items():
            try:
                options = [*of_all, *(_option(key, value) for key, value in changes.items())]
                runs.append(_run(recipe, options, name, seed, Path(file.output_dir), expand))
            except XAlignError as error:
                raise XAlignError(f"{path}, run {name}: {error}") from None
    _refuse_twins(path, runs[: len(settings)])
    _refuse_incomparable(path, runs)
    _refuse_one_repository(path, runs)
    args = runs[0].args
    metric = (args.metric_for_best_model or DEFAULT_METRIC).removeprefix("eval_")
    return Sweep(
        path,
        recipe,
        Path(file.output_dir),
        settings,
        list(dict.fromkeys(run.seed for run in runs)),
        _with_data_apart(runs, base, recipe),
        metric,
        True if args.greater_is_better is None else args.greater_is_better,
        bool(resolved.get("use_cpu")),
    )


def _option(key: str, value: Any) -> str:
    return f"--{key}={json.dumps(value, ensure_ascii=False)}"


def _run(recipe: Path, options: list[str], name: str, seed: int | None, output_dir: Path, expand: bool) -> Run:
    # On the CPU: checking the recipes must take no memory of a GPU that the runs will want.
    (data_args, model_args, args), resolved = read_recipe(
        recipe, [*options, "--use_cpu=true"], _DATACLASSES, expand=expand
    )
    check_arguments(data_args, model_args, args)
    read_sections(data_args)
    seed = args.seed if seed is None else seed
    folder = output_dir / f"seed-{seed}" / name
    own = {"seed": seed, "output_dir": str(folder)} | ({} if "disable_tqdm" in resolved else {"disable_tqdm": True})
    options = [*options, *(_option(key, value) for key, value in own.items())]
    resolved = {key: value for key, value in resolved.items() if key != "use_cpu"} | own
    return Run(name, seed, folder, tuple(options), resolved, data_args, model_args, args)


def _with_data_apart(runs: list[Run], base: tuple[DataArguments, ModelArguments], recipe: Path) -> list[Run]:
    """The runs, those whose prepared data are not the recipe's with a folder of their own for them.

    In one folder they would be prepared again and again, and under the eyes of a run that reads them.
    """
    usual = base[0].prepared_dir
    apart = []
    for run in runs:
        # A look at the arguments first: what they come to may need the weights of an aligner.
        if run.data_args != base[0] and run.data_args.prepared_dir == usual:
            digits = _data_digits(run.data_args, run.model_args)
            if digits != _data_digits(*base):
                folder = f"{usual or Path('prepared') / recipe.stem}-{digits}"
                run = dataclasses.replace(
                    run,
                    options=(*run.options, _option("prepared_dir", folder)),
                    recipe=run.recipe | {"prepared_dir": folder},
                    data_args=dataclasses.replace(run.data_args, prepared_dir=folder),
                )
        apart.append(run)
    return apart


def _data_digits(data_args: DataArguments, model_args: ModelArguments) -> str:
    return _digits_of(json.dumps(dataclasses.asdict(data_args)), model_args.model_name_or_path)


@functools.lru_cache(maxsize=1024)
def _digits_of(data_args: str, encoder: str | None) -> str:
    arguments = DataArguments(**json.loads(data_args))
    described = [data_settings(arguments, encoder), read_sections(arguments)]
    text = json.dumps(described, sort_keys=True, default=dataclasses.asdict)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


# --- what is refused -------------------------------------------------------------------------------------------------


def _refuse_lost(path: Path, options: list[str], settings: list[dict]) -> None:
    """A change for all runs that each of them overwrites."""
    for option, _ in option_pairs(options):
        if all(any(f"{option}.".startswith(f"{key}.") for key in changes) for changes in settings):
            raise XAlignError(f"{path}: {option} is changed for all runs, but each sets it by itself")


def _refuse_twins(path: Path, runs: list[Run]) -> None:
    own = ("output_dir", "seed")
    for place, run in enumerate(runs):
        for other in runs[:place]:
            if all(run.recipe.get(key) == other.recipe.get(key) for key in {*run.recipe, *other.recipe} - {*own}):
                raise XAlignError(f"{path}: {other.setting} and {run.setting} are the same run: leave one out")


def _refuse_one_repository(path: Path, runs: list[Run]) -> None:
    """Runs that would be pushed over each other."""
    pushed: dict[tuple, Run] = {}
    for run in runs:
        if run.args.push_to_hub:
            where = (run.args.hub_model_id or run.folder.name, run.args.hub_revision)
            if where in pushed:
                raise XAlignError(
                    f"{path}: {pushed[where].folder} and {run.folder} would both be pushed to {where[0]}: leave "
                    "push_to_hub out and push the one you choose with xalign push, or vary hub_model_id"
                )
            pushed[where] = run


def _refuse_incomparable(path: Path, runs: list[Run]) -> None:
    first = runs[0]
    for run in runs[1:]:
        for key, what in (("selection_data", "selected on"), ("test_data", "tested on")):
            if getattr(run.data_args, key) != getattr(first.data_args, key):
                raise XAlignError(f"{path}: {first.setting} and {run.setting} are {what} different data ({key})")
        for key in ("metric_for_best_model", "greater_is_better", "dry_run"):
            if getattr(run.args, key) != getattr(first.args, key):
                raise XAlignError(f"{path}: {first.setting} and {run.setting} differ in {key}: it must be the same")
