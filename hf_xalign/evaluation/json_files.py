"""Result files: JSON of a fixed shape, written whole or not at all and checked when it is read."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text
from hf_xalign.version import __version__


# The shape of `Estimate.to_dict()`.
ESTIMATE = {"value": float, "low": float, "high": float, "n": int}
# One of several models in a file; `truncated` counts the different sentences that were cut at `max_length` tokens.
MODEL = {
    "model": str,
    "label": str,
    "layer": int,
    "num_layers": int,
    "pooling": str,
    "max_length": int,
    "truncated": int,
}
DATASET = {"name": str, "file": str, "fingerprint": str, "synthetic": bool}
VERSIONS = dict.fromkeys(("hf_xalign", "transformers", "torch"), str)


def check_shape(value: Any, shape: Any, where: str, path: str = "") -> None:
    """Check `value` against a shape: a type, a dict of required keys, or a list holding the shape of every item.

    Args:
        where: the file, for the message; `path`: the part of it that `value` is.

    Raises:
        XAlignError: naming the first part that is missing or of another type.
    """
    expected = shape if isinstance(shape, type) else type(shape)
    # JSON writes 1.0 and 1 as it likes; a bool is an int to Python and to nobody else.
    good = isinstance(value, (int, float) if expected is float else expected)
    if not good or (isinstance(value, bool) and expected is not bool):
        raise XAlignError(f"{where}: {path or 'the file'} should be {expected.__name__}, is {type(value).__name__}")
    if isinstance(shape, dict):
        for key, part in shape.items():
            if key not in value:
                raise XAlignError(f"{where} lacks {f'{path}.{key}'.lstrip('.')}")
            check_shape(value[key], part, where, f"{path}.{key}".lstrip("."))
    elif isinstance(shape, list):
        for number, item in enumerate(value):
            check_shape(item, shape[0], where, f"{path}[{number}]")


def check_members(results: dict[str, Any], where: str) -> None:
    """Check that the languages of each of the `groups` are among the `languages`.

    Raises:
        XAlignError: naming the first that is not.
    """
    known = {entry["language"] for entry in results["languages"]}
    for number, group in enumerate(results["groups"]):
        for name in group["languages"]:
            if name not in known:
                raise XAlignError(f"{where}: groups[{number}] names {name!r}, which is none of the languages")


def stamp() -> dict[str, Any]:
    """When a result was made, and with which versions."""
    return {
        "versions": {"hf_xalign": __version__} | {name: version(name) for name in ("transformers", "torch")},
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@dataclass(frozen=True)
class ResultsFormat:
    """One kind of result file.

    Args:
        name: what the files say in `format`.
        file_name: what they are called in the folder of an evaluation.
        shape: of `check_shape`.
        check: called with results of that shape and where they are; raises for what the shape cannot say.
        command: of `xalign`, that writes such files.
    """

    name: str
    file_name: str
    shape: dict[str, Any]
    check: Callable[[dict[str, Any], str], None]
    command: str = "evaluate"

    def validate(self, results: Any, where: str | None = None) -> None:
        """Check that `results` has every part of the format.

        Args:
            where: the file, for the message; None: its usual name.

        Raises:
            XAlignError: naming the first part that is missing or of another type.
        """
        where = where or self.file_name
        if not isinstance(results, dict) or results.get("format") != self.name:
            raise XAlignError(f"{where} is not in the format {self.name}: write it anew with `xalign {self.command}`")
        check_shape(results, self.shape, where)
        self.check(results, where)

    def write(self, results: dict[str, Any], directory: str | os.PathLike) -> Path:
        """Write `results` to the file in `directory`, made if need be, whole or not at all; six decimals are kept.

        Raises:
            XAlignError: as `validate`, or the file cannot be written.
        """
        self.validate(results)
        text = json.dumps(_rounded(results), indent=1, ensure_ascii=False, allow_nan=False)
        return write_text(Path(directory) / self.file_name, text + "\n")

    def read(self, path: str | os.PathLike) -> dict[str, Any]:
        """Read and validate the file of this format at `path`, or in it where that is a folder.

        Raises:
            XAlignError: as `validate`, or the file cannot be read.
        """
        path = Path(path)
        path = path / self.file_name if path.is_dir() else path
        try:
            results = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise XAlignError(f"cannot read {path}: {error}") from error
        self.validate(results, str(path))
        return results


def _rounded(value: Any) -> Any:
    """Six decimals: far below any interval, and two runs' files can be compared by eye."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
