"""`sweep.yaml`: a recipe, and which of its keys take which values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.messages import kind_of
from hf_xalign.recipe import option_pairs, read_recipe


# What the command line may change of the sweep itself; all else is of the recipe.
_OWN_OPTIONS = ("output_dir", "seeds")
# Keys of a recipe that a sweep sets by itself, and where they are said.
_RESERVED = {
    "output_dir": "each run has a folder of its own in the sweep's output_dir",
    "seed": "the sweep's own key seeds lists them",
    "resume_from_checkpoint": "a run that was stopped goes on by itself",
}
# Parts whose values go into the runs' recipes.
_PARTS = {"grid": dict, "runs": list, "overrides": dict}


@dataclass
class SweepFile:
    """The keys of a `sweep.yaml`.

    Attributes:
        recipe: the recipe that is varied, a path beside the sweep file.
        grid: dotted key -> list of values; every combination is a setting. `null` removes what the key leads to.
        runs: more settings, each a mapping of dotted keys to values; `{}` is the recipe as it is.
        overrides: dotted key -> value, changes to the recipe in all settings.
        seeds: every setting is trained with each of them; by default with the recipe's own.
        output_dir: where the runs go, `output_dir/seed-N/SETTING`, and `sweep.json`.
    """

    recipe: str | None = field(default=None, metadata={"help": "The recipe that is varied."})
    grid: dict[str, Any] = field(default_factory=dict, metadata={"help": "Dotted key: list of values."})
    runs: list[dict] = field(default_factory=list, metadata={"help": "Settings, mappings of dotted keys."})
    overrides: dict[str, Any] = field(default_factory=dict, metadata={"help": "Changes in all settings."})
    seeds: list[int] | None = field(default=None, metadata={"help": "Seeds of every setting."})
    output_dir: str | None = field(default=None, metadata={"help": "Folder of the runs and of sweep.json."})


def read_sweep_file(path: str | Path, options: Sequence[str], *, expand: bool = True) -> tuple[SweepFile, list[str]]:
    """Read and check a sweep file; `recipe` becomes a path from here.

    Args:
        options: the command line's changes, `["--key", "value", ...]`.
        expand: as for `read_recipe`.

    Returns:
        The file, and the changes that are the recipe's.

    Raises:
        XAlignError: the file cannot be read, a key is unknown or of the wrong kind, or there is nothing to vary.
    """
    path = Path(path)
    pairs = [(key, f"--{key}={text}") for key, text in option_pairs(options)]
    own = [option for key, option in pairs if key in _OWN_OPTIONS]
    of_recipe = [(key, option) for key, option in pairs if key not in _OWN_OPTIONS]
    (sweep,), written = read_recipe(path, own, (SweepFile,), expand=expand)
    # As written: a run's recipe keeps the names of environment variables.
    sweep.grid, sweep.runs, sweep.overrides = (written.get(key) or kind() for key, kind in _PARTS.items())
    for key in ("recipe", "output_dir"):
        if not getattr(sweep, key):
            raise XAlignError(f"{path}: {key} is missing")
    sweep.recipe = str(path.parent / sweep.recipe)
    _check_grid(path, sweep.grid)
    for number, changes in enumerate(sweep.runs):
        if not isinstance(changes, dict):
            raise XAlignError(f"{path}: runs.{number} must be a mapping of recipe keys, not {kind_of(changes)}")
        _check_keys(path, f"runs.{number}", changes)
    _check_keys(path, "grid", sweep.grid)
    _check_keys(path, "overrides", sweep.overrides)
    _check_seeds(path, sweep.seeds)
    if not (sweep.grid or sweep.runs or sweep.seeds):
        raise XAlignError(f"{path} varies nothing: give a grid, runs or seeds")
    for key, option in of_recipe:
        if key == "resume_from_checkpoint" or (key == "seed" and sweep.seeds):
            raise XAlignError(f"{option}: {_RESERVED[key]}")
    return sweep, [option for _, option in of_recipe]


def settings_of(sweep: SweepFile) -> list[dict[str, Any]]:
    """What each setting changes: the cells of the grid, the last key fastest, then the runs."""
    cells = [dict(zip(sweep.grid, values, strict=True)) for values in itertools.product(*sweep.grid.values())]
    settings = (cells if sweep.grid else []) + sweep.runs
    return settings or [{}]


def _check_grid(path: Path, grid: dict[str, Any]) -> None:
    for key, values in grid.items():
        if not isinstance(values, list):
            raise XAlignError(f"{path}: grid.{key} must be a list of values, not {kind_of(values)}")
        if not values:
            raise XAlignError(f"{path}: grid.{key} is an empty list")


def _check_keys(path: Path, part: str, changes: dict[str, Any]) -> None:
    for key in changes:
        if not isinstance(key, str):
            raise XAlignError(f"{path}: {key!r} in {part} is no key of a recipe")
        if key.replace("-", "_") in _RESERVED:
            raise XAlignError(f"{path}: {part} cannot set {key}: {_RESERVED[key.replace('-', '_')]}")


def _check_seeds(path: Path, seeds: list[int] | None) -> None:
    if seeds is None:
        return
    if not seeds:
        raise XAlignError(f"{path}: seeds is an empty list")
    for seed in seeds:
        if type(seed) is not int or seed < 0:
            raise XAlignError(f"{path}: {seed!r} in seeds is no seed: they are whole numbers, 0 or more")
    if len(set(seeds)) < len(seeds):
        raise XAlignError(f"{path}: a seed stands in seeds twice")
