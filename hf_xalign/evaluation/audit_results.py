"""`audit.json`: what an audit of an aligner found, with n and an interval beside each figure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hf_xalign.evaluation.json_files import ESTIMATE, check_format, check_shape, read_json, write_json
from hf_xalign.evaluation.word_alignment import SCORES


FORMAT = "hf_xalign/audit-1"
FILE_NAME = "audit.json"

_BESIDE_GOLD = {"predicted": ESTIMATE, "gold": float}
_FERTILITY = {**_BESIDE_GOLD, "words": [int], "gold_words": [int]}
_GROUP = {
    "pair": str,
    "n": int,
    "links": {"predicted": int, "sure": int, "possible": int},
    "scores": dict.fromkeys(SCORES, ESTIMATE),
    "coverage": {"source": _BESIDE_GOLD, "target": _BESIDE_GOLD},
    "null_rate": _BESIDE_GOLD,
    "fertility": {"source": _FERTILITY, "target": _FERTILITY},
}
_POINT = {"threshold": float, "links": int, "precision": ESTIMATE, "recall": ESTIMATE}
_EXAMPLE = {
    "kind": str,
    "pair": str,
    "place": str,
    "aer": float,
    "source_words": [str],
    "target_words": [str],
    "links": [[float]],
    "sure": [[int]],
    "possible": [[int]],
}
SHAPE = {
    "format": str,
    "aligner": str,
    "gold": {"file": str, "format": str, "fingerprint": str, "n": int},
    "wanted_precision": float,
    "seed": int,
    "versions": {"hf_xalign": str},
    "date": str,
    "notices": [str],
    "groups": [_GROUP],
    "thresholds": [_POINT],
    "choice": dict,
    "histogram": {"edges": [float], "right": [int], "wrong": [int]},
    "examples": [_EXAMPLE],
}


def validate_audit(audit: Any, where: str = FILE_NAME) -> None:
    """Check that `audit` has every part of the format; `choice` is empty where there is no link at all.

    Raises:
        XAlignError: naming the first part that is missing or of another type.
    """
    check_format(audit, FORMAT, where)
    check_shape(audit, SHAPE, where)
    if audit["choice"]:
        check_shape(audit["choice"], {"reached": bool, **_POINT}, where, "choice")


def write_audit(audit: dict[str, Any], directory: str | os.PathLike) -> Path:
    """Write `directory/audit.json` whole or not at all; the folder is made if need be."""
    validate_audit(audit)
    return write_json(audit, Path(directory) / FILE_NAME)


def read_audit(path: str | os.PathLike) -> dict[str, Any]:
    """Read and validate an `audit.json`, or that of a folder."""
    audit, path = read_json(path, FILE_NAME)
    validate_audit(audit, str(path))
    return audit
