"""`audit.json`: what an audit of an aligner found, with n and an interval beside each figure."""

from __future__ import annotations

from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.json_files import ESTIMATE, ResultsFormat, check_shape
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


def _check(audit: dict[str, Any], where: str) -> None:
    """Check the choice, which is empty where there is no link at all, and that links are between words."""
    if audit["choice"]:
        check_shape(audit["choice"], {"reached": bool, **_POINT}, where, "choice")
    for number, example in enumerate(audit["examples"]):
        sides = len(example["source_words"]), len(example["target_words"])
        for kind, length in (("links", 3), ("sure", 2), ("possible", 2)):
            for link in example[kind]:
                inside = len(link) == length and all(0 <= link[side] < sides[side] for side in (0, 1))
                if not inside or not all(float(index).is_integer() for index in link[:2]):
                    raise XAlignError(f"{where}: examples[{number}].{kind} holds {link}, no link of its words")


_FILE = ResultsFormat(FORMAT, FILE_NAME, SHAPE, _check)
validate_audit = _FILE.validate
write_audit = _FILE.write
read_audit = _FILE.read
