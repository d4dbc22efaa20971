"""`sweep.json`: what the selection and the test data say of each setting, with intervals and the spread over seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from transformers.trainer import TRAINER_STATE_NAME

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import DATASET, ESTIMATE, VERSIONS, ResultsFormat, check_shape, stamp
from hf_xalign.evaluation.results import read_results
from hf_xalign.sweep.plan import Run, Sweep


FORMAT = "hf_xalign/sweep-1"
FILE_NAME = "sweep.json"

SHAPE = {
    "format": str,
    "recipe": str,
    "metric": str,
    "greater_is_better": bool,
    "keys": [str],
    "seeds": [int],
    "settings": [
        {
            "name": str,
            "changes": dict,
            "values": dict,
            "best": bool,
            "runs": [{"seed": int, "folder": str}],
        }
    ],
    "failed": [{"setting": str, "seed": int, "reason": str}],
    "versions": VERSIONS,
    "date": str,
}
# A setting or a run has "selection" where there are selection data, and "test" where there are test data; "sd" is
# there from two seeds on.
_SELECTION = {"mean": float, "seeds": int}
_DATASET = {**DATASET, "n": int, "pair": [str]}


def gather_results(sweep: Sweep, failed: dict[str, str]) -> dict[str, Any]:
    """Read what the runs left; the result is what `write_sweep` writes.

    The test figure of a setting is the mean of its seeds', and its interval the mean of theirs: over sentences, and no
    narrower than the mean's own. Its `sd` is the standard deviation over seeds (n - 1). The best setting is the one
    with the best mean of the selection metric among those whose seeds are all there, each of several that are equal:
    the test data choose nothing. (A weighted sum of losses is no fair metric where the weights vary.)

    Args:
        failed: why runs failed, by name.

    Raises:
        XAlignError: a file that a run left is malformed, or two runs were measured on different test data.
    """
    done = [run for run in sweep.runs if run.name not in failed]
    tests = {run.name: read_results(run.folder) for run in done if run.data_args.test_data}
    settings = [
        _setting(sweep, name, changes, [run for run in done if run.setting == name], tests)
        for name, changes in sweep.settings.items()
    ]
    _mark_best(settings, len(sweep.seeds), sweep.greater_is_better)
    results = {
        "format": FORMAT,
        "recipe": sweep.recipe.name,
        "metric": sweep.metric,
        "greater_is_better": sweep.greater_is_better,
        "keys": sweep.keys,
        "seeds": sweep.seeds,
        "settings": settings,
        "failed": [
            {"setting": run.setting, "seed": run.seed, "reason": failed[run.name]}
            for run in sweep.runs
            if run.name in failed
        ],
        **stamp(),
    }
    if tests:
        results["dataset"] = _dataset(tests)
    return results


def _check(results: dict[str, Any], where: str) -> None:
    """Check that there is a value for every key, and the parts that are not always there."""
    if "dataset" in results:
        check_shape(results["dataset"], _DATASET, where, "dataset")
    for number, setting in enumerate(results["settings"]):
        place = f"settings[{number}]"
        for key in results["keys"]:
            if key not in setting["values"]:
                raise XAlignError(f"{where} lacks {place}.values.{key}")
        entries = [(place, setting, _SELECTION)]
        entries += [(f"{place}.runs[{n}]", run, float) for n, run in enumerate(setting["runs"])]
        for at, entry, selection in entries:
            for part, shape in (("selection", selection), ("test", ESTIMATE)):
                if part in entry:
                    check_shape(entry[part], shape, where, f"{at}.{part}")
                    if isinstance(entry[part], dict) and "sd" in entry[part]:
                        check_shape(entry[part]["sd"], float, where, f"{at}.{part}.sd")


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check, command="sweep")
validate_sweep = _FILE.validate
write_sweep = _FILE.write
read_sweep_results = _FILE.read


def _setting(
    sweep: Sweep, name: str, changes: dict[str, Any], runs: Sequence[Run], tests: dict[str, dict]
) -> dict[str, Any]:
    of_setting = next(run.recipe for run in sweep.runs if run.setting == name)
    entry = {
        "name": name,
        "changes": changes,
        "values": {key: _value(of_setting, key) for key in sweep.keys},
        "best": False,
        "runs": [],
    }
    for run in runs:
        of_run = {"seed": run.seed, "folder": str(run.folder.relative_to(sweep.output_dir))}
        selection = _selection(run, sweep.metric)
        if selection is not None:
            of_run["selection"] = selection
        if run.name in tests:
            of_run["test"] = tests[run.name]["retrieval"]["cosine"]["mean_top1"]
        entry["runs"].append(of_run)
    selections = [run["selection"] for run in entry["runs"] if "selection" in run]
    if selections:
        entry["selection"] = {"mean": mean(selections), "seeds": len(selections), **_spread(selections)}
    shares = [run["test"] for run in entry["runs"] if "test" in run]
    if shares:
        ends = {key: mean(share[key] for share in shares) for key in ("value", "low", "high")}
        entry["test"] = {**ends, "n": shares[0]["n"], **_spread([share["value"] for share in shares])}
    return entry


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"sd": stdev(values)} if len(values) > 1 else {}


def _selection(run: Run, metric: str) -> float | None:
    """What the selection data said of the weights that the run kept: its best checkpoint's, or its last ones."""
    path = run.folder / TRAINER_STATE_NAME
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise XAlignError(f"cannot read {path}: {error}; remove it to finish the run again") from None
    if run.args.load_best_model_at_end:
        return state["best_metric"]
    return next(
        (entry[f"eval_{metric}"] for entry in reversed(state["log_history"]) if f"eval_{metric}" in entry), None
    )


def _value(recipe: dict[str, Any], key: str) -> Any:
    """What a dotted key leads to in a recipe; None where it leads nowhere."""
    first, *rest = key.split(".")
    value: Any = recipe.get(first.replace("-", "_"))
    for part in rest:
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _mark_best(settings: list[dict[str, Any]], seeds: int, greater_is_better: bool) -> None:
    whole = [entry for entry in settings if entry.get("selection", {}).get("seeds") == seeds]
    if len(settings) > 1 and whole:
        best = (max if greater_is_better else min)(entry["selection"]["mean"] for entry in whole)
        for entry in whole:
            entry["best"] = entry["selection"]["mean"] == best


def _dataset(tests: dict[str, dict]) -> dict[str, Any]:
    (first, of_first), *others = tests.items()
    for name, results in others:
        for key in ("fingerprint", "n"):
            if results["dataset"][key] != of_first["dataset"][key] or results["pair"] != of_first["pair"]:
                raise XAlignError(
                    f"{first} and {name} were measured on different test data: remove the results.json of the older "
                    "one, and run the sweep again"
                )
    return {**of_first["dataset"], "pair": of_first["pair"]}
