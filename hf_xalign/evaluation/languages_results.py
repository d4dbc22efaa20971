"""`languages.json`: retrieval in many languages by several models, with n and an interval beside each figure."""

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
from hf_xalign.evaluation.measure_shapes import check_similarity


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


def _check(results: dict[str, Any], where: str) -> None:
    """Check that there is a score for every model, language and metric."""
    for part in ("models", "languages", "groups"):
        if not results[part]:
            raise XAlignError(f"{where}: {part} is empty")
    check_members(results, where)
    if results["groups"][-1]["name"] != "all":
        raise XAlignError(f"{where}: groups does not end with the group all")
    if "language_similarity" in results:
        check_similarity(results["language_similarity"], len(results["models"]), where)
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


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_languages = _FILE.validate
write_languages = _FILE.write
read_languages = _FILE.read
