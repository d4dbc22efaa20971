"""A tiny recipe with a sweep around it, and what a run of it would leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from hf_xalign.data.minicorpus import generate
from tests.evaluation.report_factory import make_results
from tests.small_recipe import small_config


PAIR = ("pol_Latn", "ukr_Cyrl")


# In place of `xalign`: does what the weight of TR tells it to, and notes how it was called.
STAND_IN = """
import json, os, pathlib, signal, sys, time
given = dict(option[2:].partition("=")[::2] for option in sys.argv[3:])
folder = pathlib.Path(json.loads(given["output_dir"]))
if "dry_run" in given:
    sys.exit()
(folder / "called.json").write_text(json.dumps([sys.argv[1:], os.environ.get("OMP_NUM_THREADS"), os.getpid()]))
what = given["heads.tr.weight"]
if what == "2":
    print("shown before", file=sys.stderr)
    sys.exit("xalign train: error: the data are gone\\nand a warning after it")
if what == "3":
    raise MemoryError("too large")
if what == "4":
    os.kill(os.getpid(), signal.SIGKILL)
if what == "5":
    time.sleep(60)
if what == "6":
    sys.exit(3)
(folder / "trainer_state.json").write_text("{}")
(folder / "results.json").write_text("{}")
print("trained")
"""


def write_recipe(folder: Path) -> Path:
    """Text files of pairs and `recipe.yaml`: TR and MLM for two steps."""
    for split, sentences in generate(seed=11, sizes={"train": 120, "validation": 12, "test": 16}).items():
        for lang in PAIR:
            text = "\n".join(sentence.text(lang) for sentence in sentences)
            (folder / f"{split}.{lang}.txt").write_text(text + "\n", encoding="utf-8")
    recipe = {
        **{f"{part}_data": [_pairs(folder, split)] for part, split in _SPLITS.items()},
        "prepared_dir": str(folder / "prepared"),
        "output_dir": str(folder / "runs"),
        "vocab_size": 200,
        "max_length": 24,
        "model_config": small_config(),
        "heads": {"tr": {"weight": 0.8}, "mlm": {"weight": 0.1}},
        "max_steps": 2,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "eval_strategy": "steps",
        "eval_steps": 1,
        "save_steps": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": "retrieval_top1",
        "seed": 7,
        "use_cpu": True,
        "report_to": "none",
    }
    return _write(folder / "recipe.yaml", recipe)


def write_sweep(folder: Path, **keys: Any) -> Path:
    """`sweep.yaml`; by default the weight of TR takes two values."""
    sweep = {"recipe": "recipe.yaml", "output_dir": str(folder / "sweep")} | keys
    if not {"grid", "runs", "seeds"} & keys.keys():
        sweep["grid"] = {"heads.tr.weight": [0.4, 0.8]}
    return _write(folder / "sweep.yaml", sweep)


def leave_results(folder: Path, *, selection: float, top1: float, fingerprint: str = "0" * 16) -> None:
    """What a finished run leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    history = [{"eval_retrieval_top1": selection - 0.1, "step": 1}, {"eval_retrieval_top1": selection, "step": 2}]
    state = {"best_metric": selection, "log_history": history}
    (folder / "trainer_state.json").write_text(json.dumps(state))
    results = make_results(folder.name, top1, pair=PAIR, n=400, fingerprint=fingerprint)
    (folder / "results.json").write_text(json.dumps(results))


_SPLITS = {"train": "train", "selection": "validation", "test": "test"}


def _pairs(folder: Path, split: str) -> dict[str, str]:
    path, target_path = (str(folder / f"{split}.{lang}.txt") for lang in PAIR)
    return {"path": path, "target_path": target_path, "source_lang": PAIR[0], "target_lang": PAIR[1]}


def _write(path: Path, value: dict) -> Path:
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    return path
