"""What prepared data depend on: settings, sources and the bytes of their files."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hf_xalign.data.sources import MINICORPUS, Source
from hf_xalign.data.uroman_backend import backend_id
from hf_xalign.errors import XAlignError
from hf_xalign.version import __version__


# Raised when the same sources and settings begin to give other data.
_FORMAT = 1


def describe_source(source: Source) -> dict[str, Any]:
    """A source as plain data that are equal on every machine: files by name, size and SHA-256, not by folder.

    Raises:
        XAlignError: a file is missing.
    """
    described = {key: value for key, value in asdict(source).items() if value not in (None, {}, [])}
    # What is known of a licence makes no other data: the recipe tells it.
    described.pop("license", None)
    for record in (described, described.get("join", {})):
        for key in ("path", "target_path"):
            if key in record and source.format:
                record[key] = Path(record[key]).name
    described["files"] = [_describe_file(path) for path in source.paths]
    if source.path.startswith(MINICORPUS):
        described["hf_xalign"] = __version__
    return described


def fingerprint_of(settings: dict[str, Any], sections: dict[str, list[Source]], romaniser: str) -> str:
    """16 hex digits that change with the settings, the sources, the content of their files and the romaniser's id."""
    described = {section: [describe_source(source) for source in sources] for section, sources in sections.items()}
    everything = {
        "format": _FORMAT,
        "settings": settings,
        "sections": described,
        "romaniser": romaniser,
    }
    canonical = json.dumps(everything, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def versions(romaniser: str | None = None) -> dict[str, str]:
    """Versions of what made the data; `romaniser` is the id of what romanised, by default uroman's."""
    packages = ("datasets", "pyarrow", "sentencepiece", "tokenizers", "transformers")
    own = {"hf_xalign": __version__, "romaniser": romaniser or backend_id()}
    return {**own, **{name: version(name) for name in packages}}


def _describe_file(path: Path) -> dict[str, Any]:
    try:
        state = path.stat()
        return {"name": path.name, "size": state.st_size, "sha256": _sha256(path, state.st_size, state.st_mtime_ns)}
    except FileNotFoundError:
        raise XAlignError(f"{path}: no such file") from None
    except OSError as error:
        raise XAlignError(f"{path}: {error.strerror}") from None


@functools.lru_cache(maxsize=256)
def _sha256(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
