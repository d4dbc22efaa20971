"""The shapes of the files of a run that a card reads: they may come from strangers, or have been edited."""

from __future__ import annotations

import math
from typing import Any

from hf_xalign.errors import XAlignError


# A type, a list holding the shape of every item, or a dict of keys: `!key` must be there, others may lack or be null;
# `*` is the shape of all other keys. What is not named is not looked at.
_FILE = {"!name": str, "!sha256": str}
_SOURCE = {"!label": str, "!kind": str, "hub_id": str, "!files": [_FILE], "rows": int, "license": str}
PROVENANCE = {
    "versions": {"*": str},
    "base_model": {"!name": str, "!local": bool, "revision": str},
    "data": {
        "fingerprint": str,
        "!rows": {"!train": int, "*": int},
        "languages": {"*": {"*": int}},
        "aligner": str,
        "romaniser": str,
        "synthetic": bool,
        "sources": {"*": [_SOURCE]},
    },
    "architecture": {"model_type": str, "num_layers": int, "hidden_size": int, "parameters": int},
    "hardware": {"!device": str, "!name": str, "!processes": int, "!threads": int},
    "first_step": int,
    "last_step": int,
    "seconds": float,
    "started": str,
    "finished": str,
}
STATE = {"global_step": int, "log_history": [{"train_runtime": float, "peak_memory_gb": float}]}
CONFIG = {"model_type": str, "num_hidden_layers": int, "n_layers": int}


def check_told(value: Any, shape: Any, where: str, place: str = "") -> None:
    """Check what a file tells against a shape.

    Raises:
        XAlignError: naming the file `where` and the first part that is missing or of another type.
    """
    wanted = shape if isinstance(shape, type) else type(shape)
    good = isinstance(value, (int, float) if wanted is float else wanted)
    if not good or (wanted is float and not math.isfinite(value)):
        told = {dict: "an object", list: "a list", str: "text", bool: "true or false"}.get(wanted, "a number")
        raise XAlignError(f"{where}: {place or 'the file'} should be {told}")
    if isinstance(shape, list):
        for number, item in enumerate(value):
            check_told(item, shape[0], where, f"{place}[{number}]")
    if not isinstance(shape, dict):
        return
    named = {key.removeprefix("!"): part for key, part in shape.items() if key != "*"}
    for key in named:
        if f"!{key}" in shape and value.get(key) is None:
            raise XAlignError(f"{where} lacks {f'{place}.{key}'.lstrip('.')}")
    for key, item in value.items():
        part = named.get(key, shape.get("*"))
        if part is not None and item is not None:
            check_told(item, part, where, f"{place}.{key}".lstrip("."))
