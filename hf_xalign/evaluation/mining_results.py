"""`mining.json`: bitext mining in several languages by several models, and its table."""

from __future__ import annotations

from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import (
    DATASET,
    ESTIMATE,
    MODEL,
    VERSIONS,
    ResultsFormat,
    check_members,
    check_shape,
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


def _check(results: dict[str, Any], where: str) -> None:
    """Check that there is a score for every model and language."""
    check_members(results, where)
    for part in ("languages", "groups"):
        for number, entry in enumerate(results[part]):
            if len(entry["scores"]) != len(results["models"]):
                raise XAlignError(
                    f"{where}: {part}[{number}] has {len(entry['scores'])} scores for {len(results['models'])} models"
                )
            for model, score in enumerate(entry["scores"]):
                if "difference" in score:
                    check_shape(score["difference"], ESTIMATE, where, f"{part}[{number}].scores[{model}].difference")


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_mining = _FILE.validate
write_mining = _FILE.write
read_mining = _FILE.read
