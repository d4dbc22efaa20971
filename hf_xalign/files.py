"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from hf_xalign.errors import XAlignError


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write UTF-8 text to a file, whose folder is made if need be; a reader sees the old file or the new one.

    Raises:
        XAlignError: the file cannot be written; an old one is left as it was, and nothing half-written stays.
    """
    path = Path(path)
    # One name a process: two that write the same file do not write into each other's.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        raise XAlignError(f"{path}: cannot be written: {error.strerror}; choose another place") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return path
