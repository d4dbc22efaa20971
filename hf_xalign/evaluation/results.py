"""`results.json`: what one evaluation found, with n and an interval beside each figure."""

from __future__ import annotations

from typing import Any

from hf_xalign.evaluation.json_files import ESTIMATE, ResultsFormat, check_shape
from hf_xalign.evaluation.measure_shapes import MEASURES


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

_DIRECTION = {"top1": ESTIMATE, "top5": ESTIMATE, "top10": ESTIMATE}
_RETRIEVAL = {"forward": _DIRECTION, "backward": _DIRECTION, "mean_top1": ESTIMATE}
_TOP1 = {"top1": ESTIMATE}
_SIMILARITY = {
    "matched": ESTIMATE,
    "random": ESTIMATE,
    "gap": ESTIMATE,
    "auroc": ESTIMATE,
    "histogram": {"edges": [float], "matched": [int], "random": [int]},
}
_MEANS = {"matched": float, "random": float, "gap": float}
_OVERLAP = {"shared": int, "total": int, "ratio": ESTIMATE}
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
    "layers": [{"layer": int, "forward": _TOP1, "backward": _TOP1, "mean_top1": ESTIMATE}],
    "similarities": dict.fromkeys(SIMILARITIES, _SIMILARITY),
    "overlap": {"original": _OVERLAP, "transliterated": _OVERLAP},
    "errors": [_ERROR],
}
_OPTIONAL = {
    "alignment_layers": {
        "gold": {"file": str, "fingerprint": str, "n": int},
        "method": str,
        "layers": [{"layer": int, **dict.fromkeys(("precision", "recall", "f1", "aer"), ESTIMATE)}],
    },
    "measures": MEASURES,
    "dynamics": [{"step": int, "mean_top1": ESTIMATE, "similarities": dict.fromkeys(SIMILARITIES, _MEANS)}],
}


def _check(results: dict[str, Any], where: str) -> None:
    """Check every metric, and the parts that are not always there."""
    for name, shape in _OPTIONAL.items():
        if name in results:
            check_shape(results[name], shape, where, name)
    for metric in results["retrieval"]:
        check_shape(results["retrieval"][metric], _RETRIEVAL, where, f"retrieval.{metric}")


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_results = _FILE.validate
write_results = _FILE.write
read_results = _FILE.read
