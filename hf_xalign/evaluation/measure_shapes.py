"""What `xalign evaluate --measures` adds to result files; readable without numpy."""

from __future__ import annotations

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import ESTIMATE, check_shape


# What retrieval is measured on: vectors as they are, and what costs no training of the model.
BASELINES = ("plain", "centred", "orthogonal", "least_squares")

_BESIDE_RANDOM = {"value": float, "random": float, "n": int}
# Of the part `measures` of a `results.json`.
MEASURES = {
    "fit": {"n": int, "test": int, "ridge": float},
    "layers": [
        {
            "layer": int,
            "cka": _BESIDE_RANDOM,
            "anc": _BESIDE_RANDOM,
            "mean_cosine": {"source": ESTIMATE, "target": ESTIMATE},
            "partition": {"source": float, "target": float},
            "retrieval": dict.fromkeys(BASELINES, ESTIMATE),
        }
    ],
}
_MATRIX = [[float]]
# Of the part `language_similarity` of a `languages.json`.
SIMILARITY = {"languages": [str], "n": int, "models": [{"value": _MATRIX, "low": _MATRIX, "high": _MATRIX}]}


def check_similarity(part: dict, models: int, where: str) -> None:
    """Raise an `XAlignError` unless there is a square matrix of all languages for each of so many models."""
    check_shape(part, SIMILARITY, where, "language_similarity")
    width = len(part["languages"])
    if len(part["models"]) != models:
        raise XAlignError(
            f"{where}: language_similarity.models has {len(part['models'])} matrices for {models} models"
        )
    for number, model in enumerate(part["models"]):
        for name in ("value", "low", "high"):
            if len(model[name]) != width or any(len(row) != width for row in model[name]):
                raise XAlignError(
                    f"{where}: language_similarity.models[{number}].{name} is not {width} by {width}, as its languages"
                )
