"""`mining.json`: bitext mining in several languages by several models, and its table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import (
    DATASET,
    ESTIMATE,
    MODEL,
    VERSIONS,
    check_format,
    check_shape,
    read_json,
    write_json,
)


FORMAT = "hf_xalign/mining-1"
FILE_NAME = "mining.json"

_TASK = {"source": int, "target": int, "gold": int}
_SCORE = {
    "threshold": float,
    "tuned_f1": float,
    "precision": ESTIMATE,
    "recall": ESTIMATE,
    "f1": ESTIMATE,
    "taken": int,
    "right": int,
    "gold": int,
}
SHAPE = {
    "format": str,
    "dataset": DATASET,
    "models": [MODEL],
    "neighbours": int,
    "margin": str,
    "gold_share": float,
    "languages": [
        {"language": str, "pair": [str], "low_resource": bool, "tuning": _TASK, "test": _TASK, "scores": [_SCORE]}
    ],
    "groups": [{"name": str, "languages": [str], "scores": [{"f1": ESTIMATE}]}],
    "seed": int,
    "versions": VERSIONS,
    "date": str,
}


def validate_mining(results: Any, where: str = FILE_NAME) -> None:
    """Check that `results` has every part of the format, and a score for every model and language.

    Raises:
        XAlignError: naming the first part that is missing or of another type.
    """
    check_format(results, FORMAT, where)
    check_shape(results, SHAPE, where)
    for part in ("languages", "groups"):
        for number, entry in enumerate(results[part]):
            if len(entry["scores"]) != len(results["models"]):
                raise XAlignError(
                    f"{where}: {part}[{number}] has {len(entry['scores'])} scores for {len(results['models'])} models"
                )
            for model, score in enumerate(entry["scores"]):
                if "difference" in score:
                    check_shape(score["difference"], ESTIMATE, where, f"{part}[{number}].scores[{model}].difference")


def write_mining(results: dict[str, Any], directory: str | os.PathLike) -> Path:
    """Write `directory/mining.json` whole or not at all; the folder is made if need be."""
    validate_mining(results)
    return write_json(results, Path(directory) / FILE_NAME)


def read_mining(path: str | os.PathLike) -> dict[str, Any]:
    """Read and validate a `mining.json`, or that of a folder."""
    results, path = read_json(path, FILE_NAME)
    validate_mining(results, str(path))
    return results
