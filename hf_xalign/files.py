"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hf_xalign.errors import XAlignError


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def whole_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes its name once the block is through; a reader sees the old file or the new.

    It is opened at once, in its own folder, so that a place that cannot be written is known before the work is done.

    Raises:
        XAlignError: the file cannot be opened, or the disk is full. Whatever goes wrong, an old file is left as it was
            and nothing half-written stays.
    """
    path = Path(path)
    if path.is_dir():
        raise _refused(path, "it is a folder")
    # One name a process: two that write the same file do not write into each other's.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        target = open(temporary, "wb")  # noqa: SIM115
    except OSError as error:
        raise _refused(path, error.strerror) from None
    try:
        with target:
            yield target
        os.replace(temporary, path)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _refused(path, error.strerror) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def whole_folder(path: str | os.PathLike) -> Iterator[Path]:
    """An empty folder beside `path` to write into, which takes its name once the block is through.

    Raises:
        XAlignError: `path` is a file or a folder that holds something, the folder cannot be made, or the disk is full.
            Whatever goes wrong, nothing half-written stays.
    """
    path = Path(path)
    if path.is_dir() and any(path.iterdir()):
        raise XAlignError(f"{path} exists and is not empty; choose another place")
    if path.exists() and not path.is_dir():
        raise _refused(path, "it is a file")
    # One name a process, and hidden: what a killed process leaves is not taken for the real thing.
    place = path.resolve()
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
    except OSError as error:
        raise _refused(path, error.strerror) from None
    try:
        yield temporary
        os.replace(temporary, place)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _refused(path, error.strerror) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: str | os.PathLike, text: str) -> Path:
    """Write UTF-8 text to a file, whose folder is made if need be, whole or not at all.

    Raises:
        XAlignError: the file cannot be written; an old one is left as it was, and nothing half-written stays.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as target:
            target.write(text.encode("utf-8"))
    except OSError as error:
        raise _refused(path, error.strerror) from None
    return path


def _refused(path: Path, reason: str | None) -> XAlignError:
    return XAlignError(f"{path}: cannot be written: {reason}; choose another place")
