"""`languages.json`: retrieval in many languages by several models, with n and an interval beside each figure."""

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


FORMAT = "hf_xalign/languages-1"
FILE_NAME = "languages.json"
# Queries in the first language of the pair, in the second, and the mean of both.
DIRECTIONS = ("forward", "backward", "mean")

_SHARES = dict.fromkeys(DIRECTIONS, ESTIMATE)
SHAPE = {
    "format": str,
    "dataset": DATASET,
    "models": [MODEL],
    "languages": [{"language": str, "pair": [str], "n": int, "low_resource": bool, "scores": dict}],
    "groups": [{"name": str, "languages": [str], "scores": dict}],
    "seed": int,
    "versions": VERSIONS,
    "date": str,
}


def validate_languages(results: Any, where: str = FILE_NAME) -> None:
    """Check that `results` has every part of the format, and a score for every model, language and metric.

    Raises:
        XAlignError: naming the first part that is missing or of another type.
    """
    check_format(results, FORMAT, where)
    check_shape(results, SHAPE, where)
    for part in ("models", "languages", "groups"):
        if not results[part]:
            raise XAlignError(f"{where}: {part} is empty")
    if results["groups"][-1]["name"] != "all":
        raise XAlignError(f"{where}: groups does not end with the group all")
    metrics = list(results["languages"][0]["scores"])
    for part in ("languages", "groups"):
        for number, entry in enumerate(results[part]):
            place = f"{part}[{number}].scores"
            if not metrics or list(entry["scores"]) != metrics:
                raise XAlignError(f"{where}: {place} has {', '.join(entry['scores']) or 'no metrics'}, not {metrics}")
            for metric, scores in entry["scores"].items():
                check_shape(scores, [_SHARES], where, f"{place}.{metric}")
                if len(scores) != len(results["models"]):
                    raise XAlignError(
                        f"{where}: {place}.{metric} has {len(scores)} scores for {len(results['models'])} models"
                    )
                for model, score in enumerate(scores):
                    if "difference" in score:
                        check_shape(score["difference"], _SHARES, where, f"{place}.{metric}[{model}].difference")


def write_languages(results: dict[str, Any], directory: str | os.PathLike) -> Path:
    """Write `directory/languages.json` whole or not at all; the folder is made if need be."""
    validate_languages(results)
    return write_json(results, Path(directory) / FILE_NAME)


def read_languages(path: str | os.PathLike) -> dict[str, Any]:
    """Read and validate a `languages.json`, or that of a folder."""
    results, path = read_json(path, FILE_NAME)
    validate_languages(results, str(path))
    return results
