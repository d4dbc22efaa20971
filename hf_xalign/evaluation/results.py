"""`results.json`: what one evaluation found, with n and an interval beside each figure."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text


FORMAT = "hf_xalign/results-1"
FILE_NAME = "results.json"
SIMILARITIES = (
    "transliteration",
    "translation",
    "transliteration_translation",
    "transliteration_transliteration",
    "transliteration_reversed",
    "transliteration_translation_reversed",
)

# A shape is a type, a dict of required keys, or a list holding the shape of every item.
_ESTIMATE = {"value": float, "low": float, "high": float, "n": int}
_DIRECTION = {"top1": _ESTIMATE, "top5": _ESTIMATE, "top10": _ESTIMATE}
_RETRIEVAL = {"forward": _DIRECTION, "backward": _DIRECTION, "mean_top1": _ESTIMATE}
_TOP1 = {"top1": _ESTIMATE}
_SIMILARITY = {
    "matched": _ESTIMATE,
    "random": _ESTIMATE,
    "gap": _ESTIMATE,
    "auroc": _ESTIMATE,
    "histogram": {"edges": [float], "matched": [int], "random": [int]},
}
_MEANS = {"matched": float, "random": float, "gap": float}
_OVERLAP = {"shared": int, "total": int, "ratio": _ESTIMATE}
_ERROR = {
    **dict.fromkeys(("query", "query_latn", "answer", "answer_latn", "nearest", "nearest_latn", "direction"), str),
    "rank": int,
    "score_answer": float,
    "score_nearest": float,
}
SHAPE = {
    "format": str,
    "model": str,
    "label": str,
    "dataset": {"name": str, "file": str, "fingerprint": str, "n": int, "synthetic": bool},
    "pair": [str],
    "layer": int,
    "num_layers": int,
    "pooling": str,
    "seed": int,
    "versions": {"hf_xalign": str, "transformers": str, "torch": str, "uroman": str},
    "date": str,
    "truncated": {"source": int, "target": int},
    "retrieval": {"cosine": _RETRIEVAL},
    "layers": [{"layer": int, "forward": _TOP1, "backward": _TOP1, "mean_top1": _ESTIMATE}],
    "similarities": dict.fromkeys(SIMILARITIES, _SIMILARITY),
    "overlap": {"original": _OVERLAP, "transliterated": _OVERLAP},
    "errors": [_ERROR],
}
_OPTIONAL = {
    "dynamics": [{"step": int, "mean_top1": _ESTIMATE, "similarities": dict.fromkeys(SIMILARITIES, _MEANS)}],
}


def validate_results(results: Any, where: str = FILE_NAME) -> None:
    """Check that `results` has every part of the format.

    Raises:
        XAlignError: naming the first part that is missing or of another type.
    """
    if not isinstance(results, dict) or results.get("format") != FORMAT:
        raise XAlignError(f"{where} is not in the format {FORMAT}: write it anew with `xalign evaluate`")
    _check(results, SHAPE, where, "")
    for name, shape in _OPTIONAL.items():
        if name in results:
            _check(results[name], shape, where, name)
    for metric in results["retrieval"]:
        _check(results["retrieval"][metric], _RETRIEVAL, where, f"retrieval.{metric}")


def _check(value: Any, shape: Any, where: str, path: str) -> None:
    expected = shape if isinstance(shape, type) else type(shape)
    # JSON writes 1.0 and 1 as it likes; a bool is an int to Python and to nobody else.
    good = isinstance(value, (int, float) if expected is float else expected)
    if not good or (isinstance(value, bool) and expected is not bool):
        raise XAlignError(f"{where}: {path or 'the file'} should be {expected.__name__}, is {type(value).__name__}")
    if isinstance(shape, dict):
        for key, part in shape.items():
            if key not in value:
                raise XAlignError(f"{where} lacks {f'{path}.{key}'.lstrip('.')}")
            _check(value[key], part, where, f"{path}.{key}".lstrip("."))
    elif isinstance(shape, list):
        for number, item in enumerate(value):
            _check(item, shape[0], where, f"{path}[{number}]")


def write_results(results: dict[str, Any], directory: str | os.PathLike) -> Path:
    """Write `directory/results.json` whole or not at all; the folder is made if need be."""
    validate_results(results)
    text = json.dumps(_rounded(results), indent=1, ensure_ascii=False, allow_nan=False)
    return write_text(Path(directory) / FILE_NAME, text + "\n")


def read_results(path: str | os.PathLike) -> dict[str, Any]:
    """Read and validate a `results.json`, or that of a folder."""
    path = Path(path)
    path = path / FILE_NAME if path.is_dir() else path
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise XAlignError(f"cannot read {path}: {error}") from error
    validate_results(results, str(path))
    return results


def _rounded(value: Any) -> Any:
    """Six decimals: far below any interval, and two runs' files can be compared by eye."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
