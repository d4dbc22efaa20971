"""A small run on word-aligned Hindi and Urdu, from a recipe."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hf_xalign.data.minicorpus import load_parallel
from tests.small_recipe import small_config


LANGS = ("hin_Deva", "urd_Arab")
SIZES = {"train": 32, "validation": 12}
SELECTION = load_parallel("validation", LANGS, seed=3, sizes=SIZES).to_list()


def write_recipe(folder: Path, **changes) -> Path:
    """Data and `recipe.yaml` in a folder; two steps, each evaluated."""
    columns = {name: name for name in ("source", "target", "source_words", "target_words", "alignment")}
    sources = {}
    for split, rows in (("train", load_parallel("train", LANGS, seed=3, sizes=SIZES).to_list()), ("sel", SELECTION)):
        path = folder / f"{split}.parquet"
        pq.write_table(pa.Table.from_pylist(rows), path)
        sources[split] = [
            {"path": str(path), "columns": columns, "source_lang": LANGS[0], "target_lang": LANGS[1]},
        ]
    recipe = {
        "train_data": sources["train"],
        "selection_data": sources["sel"],
        "prepared_dir": str(folder / "prepared"),
        "output_dir": str(folder / "out"),
        "vocab_size": 220,
        "max_length": 48,
        "model_config": small_config(),
        "heads": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
        "max_steps": 2,
        "per_device_train_batch_size": 16,
        "eval_strategy": "steps",
        "eval_steps": 1,
        "save_strategy": "no",
        "logging_steps": 1,
        "use_cpu": True,
        "disable_tqdm": True,
        **changes,
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    return folder / "recipe.yaml"
