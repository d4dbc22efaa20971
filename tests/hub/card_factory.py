"""Folders of finished runs for tests of cards: a tiny model, and files as a run would have left them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import yaml

from hf_xalign import XAlignModel
from tests.evaluation.report_factory import make_results
from tests.tiny import tiny_config, word_tokenizer


DATA = {
    "fingerprint": "0123456789abcdef",
    "rows": {"train": 1200, "selection": 40, "test": 100},
    "languages": {
        "hin_Deva": {"read": 700, "excluded": 2, "duplicates": 5, "kept": 693, "words": 8000},
        "urd_Arab": {"read": 510, "excluded": 1, "duplicates": 2, "kept": 507, "words": 6000},
    },
    "aligner": None,
    "romaniser": "uroman 1.3.1.1",
    "deduplicated": True,
    "synthetic": False,
    "sources": {
        "train_data": [
            {
                "label": "stories.parquet hin",
                "kind": "text",
                "hub_id": None,
                "files": [{"name": "stories.parquet", "sha256": "ab" * 32}],
                "rows": 700,
                "license": "cc-by-sa-4.0",
            },
            {"label": "me/urdu text", "kind": "text", "hub_id": "me/urdu", "files": [], "rows": 510, "license": None},
        ],
        "selection_data": [],
        "test_data": [],
        "exclude_data": [],
    },
}
PROVENANCE = {
    "format": "hf_xalign/provenance-1",
    "versions": {"python": "3.11.7", "hf_xalign": "0.1.0", "torch": "2.13.0"},
    "base_model": {"name": "FacebookAI/xlm-roberta-base", "local": False, "revision": None},
    "data": DATA,
    "architecture": {"model_type": "xlm-roberta", "num_layers": 3, "hidden_size": 16, "parameters": 12345},
    "hardware": {"device": "cpu", "name": "Some CPU", "processes": 1, "threads": 2},
    "first_step": 0,
    "started": "2026-01-02T03:00:00+00:00",
    "last_step": 40,
    "seconds": 754.2,
    "finished": "2026-01-02T03:12:34+00:00",
}
RECIPE = {
    "train_data": [{"path": "/home/someone/stories.parquet", "lang": "hin_Deva"}],
    "model_name_or_path": "FacebookAI/xlm-roberta-base",
    "max_length": 48,
    "heads": {"mlm": {}, "tcm": {"temperature": 0.1}},
    "output_dir": "/home/someone/runs/my-run",
    "learning_rate": 1e-3,
    "max_steps": 40,
    "lr_scheduler_type": "linear",
    "license": "cc-by-4.0",
}


def make_run(
    parent: Path,
    *,
    name: str = "my-run",
    backbone: str = "xlm-roberta",
    pooling: str = "mean",
    heads: dict[str, dict] | None = None,
    provenance: dict[str, Any] | None = PROVENANCE,
    recipe: dict[str, Any] | None = RECIPE,
    results: dict[str, Any] | None = None,
) -> Path:
    """A run's folder; its weights are random."""
    folder = parent / name
    torch.manual_seed(0)
    heads = heads or {"mlm": {}, "tcm": {"temperature": 0.1}}
    model = XAlignModel.from_encoder(tiny_config(backbone, layers=3), heads=heads, pooling=pooling)
    model.save_pretrained(folder)
    word_tokenizer(token_types=backbone == "bert").save_pretrained(folder)
    if provenance is not None:
        (folder / "provenance.json").write_text(json.dumps(provenance), encoding="utf-8")
    if recipe is not None:
        (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    log = [{"step": step, "loss": 5 - step / 20, "loss_mlm": 4.5, "loss_tcm": 0.5} for step in range(1, 41)]
    log[19] |= {"eval_retrieval_top1": 0.25}
    log.append({"step": 40, "eval_retrieval_top1": 0.5, "train_runtime": 754.0, "peak_memory_gb": 1.5})
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 40, "log_history": log}))
    if results is not None:
        write_results(folder, results)
    return folder


def run_results(**changes: Any) -> dict[str, Any]:
    """`results.json` of the run."""
    found = make_results("my-run", num_layers=3, n=100, **changes)
    return found | {"model": "runs/my-run", "date": "2026-01-02T03:13:00+00:00"}


def write_results(folder: Path, results: dict[str, Any], file_name: str = "results.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name
    path.write_text(json.dumps(results), encoding="utf-8")
    return path
